/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf: what the owner of the HELO name says about the client (RFC 7208 section 2.3). A failure alone is weak evidence,
 * because of forwarders and forgotten records. A name whose owner says that it sends no mail at all is strong evidence.
 * A temporary error is no finding.
 *
 * SPF is not looked up for a name that reverse DNS has verified. So what SPF has against a name counts only once it is
 * certain that reverse DNS does not verify it; otherwise a failing PTR lookup could cause a finding.
 */
#include "catalogue.h"

enum { NEED_AGAINST = NEED_HELO_SPF | NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS };

/*
 * A name that has addresses, and none of them the client's, cannot be a confirmed reverse name. So a sender gains
 * nothing from a reverse zone that does not answer.
 */
static enum answer counts_against(const struct evidence *e, enum spf_result result)
{
    enum answer verified = helo_is_confirmed(e, FIT_NAME);

    if (helo_points_to_client(e) == NO)
        return helo_spf_is(e, result);
    return verified == YES ? NO : answer_and(helo_spf_is(e, result), answer_not(verified));
}

static const char *detail_term(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->helo_spf->term;
}

static enum answer test_pass(const struct evidence *e)
{
    enum answer allows = helo_spf_allows(e);

    return allows == OPEN && helo_is_confirmed(e, FIT_NAME) == YES ? NO : allows;
}

RULE(helo_spf_pass) = {
    .summary = "SPF of the HELO name allows the client, without allowing half the Internet.",
    .needs = NEED_AGAINST,
    .points = -10, /* by hand: the rows have no SPF record */
    .advice = "the SPF record of %{helo} allows your address %{client}: nothing needs to change",
    .test = test_pass,
    .detail = detail_term,
};

static enum answer test_fail(const struct evidence *e)
{
    return counts_against(e, SPF_FAIL);
}

RULE(helo_spf_fail) = {
    .summary = "SPF of the HELO name denies the client.",
    .needs = NEED_AGAINST,
    .points = 30, /* by hand: the rows have no SPF record */
    .adds = 50,
    .enhanced = "5.7.23",
    .advice = "the SPF record of %{helo} denies your address %{client} (%{detail}): greet with a host name of your "
              "own that points to your address, or add your address to the record if %{helo} is yours",
    .test = test_fail,
    .detail = detail_term,
};

static enum answer test_deny_all(const struct evidence *e)
{
    enum answer fails = counts_against(e, SPF_FAIL);

    return fails != NO && helo_spf_is(e, SPF_FAIL) == YES && !e->helo_spf->deny_all ? NO : fails;
}

static const char *detail_record(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->helo_spf->record;
}

RULE(helo_spf_deny_all) = {
    .summary = "SPF of the HELO name says that no host of that name sends mail (\"v=spf1 -all\").",
    .needs = NEED_AGAINST,
    .points = 70, /* by hand: the rows have no SPF record */
    .adds = 50,
    .implies = IMPLIES(helo_spf_fail),
    .enhanced = "5.7.23",
    .advice = "the SPF record of %{helo} says that no host of that name sends mail: greet with a host name of your "
              "own that points to %{client}, or publish a record that allows it if %{helo} is yours",
    .test = test_deny_all,
    .detail = detail_record,
};

static enum answer test_sender(const struct evidence *e)
{
    return sender_is_null(e) ? test_fail(e) : NO;
}

RULE(sender_spf) = {
    .summary = "The mail is a bounce, so SPF checks the HELO name (RFC 7208 section 2.4), and it denies the client.",
    .needs = NEED_AGAINST,
    .points = 20, /* by hand: the rows have no SPF record */
    .adds = 100,
    .enhanced = "5.7.23",
    .advice = "a bounce is checked against the SPF record of %{helo}, which denies your address %{client} "
              "(%{detail}): greet with a host name of your own that points to your address, or add your address to "
              "the record if %{helo} is yours",
    .test = test_sender,
    .detail = detail_term,
};

static enum answer test_softfail(const struct evidence *e)
{
    return counts_against(e, SPF_SOFTFAIL);
}

RULE(helo_spf_softfail) = {
    .summary = "SPF of the HELO name says that the client is probably not allowed.",
    .needs = NEED_AGAINST,
    .points = 10, /* by hand: the rows have no SPF record */
    .adds = 50,
    .enhanced = "5.7.23",
    .advice = "the SPF record of %{helo} does not list your address %{client} (%{detail}): greet with a host name "
              "of your own that points to your address, or add your address to the record if %{helo} is yours",
    .test = test_softfail,
    .detail = detail_term,
};

static enum answer test_permerror(const struct evidence *e)
{
    return counts_against(e, SPF_PERMERROR);
}

static const char *detail_reason(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->helo_spf->reason;
}

RULE(helo_spf_permerror) = {
    .summary = "The SPF record of the HELO name is broken.",
    .needs = NEED_AGAINST,
    .points = 5, /* by hand: the rows have no SPF record */
    .adds = 50,
    .enhanced = "5.7.24",
    .advice = "the SPF record of %{helo} cannot be evaluated (%{detail}): correct it",
    .test = test_permerror,
    .detail = detail_reason,
};

static enum answer test_none(const struct evidence *e)
{
    return counts_against(e, SPF_NONE);
}

RULE(helo_spf_none) = {
    .summary = "The HELO name has no SPF record, like most names.",
    .needs = NEED_AGAINST,
    .points = 2, /* by hand: the rows have no SPF record */
    .adds = 50,
    .advice = "your HELO name %{helo} has no SPF record: publish one there that allows %{client}",
    .test = test_none,
};

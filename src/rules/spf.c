/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf: what the owner of the HELO name says of the client (RFC 7208 2.3). A failure alone is weak evidence: forwarders
 * and forgotten records; a name whose owner says that it sends no mail at all is strong. temperror is no finding.
 */
#include "catalogue.h"

enum { AGAINST = NEED_HELO_SPF | NEED_REVERSE | NEED_CONFIRM };

static bool result_is(const struct evidence *e, enum spf_result result)
{
    return helo_is_host(e) && e->helo_spf && e->helo_spf->result == result;
}

/* SPF is evaluated only for names that can exist. */
static bool may_have_spf(const struct evidence *e)
{
    return helo_is_host(e);
}

/*
 * A name that reverse DNS verified is not asked for SPF. So that a failure to verify it makes no finding, what SPF has
 * against a name counts only once it is sure that reverse DNS does not verify it.
 */
static bool result_counts(const struct evidence *e, enum spf_result result)
{
    return result_is(e, result) && !helo_may_be_confirmed(e, 2);
}

static bool may_count(const struct evidence *e)
{
    return may_have_spf(e) && helo_confirmed_fit(e) < 2;
}

static bool test_pass(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!result_is(e, SPF_PASS))
        return false;
    *detail = e->helo_spf->term;
    return true;
}

RULE(helo_spf_pass) = {
    .name = "helo_spf_pass",
    .family = FAMILY_SPF,
    .summary = "SPF of the HELO name allows the client.",
    .needs = NEED_HELO_SPF,
    .points = -10, /* by hand: the rows have no SPF record */
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "the SPF record of %{helo} allows your address %{client}: nothing is to be done",
    .test = test_pass,
    .possible = may_have_spf,
};

static bool test_fail(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!result_counts(e, SPF_FAIL))
        return false;
    *detail = e->helo_spf->term;
    return true;
}

RULE(helo_spf_fail) = {
    .name = "helo_spf_fail",
    .family = FAMILY_SPF,
    .summary = "SPF of the HELO name denies the client.",
    .needs = AGAINST,
    .points = 30, /* by hand: the rows have no SPF record */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.23",
    .advice = "the SPF record of %{helo} denies your address %{client} (%{detail}): add ip4: or ip6: with your "
              "address to the record, or greet with another name",
    .test = test_fail,
    .possible = may_count,
};

static bool test_deny_all(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!result_counts(e, SPF_FAIL) || !e->helo_spf->deny_all)
        return false;
    *detail = e->helo_spf->record;
    return true;
}

RULE(helo_spf_deny_all) = {
    .name = "helo_spf_deny_all",
    .family = FAMILY_SPF,
    .summary = "SPF of the HELO name says that no host of that name sends mail (\"v=spf1 -all\").",
    .needs = AGAINST,
    .points = 70, /* by hand: the rows have no SPF record */
    .adds = 50,
    .implies = IMPLIES(helo_spf_fail),
    .code = 550,
    .enhanced = "5.7.23",
    .advice = "the SPF record of %{helo} says that no host of that name sends mail: publish \"v=spf1 a -all\" there, "
              "or greet with another name",
    .test = test_deny_all,
    .possible = may_count,
};

static bool test_sender(const struct evidence *e, const char **detail, struct region *r)
{
    return is_bounce(e) && test_fail(e, detail, r);
}

static bool sender_may_count(const struct evidence *e)
{
    return is_bounce(e) && may_count(e);
}

RULE(sender_spf) = {
    .name = "sender_spf",
    .family = FAMILY_SPF,
    .summary = "A bounce, whose sender's SPF is that of the HELO name (RFC 7208 2.4), and it denies the client.",
    .needs = AGAINST,
    .points = 20, /* by hand: the rows have no SPF record */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.23",
    .advice = "for the null sender the SPF record of %{helo} counts, and it denies your address %{client} (%{detail}): "
              "add ip4: or ip6: with your address to it",
    .test = test_sender,
    .possible = sender_may_count,
};

static bool test_softfail(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!result_counts(e, SPF_SOFTFAIL))
        return false;
    *detail = e->helo_spf->term;
    return true;
}

RULE(helo_spf_softfail) = {
    .name = "helo_spf_softfail",
    .family = FAMILY_SPF,
    .summary = "SPF of the HELO name says that the client is probably not allowed.",
    .needs = AGAINST,
    .points = 10, /* by hand: the rows have no SPF record */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.23",
    .advice = "the SPF record of %{helo} does not list your address %{client} (%{detail}): add ip4: or ip6: with it",
    .test = test_softfail,
    .possible = may_count,
};

static bool test_permerror(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!result_counts(e, SPF_PERMERROR))
        return false;
    *detail = e->helo_spf->reason;
    return true;
}

RULE(helo_spf_permerror) = {
    .name = "helo_spf_permerror",
    .family = FAMILY_SPF,
    .summary = "The SPF record of the HELO name is broken.",
    .needs = AGAINST,
    .points = 5, /* by hand: the rows have no SPF record */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.24",
    .advice = "the SPF record of %{helo} cannot be evaluated (%{detail}): correct it",
    .test = test_permerror,
    .possible = may_count,
};

static bool test_none(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return result_counts(e, SPF_NONE);
}

RULE(helo_spf_none) = {
    .name = "helo_spf_none",
    .family = FAMILY_SPF,
    .summary = "The HELO name has no SPF record, as most have none.",
    .needs = AGAINST,
    .points = 2, /* by hand: the rows have no SPF record */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} has no SPF record: publish \"v=spf1 a -all\" there",
    .test = test_none,
    .possible = may_count,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns: records that the client and its name should have. Only a definite answer counts. A temporary failure is noted
 * (rdns_temperror) and adds nothing.
 *
 * A HELO name without an address is excused by any PTR name of the same organisation: large senders greet with names
 * that do not exist, or that point to 127.0.0.1.
 */
#include "catalogue.h"

static enum answer test_missing(const struct evidence *e)
{
    return e->client.family == ADDRESS_IPV6 ? NO : answer_not(reverse_exists(e));
}

RULE(rdns_missing) = {
    .summary = "The client's IPv4 address has no reverse name.",
    .needs = NEED_REVERSE,
    .points = 40,
    .adds = 100,
    .enhanced = "5.7.25",
    .advice = "your address %{client} has no reverse name: have your provider set a PTR record to your server's host "
              "name, and give that name an address record for %{client}",
    .test = test_missing,
};

static enum answer test_missing_ipv6(const struct evidence *e)
{
    return e->client.family == ADDRESS_IPV6 ? answer_not(reverse_exists(e)) : NO;
}

/*
 * Admins who set the PTR record of their IPv4 address forget this one: a third of the honest clients without a
 * reverse name are IPv6.
 */
RULE(rdns_missing_ipv6) = {
    .summary = "The client's IPv6 address has no reverse name.",
    .needs = NEED_REVERSE,
    .points = 10,
    .adds = 100,
    .enhanced = "5.7.25",
    .advice = "your address %{client} has no reverse name: have your provider set a PTR record to your server's host "
              "name, and give that name an address record for %{client}",
    .test = test_missing_ipv6,
};

/*
 * One of the names that were left out might point back. That does not matter where those that were looked at are
 * HELO's own: their owner could have confirmed them.
 */
static enum answer test_unconfirmed(const struct evidence *e)
{
    if (reverse_is_known(e) && !reverse_is_complete(e) && helo_shares_domain(e) == NO)
        return NO;
    return answer_and(reverse_exists(e), answer_not(reverse_is_confirmed(e)));
}

static bool is_public(const struct evidence *e, const struct name *name)
{
    (void)e;
    return name->kind == NAME_HOST && name->reserved == NAME_RESERVED_NONE &&
           !(name->flags & (NAME_UNKNOWN_TLD | NAME_NUMERIC_TLD | NAME_IS_SUFFIX));
}

static const char *detail_unconfirmed(const struct evidence *e, struct region *r)
{
    (void)r;
    if (!is_public(e, &e->rdns[0].name))
        return "it is not a public host name";
    return e->rdns[0].has_address ? "it points to another address" : "it has no address record";
}

RULE(rdns_unconfirmed) = {
    .summary = "The client's reverse names do not point back to its address (RFC 8601 iprev=fail).",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = 38,
    .adds = 100,
    .enhanced = "5.7.25",
    .advice = "the reverse name %{rdns} of your address %{client} does not point back (%{detail}): make sure that "
              "the PTR record names a public host that has an address record for %{client}",
    .test = test_unconfirmed,
    .detail = detail_unconfirmed,
};

static enum answer test_reserved(const struct evidence *e)
{
    if (reverse_is_known(e) && !reverse_is_complete(e))
        return NO;
    return answer_and(reverse_exists(e), answer_not(reverse_any(e, is_public)));
}

RULE(rdns_reserved) = {
    .summary = "None of the client's reverse names can exist in public DNS (localhost, .local, a single label, an "
               "unknown TLD …).",
    .needs = NEED_REVERSE,
    .points = 20,
    .adds = 100,
    .implies = IMPLIES(rdns_unconfirmed),
    .enhanced = "5.7.25",
    .advice = "the reverse name %{rdns} of your address %{client} is not a public host name: have your provider "
              "set the PTR record to a host name that points to %{client}",
    .test = test_reserved,
    .detail = detail_reverse_name,
};

static enum answer test_temperror(const struct evidence *e)
{
    return answer_if(e->reverse == KNOWN_TEMPERROR || e->fcrdns == KNOWN_TEMPERROR);
}

static const char *detail_temperror(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->reverse == KNOWN_TEMPERROR ? "reverse lookup failed" : "forward lookup failed";
}

RULE(rdns_temperror) = {
    .summary = "A lookup of the reverse name or of its confirmation failed; this is logged but never adds points.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .enhanced = "4.7.25",
    .advice = "looking up the reverse name of %{client} failed for now: try again later",
    .test = test_temperror,
    .detail = detail_temperror,
};

/*
 * HELO is a word (helo_is_word()) that does not lead to the client. Reverse names, which cannot be looked up here,
 * do not matter.
 */
static enum answer helo_leads_elsewhere(const struct evidence *e)
{
    if (e->helo.kind != NAME_HOST || e->helo.reserved != NAME_RESERVED_NONE)
        return answer_if(helo_is_word(e));
    return answer_not(answer_or(helo_points_near_client(e), helo_spf_allows(e)));
}

/*
 * A sender can let its own reverse zone fail, so that its reverse names stay unknown for ever. This rule may lead to a
 * deferral but never to a rejection, because an honest provider's zone can fail for hours, too.
 */
static enum answer test_unanswered(const struct evidence *e)
{
    if (e->reverse == KNOWN_NOT_ASKED)
        return answer_and(OPEN, helo_leads_elsewhere(e));
    return e->reverse_silent ? helo_leads_elsewhere(e) : NO;
}

RULE(rdns_unanswered) = {
    .summary = "The reverse zone of the client's address has failed for more than an hour while others answered, and "
               "the HELO name does not lead to the client.",
    .needs = NEED_REVERSE | NEED_HELO_ADDRESS | NEED_HELO_SPF,
    .points = 40, /* by hand, as a missing reverse name: the rows do not have it */
    .adds = 100,
    .unsure = true,
    .enhanced = "4.7.25",
    .advice = "the reverse zone of your address %{client} has not answered for more than an hour: have your provider "
              "repair it, and greet with a host name that points to %{client}",
    .test = test_unanswered,
};

/* One NXDOMAIN is enough; a name that exists without an address may still have an MX. */
static enum answer helo_is_nowhere(const struct evidence *e)
{
    enum answer no_address = answer_not(answer_known(e->helo_address));

    return e->helo_nxdomain ? no_address : answer_and(no_address, answer_not(answer_known(e->helo_mx)));
}

/* The client has no confirmed reverse name of its own, and HELO is a word that does not lead to it. */
static enum answer proves_nothing(const struct evidence *e)
{
    return helo_is_word(e) ? answer_not(identity_at_least(e, IDENTITY_NAMED)) : NO;
}

RULE(nothing_proved) = {
    .summary =
        "Nothing shows who the client is: it has no confirmed reverse name other than a provider's default, and its "
        "HELO name leads elsewhere.",
    .needs = NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_SPF,
    .points = 12, /* by hand: the rows have no addresses of HELO names */
    .adds = 100,
    .advice =
        "nothing shows that %{helo} is your server: greet with a host name that points to %{client}, and have the PTR "
        "record set to that name",
    .test = proves_nothing,
};

/* A name that cannot be the name of anybody's host on the Internet. */
static bool helo_is_nobodys(const struct evidence *e)
{
    return e->helo.kind != NAME_HOST || e->helo.reserved != NAME_RESERVED_NONE || (e->helo.flags & NAME_UNKNOWN_TLD);
}

static enum answer test_nothing_proved_no_host(const struct evidence *e)
{
    return helo_is_nobodys(e) ? proves_nothing(e) : NO;
}

/* Beside a missing reverse name it adds little, because the two have that fact in common. */
RULE(nothing_proved_no_host) = {
    .summary = "Nothing shows who the client is, and its HELO name cannot be a public host name.",
    .needs = NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_SPF,
    .points = 27,
    .adds = 25,
    .implies = IMPLIES(nothing_proved),
    .advice = "your HELO name %{helo} does not exist in public DNS: greet with a host name that points to %{client}",
    .test = test_nothing_proved_no_host,
};

static enum answer test_nothing_proved_nowhere(const struct evidence *e)
{
    enum answer stranger = helo_is_unrelated(e);

    if (stranger == NO || e->helo_address == KNOWN_PRESENT || (e->helo_address == KNOWN_ABSENT && !e->helo_nxdomain))
        return NO;
    stranger = answer_and(stranger, proves_nothing(e));
    return e->helo_nxdomain ? stranger : answer_and(stranger, OPEN);
}

/*
 * A small server behind a dynamic address is excused if it greets with a name of its own (rdns_dynamic), but not if
 * that name does not exist. Together with a missing reverse name, or with one that proves nothing, this rule reaches
 * the deferral. It does not match if a reverse name belongs to the same organisation: such a host only lacks a
 * forward record.
 */
RULE(nothing_proved_nowhere) = {
    .summary = "Nothing shows who the client is, and its HELO name does not exist in DNS.",
    .needs = NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_SPF,
    .points = 60, /* by hand: the rows have no DNS answer for it; persistence (12) must not make it a rejection */
    .adds = 100,
    .implies = IMPLIES(nothing_proved, helo_unresolvable, helo_spf_none),
    .advice = "your HELO name %{helo} does not exist in DNS: greet with a host name that points to %{client}",
    .test = test_nothing_proved_nowhere,
};

static enum answer test_unresolvable(const struct evidence *e)
{
    return e->helo_address == KNOWN_PRESENT ? NO : answer_and(helo_is_unrelated(e), helo_is_nowhere(e));
}

static const char *detail_unresolvable(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->helo_nxdomain ? "it does not exist" : "it has neither address nor MX record";
}

RULE(helo_unresolvable) = {
    .summary = "The HELO name has no A, AAAA or MX record, and no reverse name belongs to its organisation.",
    .needs = NEED_HELO_ADDRESS | NEED_HELO_MX | NEED_REVERSE,
    .points = 30, /* by hand: the rows have no DNS answer for it */
    .adds = 100,
    .implies = IMPLIES(helo_spf_none),
    .advice = "your HELO name %{helo} has no address record: add one that points to %{client}",
    .test = test_unresolvable,
    .detail = detail_unresolvable,
};

static bool has_public_address(const struct evidence *e)
{
    for (unsigned i = 0; i < e->helo_address_count; i++)
        if (address_scope(&e->helo_addresses[i]) == ADDRESS_GLOBAL)
            return true;
    return false;
}

static enum answer test_bogon(const struct evidence *e)
{
    enum answer elsewhere = answer_and(answer_known(e->helo_address), answer_not(answer_known(e->helo_is_client)));

    return elsewhere == NO || has_public_address(e) ? NO : answer_and(helo_is_unrelated(e), elsewhere);
}

static const char *detail_bogon(const struct evidence *e, struct region *r)
{
    return detail_address(&e->helo_addresses[0], r);
}

RULE(helo_resolves_bogon) = {
    .summary = "The HELO name has only private, loopback or reserved addresses, and no reverse name belongs to its "
               "organisation.",
    .needs = NEED_HELO_ADDRESS | NEED_REVERSE,
    .points = 30, /* by hand: the rows have no DNS answer for it */
    .adds = 50,
    .implies = IMPLIES(helo_forward_mismatch),
    .advice = "your HELO name %{helo} points to %{detail}, which cannot be reached from the Internet: greet with a "
              "host name that points to %{client}",
    .test = test_bogon,
    .detail = detail_bogon,
};

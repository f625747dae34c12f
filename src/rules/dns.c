/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns: records that the client and its name should have. Only a definite answer counts: a temporary failure is noted
 * (rdns_temperror) and adds nothing.
 *
 * A HELO name without an address is excused by any PTR name of the same organisation: large senders greet with names
 * that exist nowhere, or that point to 127.0.0.1.
 */
#include "catalogue.h"

static bool test_missing(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->reverse == KNOWN_ABSENT && e->client.family != ADDRESS_IPV6;
}

static bool may_be_missing(const struct evidence *e)
{
    return e->reverse != KNOWN_PRESENT && e->client.family != ADDRESS_IPV6;
}

RULE(rdns_missing) = {
    .name = "rdns_missing",
    .family = FAMILY_DNS,
    .summary = "The client's IPv4 address has no reverse name.",
    .needs = NEED_REVERSE,
    .points = 34, /* calibrate says 37, which puts off more honest mail and catches no more spam */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.25",
    .advice = "your address %{client} has no reverse name: have your provider set a PTR record to your server's host "
              "name, and give that name an address record for %{client}",
    .test = test_missing,
    .possible = may_be_missing,
};

static bool test_missing_ipv6(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->reverse == KNOWN_ABSENT && e->client.family == ADDRESS_IPV6;
}

static bool may_be_missing_ipv6(const struct evidence *e)
{
    return e->reverse != KNOWN_PRESENT && e->client.family == ADDRESS_IPV6;
}

/* Hosts that mind their IPv4 name forget this one: a third of the honest clients without a reverse name are IPv6. */
RULE(rdns_missing_ipv6) = {
    .name = "rdns_missing_ipv6",
    .family = FAMILY_DNS,
    .summary = "The client's IPv6 address has no reverse name.",
    .needs = NEED_REVERSE,
    .points = 10, /* calibrate says 1: too few rows to call it nothing */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.25",
    .advice = "your address %{client} has no reverse name: have your provider set a PTR record to your server's host "
              "name, and give that name an address record for %{client}",
    .test = test_missing_ipv6,
    .possible = may_be_missing_ipv6,
};

static bool test_unconfirmed(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (e->reverse != KNOWN_PRESENT || e->fcrdns != KNOWN_ABSENT || !reverse_is_told(e))
        return false;
    /* A name that was left out might point back; it helps no HELO name that the unconfirmed ones speak for. */
    if (!reverse_is_whole(e) && !helo_shares_domain(e))
        return false;
    *detail = e->rdns[0].has_address ? "it points to another address" : "it has no address record";
    return true;
}

static bool may_be_unconfirmed(const struct evidence *e)
{
    return e->fcrdns != KNOWN_PRESENT && e->reverse != KNOWN_ABSENT;
}

RULE(rdns_unconfirmed) = {
    .name = "rdns_unconfirmed",
    .family = FAMILY_DNS,
    .summary = "The client's reverse names do not point back to its address (RFC 8601 iprev=fail).",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = 30,
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.25",
    .advice = "the reverse name %{rdns} of your address %{client} does not point back (%{detail}): add an address "
              "record for %{client} to that name, or have your provider correct the PTR record",
    .test = test_unconfirmed,
    .possible = may_be_unconfirmed,
};

/* A name nobody can look up: no kind of public host name. */
static bool no_public_name(const struct name *name)
{
    return name->kind != NAME_HOST || name->reserved != NAME_RESERVED_NONE ||
           (name->flags & (NAME_UNKNOWN_TLD | NAME_NUMERIC_TLD | NAME_IS_SUFFIX));
}

static bool test_reserved(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (e->reverse != KNOWN_PRESENT || !reverse_is_whole(e))
        return false;
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (!no_public_name(&e->rdns[i].name))
            return false;
    *detail = e->rdns[0].name.text;
    return true;
}

static bool may_be_reserved(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (!no_public_name(&e->rdns[i].name))
            return false;
    return e->reverse != KNOWN_ABSENT;
}

RULE(rdns_reserved) = {
    .name = "rdns_reserved",
    .family = FAMILY_DNS,
    .summary = "Every reverse name is one that cannot exist in public (localhost, .local, one label, no such TLD …).",
    .needs = NEED_REVERSE,
    .points = 10,
    .adds = 100,
    .implies = IMPLIES(rdns_unconfirmed),
    .code = 550,
    .enhanced = "5.7.25",
    .advice = "the reverse name %{rdns} of your address %{client} is no public host name: have your provider set a PTR "
              "record to your server's host name",
    .test = test_reserved,
    .possible = may_be_reserved,
};

static bool test_temperror(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (e->reverse != KNOWN_TEMPERROR && e->fcrdns != KNOWN_TEMPERROR)
        return false;
    *detail = e->reverse == KNOWN_TEMPERROR ? "reverse look-up failed" : "forward look-up failed";
    return true;
}

RULE(rdns_temperror) = {
    .name = "rdns_temperror",
    .family = FAMILY_DNS,
    .summary = "The reverse name, or its confirmation, could not be looked up just now: noted, never counted.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .code = 450,
    .enhanced = "4.7.25",
    .advice = "the reverse name of %{client} could not be looked up just now: try again later",
    .test = test_temperror,
};

static bool helo_has_no_address(const struct evidence *e)
{
    return e->helo_address == KNOWN_ABSENT && (e->helo_nxdomain || e->helo_mx == KNOWN_ABSENT);
}

static bool test_unresolvable(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_host(e) || !helo_has_no_address(e) || !helo_stands_alone(e))
        return false;
    *detail = e->helo_nxdomain ? "it does not exist" : "it has neither address nor MX record";
    return true;
}

static bool may_be_unresolvable(const struct evidence *e)
{
    return helo_may_stand_alone(e) && e->helo_address != KNOWN_PRESENT && e->helo_mx != KNOWN_PRESENT;
}

RULE(helo_unresolvable) = {
    .name = "helo_unresolvable",
    .family = FAMILY_DNS,
    .summary = "The HELO name has no A, AAAA or MX record, and no reverse name is of its organisation.",
    .needs = NEED_HELO_ADDRESS | NEED_HELO_MX | NEED_REVERSE,
    .points = 20, /* by hand: the rows have no DNS answer for it */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} has no address record: add one that points to %{client}",
    .test = test_unresolvable,
    .possible = may_be_unresolvable,
};

static bool all_bogon(const struct evidence *e)
{
    for (unsigned i = 0; i < e->helo_address_count; i++)
        if (address_scope(&e->helo_addresses[i]) == ADDRESS_GLOBAL)
            return false;
    return e->helo_address_count > 0;
}

static bool test_bogon(const struct evidence *e, const char **detail, struct region *r)
{
    if (e->helo_address != KNOWN_PRESENT || e->helo_is_client != KNOWN_ABSENT || !all_bogon(e))
        return false;
    if (!helo_is_host(e) || !helo_stands_alone(e))
        return false;
    *detail = detail_address(&e->helo_addresses[0], r);
    return true;
}

static bool may_be_bogon(const struct evidence *e)
{
    return helo_may_stand_alone(e) && e->helo_address != KNOWN_ABSENT && e->helo_is_client != KNOWN_PRESENT;
}

RULE(helo_resolves_bogon) = {
    .name = "helo_resolves_bogon",
    .family = FAMILY_DNS,
    .summary = "The HELO name has only private, loopback or reserved addresses, and no reverse name excuses it.",
    .needs = NEED_HELO_ADDRESS | NEED_REVERSE,
    .points = 30, /* by hand: the rows have no DNS answer for it */
    .adds = 50,
    .implies = IMPLIES(helo_forward_mismatch),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} points to %{detail}, which nobody outside can reach: let it point to %{client}",
    .test = test_bogon,
    .possible = may_be_bogon,
};

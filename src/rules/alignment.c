/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alignment: whether HELO name, reverse names and address belong together. Compared by registrable domain, over all PTR
 * names. RFC 5321 4.1.4: a mismatch is no ground to refuse mail by itself, so the family is capped under a rejection.
 *
 * Large pools greet with pool names: a HELO name that does not resolve to the client is as frequent among honest
 * senders as among others, so it weighs next to nothing, and nothing at all where the organisation fits.
 */
#include "catalogue.h"

static bool has_own_family(const struct evidence *e)
{
    for (unsigned i = 0; i < e->helo_address_count; i++)
        if (e->helo_addresses[i].family == e->client.family)
            return true;
    return false;
}

static bool test_forward_mismatch(const struct evidence *e, const char **detail, struct region *r)
{
    if (e->helo_address != KNOWN_PRESENT || e->helo_is_client != KNOWN_ABSENT || e->helo_near_client)
        return false;
    if (!helo_is_host(e) || !has_own_family(e) || !helo_stands_alone(e))
        return false;
    *detail = detail_address(&e->helo_addresses[0], r);
    return true;
}

static bool may_mismatch(const struct evidence *e)
{
    return helo_may_stand_alone(e) && e->helo_address != KNOWN_ABSENT && e->helo_is_client != KNOWN_PRESENT &&
           !e->helo_near_client;
}

RULE(helo_forward_mismatch) = {
    .name = "helo_forward_mismatch",
    .family = FAMILY_ALIGNMENT,
    .summary = "The HELO name points to other networks, and no reverse name is of its organisation.",
    .needs = NEED_HELO_ADDRESS | NEED_REVERSE,
    .points = 10, /* by hand: the rows have no DNS answer for it */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} points to %{detail} and you come from %{client}: let it point to %{client} too",
    .test = test_forward_mismatch,
    .possible = may_mismatch,
};

static bool test_not_rdns(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_host(e) || e->reverse != KNOWN_PRESENT || !reverse_is_told(e) || helo_is_reverse_name(e))
        return false;
    *detail = e->rdns[0].name.text;
    return true;
}

static bool may_differ(const struct evidence *e)
{
    return helo_is_host(e) && e->reverse != KNOWN_ABSENT && !helo_is_reverse_name(e);
}

RULE(helo_not_rdns) = {
    .name = "helo_not_rdns",
    .family = FAMILY_ALIGNMENT,
    .summary = "The HELO name is none of the client's reverse names.",
    .needs = NEED_REVERSE,
    .points = 5, /* at its limit: RFC 5321 4.1.4 */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is not the reverse name %{rdns} of your address %{client}: make them one",
    .test = test_not_rdns,
    .possible = may_differ,
};

static bool test_other_domain(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_host(e) || !e->helo.registrable || e->reverse != KNOWN_PRESENT || !helo_stands_alone(e))
        return false;
    *detail = e->rdns[0].name.text;
    return true;
}

static bool may_be_other_domain(const struct evidence *e)
{
    return helo_may_stand_alone(e) && e->helo.registrable && e->reverse != KNOWN_ABSENT;
}

RULE(helo_other_domain) = {
    .name = "helo_other_domain",
    .family = FAMILY_ALIGNMENT,
    .summary = "No reverse name of the client is of the HELO name's registrable domain.",
    .needs = NEED_REVERSE,
    .points = 7, /* calibrate says 10: a mismatch stays weak, RFC 5321 4.1.4 */
    .adds = 100,
    .implies = IMPLIES(helo_not_rdns),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} and the reverse name %{rdns} of your address %{client} are of different "
              "domains: have the PTR record set to your HELO name",
    .test = test_other_domain,
    .possible = may_be_other_domain,
};

/*
 * A bare domain is what the setup of a mail client or a bulk mailer fills in; a mail host has a name of its own, or
 * its reverse name is the domain.
 */
static bool test_bare_domain(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return helo_is_bare_domain(e) && reverse_is_told(e) && !helo_is_reverse_name(e);
}

static bool may_be_bare_domain(const struct evidence *e)
{
    return helo_is_bare_domain(e) && !helo_is_reverse_name(e);
}

RULE(helo_bare_domain) = {
    .name = "helo_bare_domain",
    .family = FAMILY_ALIGNMENT,
    .summary = "The HELO name is a registered domain without a host name, and none of the client's reverse names.",
    .needs = NEED_REVERSE,
    .points = 22, /* calibrate says 19, which catches less at half a percent of ham */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "you greet with the domain %{helo}, which is not the reverse name of your address %{client}: greet with "
              "the name of the host, and have the PTR record name it",
    .test = test_bare_domain,
    .possible = may_be_bare_domain,
};

/* An access line's name leads back to its line always: no credit in that. */
static bool is_own_name(const struct evidence *e)
{
    return helo_is_host(e) && !helo_looks_assigned(e);
}

static bool test_verified(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return helo_own_fit(e) == 2;
}

static bool may_be_verified(const struct evidence *e)
{
    return helo_may_be_own(e, 2);
}

RULE(helo_verified) = {
    .name = "helo_verified",
    .family = FAMILY_ALIGNMENT,
    .summary = "The HELO name is a reverse name of the client that points back to it.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = -10, /* at its limit: rented hosts can be aligned, and yet it is a fit */
    .adds = 100,
    .implies = IMPLIES(helo_same_domain, helo_resolves_to_client, helo_same_network),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is your confirmed reverse name: nothing is to be done",
    .test = test_verified,
    .possible = may_be_verified,
};

static bool test_same_domain(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return helo_own_fit(e) >= 1;
}

static bool may_be_same_domain(const struct evidence *e)
{
    return helo_may_be_own(e, 1);
}

RULE(helo_same_domain) = {
    .name = "helo_same_domain",
    .family = FAMILY_ALIGNMENT,
    .summary = "The HELO name and the confirmed reverse name are of one registrable domain.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = -30, /* at its limit: rented hosts can be aligned, and yet it is a fit */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} fits your confirmed reverse name %{rdns}: nothing is to be done",
    .test = test_same_domain,
    .possible = may_be_same_domain,
};

static bool test_resolves_to_client(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return is_own_name(e) && e->helo_is_client == KNOWN_PRESENT;
}

static bool may_resolve_to_client(const struct evidence *e)
{
    return is_own_name(e) && e->helo_is_client != KNOWN_ABSENT && e->helo_address != KNOWN_ABSENT;
}

RULE(helo_resolves_to_client) = {
    .name = "helo_resolves_to_client",
    .family = FAMILY_ALIGNMENT,
    .summary = "The HELO name points to the client's address.",
    .needs = NEED_HELO_ADDRESS,
    .points = -10, /* by hand: the rows know it only where the HELO is the reverse name */
    .adds = 25,
    .implies = IMPLIES(helo_same_network),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} points to your address %{client}: nothing is to be done",
    .test = test_resolves_to_client,
    .possible = may_resolve_to_client,
};

static bool test_same_network(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return is_own_name(e) && e->helo_address == KNOWN_PRESENT && e->helo_near_client;
}

static bool may_be_near(const struct evidence *e)
{
    /* What is known of the addresses says no, unless not all could be asked. */
    return is_own_name(e) && e->helo_address != KNOWN_ABSENT &&
           (e->helo_near_client || e->helo_is_client != KNOWN_ABSENT);
}

RULE(helo_same_network) = {
    .name = "helo_same_network",
    .family = FAMILY_ALIGNMENT,
    .summary = "The HELO name points into the client's /24 or /48.",
    .needs = NEED_HELO_ADDRESS,
    .points = -5, /* by hand: the rows know it only where the HELO is the reverse name */
    .adds = 25,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} points near your address %{client}: let it point to %{client} itself",
    .test = test_same_network,
    .possible = may_be_near,
};

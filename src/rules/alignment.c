/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alignment: whether HELO name, reverse names and address belong together. Names are compared by registrable domain,
 * over all PTR names. RFC 5321 section 4.1.4: a mismatch is by itself no reason to refuse mail, so the family's cap
 * stays below a rejection.
 *
 * Large senders greet with the name of a pool. A HELO name that does not resolve to the client is as frequent among
 * honest senders as among others, so it counts little, and nothing where the organisation fits.
 */
#include "catalogue.h"

static bool has_address_of_client_family(const struct evidence *e)
{
    for (unsigned i = 0; i < e->helo_address_count; i++)
        if (e->helo_addresses[i].family == e->client.family)
            return true;
    return false;
}

static enum answer test_forward_mismatch(const struct evidence *e)
{
    enum answer elsewhere = answer_not(helo_points_near_client(e));

    if (elsewhere == NO || e->helo_address == KNOWN_ABSENT)
        return NO;
    if (elsewhere == YES && !has_address_of_client_family(e))
        return NO;
    return answer_and(helo_is_unrelated(e), elsewhere);
}

static const char *detail_forward_mismatch(const struct evidence *e, struct region *r)
{
    return detail_address(&e->helo_addresses[0], r);
}

RULE(helo_forward_mismatch) = {
    .summary = "The HELO name points to other networks, and no reverse name belongs to its organisation.",
    .needs = NEED_HELO_ADDRESS | NEED_REVERSE,
    .points = 10, /* by hand: the rows have no DNS answer for it */
    .adds = 50,
    .advice = "your HELO name %{helo} points to %{detail}, but you connect from %{client}: greet with a host name "
              "that points to %{client}",
    .test = test_forward_mismatch,
    .detail = detail_forward_mismatch,
};

/* The same of a name that the client's organisation owns: a pool, or a name that was forgotten when a host moved. */
static enum answer test_points_elsewhere(const struct evidence *e)
{
    enum answer elsewhere = answer_not(helo_points_near_client(e));

    if (!helo_is_host(e) || e->helo_address == KNOWN_ABSENT || (elsewhere == YES && !has_address_of_client_family(e)))
        return NO;
    return elsewhere == NO ? NO : answer_and(elsewhere, helo_shares_domain(e));
}

RULE(helo_points_elsewhere) = {
    .summary = "The HELO name points to other networks, although a reverse name is in its registrable domain.",
    .needs = NEED_HELO_ADDRESS | NEED_REVERSE,
    .points = 1, /* by hand: large senders greet with names of pools; for policies that insist on a match */
    .adds = 100,
    .lasting = true,
    .advice = "your HELO name %{helo} points to %{detail}, but you connect from %{client}: greet with a host name "
              "that points to %{client}",
    .test = test_points_elsewhere,
    .detail = detail_forward_mismatch,
};

static enum answer test_not_rdns(const struct evidence *e)
{
    return helo_is_host(e) ? answer_and(reverse_exists(e), answer_not(helo_is_reverse_name(e))) : NO;
}

RULE(helo_not_rdns) = {
    .summary = "The HELO name is not one of the client's reverse names.",
    .needs = NEED_REVERSE,
    .points = 3,
    .adds = 100,
    .advice = "your HELO name %{helo} differs from your reverse name %{rdns}: use one host name that points to "
              "%{client} for both",
    .test = test_not_rdns,
    .detail = detail_reverse_name,
};

static enum answer test_other_domain(const struct evidence *e)
{
    return e->helo.registrable ? answer_and(reverse_exists(e), helo_is_unrelated(e)) : NO;
}

RULE(helo_other_domain) = {
    .summary = "No reverse name of the client is in the HELO name's registrable domain.",
    .needs = NEED_REVERSE,
    .points = 12,
    .adds = 100,
    .implies = IMPLIES(helo_not_rdns),
    .advice = "your HELO name %{helo} and your reverse name %{rdns} are in different domains: use one host name "
              "that points to %{client} for both",
    .test = test_other_domain,
    .detail = detail_reverse_name,
};

/*
 * The setup of a mail client or a bulk mailer fills in a bare domain. A mail host has a name of its own, or its reverse
 * name is the domain.
 */
static enum answer test_bare_domain(const struct evidence *e)
{
    return helo_is_bare_domain(e) ? answer_not(helo_is_reverse_name(e)) : NO;
}

RULE(helo_bare_domain) = {
    .summary =
        "The HELO name is a registered domain without a host name, and is not one of the client's reverse names.",
    .needs = NEED_REVERSE,
    .points = 22,
    .adds = 100,
    .advice = "you greet with the domain %{helo}, which is not the reverse name of your address %{client}: greet "
              "with a host name that points to %{client}, and have the PTR record set to that name",
    .test = test_bare_domain,
};

static enum answer test_verified(const struct evidence *e)
{
    return helo_is_own(e, FIT_NAME);
}

RULE(helo_verified) = {
    .summary = "The HELO name is a reverse name of the client that points back to it.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = -10, /* at its limit: rented hosts can be aligned, and yet it is a fit */
    .adds = 100,
    .implies = IMPLIES(helo_same_domain, helo_resolves_to_client, helo_same_network),
    .advice = "your HELO name %{helo} is your confirmed reverse name: nothing needs to change",
    .test = test_verified,
};

static enum answer test_same_domain(const struct evidence *e)
{
    return helo_is_own(e, FIT_DOMAIN);
}

RULE(helo_same_domain) = {
    .summary = "The HELO name and a confirmed reverse name share a registrable domain.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = -16,
    .adds = 100,
    .advice = "your HELO name %{helo} fits your confirmed reverse name %{rdns}: nothing needs to change",
    .test = test_same_domain,
};

static enum answer test_resolves_to_client(const struct evidence *e)
{
    return helo_is_own_name(e) ? helo_points_to_client(e) : NO;
}

RULE(helo_resolves_to_client) = {
    .summary = "The HELO name points to the client's address.",
    .needs = NEED_HELO_ADDRESS,
    .points = -10, /* by hand: the rows know it only where the HELO is the reverse name */
    .adds = 25,
    .implies = IMPLIES(helo_same_network),
    .advice = "your HELO name %{helo} points to your address %{client}: nothing needs to change",
    .test = test_resolves_to_client,
};

static enum answer test_same_network(const struct evidence *e)
{
    return helo_is_own_name(e) ? helo_points_near_client(e) : NO;
}

RULE(helo_same_network) = {
    .summary = "The HELO name points into the client's /24 or /48.",
    .needs = NEED_HELO_ADDRESS,
    .points = -5, /* by hand: the rows know it only where the HELO is the reverse name */
    .adds = 25,
    .advice = "your HELO name %{helo} points near your address %{client}: add an address record for %{client} itself",
    .test = test_same_network,
};

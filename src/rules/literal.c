/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * literal: an address in place of a name (RFC 5321 4.1.3). Local facts alone.
 *
 * The same /24 or /64 counts as the client's own: NAT pools and address rotation. A mismatch is capped below a
 * rejection by the family, like every mismatch of HELO and address (RFC 5321 4.1.4); only what is no literal at all is
 * certain.
 */
#include "catalogue.h"

static bool has_address(const struct evidence *e)
{
    return e->helo.kind == NAME_LITERAL || e->helo.kind == NAME_BARE;
}

static bool test_bare_ip(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_BARE;
}

RULE(helo_bare_ip) = {
    .name = "helo_bare_ip",
    .family = FAMILY_LITERAL,
    .summary = "HELO is an address without the brackets of a literal.",
    .points = 79, /* calibrate says 66, which defers and catches the same: it is forbidden, RFC 5321 4.1.3 */
    .adds = 100,
    .implies = IMPLIES(helo_not_fqdn, helo_numeric_tld),
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your server greets with the bare address %{helo}: let it greet with a host name that points to "
              "%{client}",
    .test = test_bare_ip,
};

static bool test_literal(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_LITERAL;
}

RULE(helo_literal) = {
    .name = "helo_literal",
    .family = FAMILY_LITERAL,
    .summary = "HELO is an address literal: legal, but no mail host with a name of its own does that.",
    .points = 36, /* at its limit: legal, RFC 5321 4.1.3 */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your server greets with the address literal %{helo}: let it greet with a host name that points to "
              "%{client}",
    .test = test_literal,
};

static bool near_client(const struct evidence *e)
{
    struct network around = address_network(&e->client, e->client.family == ADDRESS_IPV4 ? 24 : 64);

    return address_in(&e->helo.literal, &around);
}

static bool test_mismatch(const struct evidence *e, const char **detail, struct region *r)
{
    if (!has_address(e) || e->helo.literal.family != e->client.family)
        return false; /* a dual-stack host may name its other address */
    if (address_scope(&e->helo.literal) != ADDRESS_GLOBAL || near_client(e))
        return false;
    *detail = detail_address(&e->helo.literal, r);
    return true;
}

RULE(helo_literal_mismatch) = {
    .name = "helo_literal_mismatch",
    .family = FAMILY_LITERAL,
    .summary = "The address in HELO is a public one of another network than the client's.",
    .points = 72, /* calibrate says 64, which defers and catches the same */
    .adds = 100,
    .implies = IMPLIES(helo_literal),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your server greets with %{detail} and comes from %{client}: let it greet with a host name that points "
              "to %{client}",
    .test = test_mismatch,
};

static bool test_private(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!has_address(e) || address_equal(&e->helo.literal, &e->client))
        return false;
    if (address_scope(&e->helo.literal) == ADDRESS_GLOBAL)
        return false;
    *detail = address_scope_name(address_scope(&e->helo.literal));
    return true;
}

RULE(helo_literal_private) = {
    .name = "helo_literal_private",
    .family = FAMILY_LITERAL,
    .summary = "The address in HELO is private, loopback or reserved: a host behind NAT, or a forgery.",
    .points = 46,
    .adds = 100,
    .implies = IMPLIES(helo_literal),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your server greets with %{helo}, an address (%{detail}) that nobody outside can reach: let it greet "
              "with a host name that points to %{client}",
    .test = test_private,
};

static bool test_untagged(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_LITERAL && (e->helo.flags & NAME_BAD_LITERAL);
}

RULE(helo_literal_untagged) = {
    .name = "helo_literal_untagged",
    .family = FAMILY_LITERAL,
    .summary = "HELO is an IPv6 literal without the tag IPv6: that RFC 5321 wants.",
    .points = 15, /* by hand: no row has it */
    .adds = 50,
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your address literal %{helo} lacks its tag: write [IPv6:%{client}], or greet with a host name",
    .test = test_untagged,
};

static bool test_malformed(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo.kind == NAME_BAD && (e->helo.flags & NAME_BAD_LITERAL);
}

RULE(helo_literal_malformed) = {
    .name = "helo_literal_malformed",
    .family = FAMILY_LITERAL,
    .summary = "HELO begins like an address literal and is none.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_not_fqdn, helo_numeric_tld, helo_bare_ip, helo_literal),
    .code = 550,
    .enhanced = "5.5.2",
    .advice = "your address literal %{helo} is malformed: write [%{client}], with the tag IPv6: before an IPv6 "
              "address, or greet with a host name",
    .test = test_malformed,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * literal: an address in place of a name (RFC 5321 section 4.1.3). Local facts alone.
 *
 * An address in the client's /24 or /64 counts as the client's own, because of NAT pools and address rotation. The
 * family's cap keeps a mismatch below a rejection, like every mismatch of HELO and address (RFC 5321 section 4.1.4).
 * Only text that is not a literal at all is certain.
 */
#include "catalogue.h"

static enum answer test_bare_ip(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_BARE);
}

RULE(helo_bare_ip) = {
    .summary = "HELO is an address without the brackets of a literal.",
    .points = 80,
    .adds = 100,
    .implies = IMPLIES(helo_not_fqdn, helo_numeric_tld),
    .enhanced = "5.5.2",
    .advice = "your server greets with the bare address %{helo}: configure it to greet with a host name that points to "
              "%{client}",
    .test = test_bare_ip,
};

static enum answer test_literal(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_LITERAL);
}

RULE(helo_literal) = {
    .summary = "HELO is an address literal: legal, but a mail host that has a name does not use one.",
    .points = 30,
    .adds = 100,
    .advice =
        "your server greets with the address literal %{helo}: configure it to greet with a host name that points to "
        "%{client}",
    .test = test_literal,
};

static bool near_client(const struct evidence *e)
{
    struct network around = address_network(&e->client, e->client.family == ADDRESS_IPV4 ? 24 : 64);

    return address_in(&e->helo.literal, &around);
}

/* A dual-stack host may greet with its address of the other family: that is not a mismatch. */
static enum answer test_mismatch(const struct evidence *e)
{
    return answer_if(helo_is_address(e) && e->helo.literal.family == e->client.family &&
                     address_scope(&e->helo.literal) == ADDRESS_GLOBAL && !near_client(e));
}

static const char *detail_literal(const struct evidence *e, struct region *r)
{
    return detail_address(&e->helo.literal, r);
}

RULE(helo_literal_mismatch) = {
    .summary = "The address in HELO is public and belongs to another network than the client's.",
    .points = 80,
    .adds = 100,
    .implies = IMPLIES(helo_literal),
    .advice = "your server greets with %{detail} but connects from %{client}: configure it to greet with a host name "
              "that points to %{client}",
    .test = test_mismatch,
    .detail = detail_literal,
};

static enum answer test_private(const struct evidence *e)
{
    return answer_if(helo_is_address(e) && !address_equal(&e->helo.literal, &e->client) &&
                     address_scope(&e->helo.literal) != ADDRESS_GLOBAL);
}

static const char *detail_scope(const struct evidence *e, struct region *r)
{
    (void)r;
    return address_scope_name(address_scope(&e->helo.literal));
}

RULE(helo_literal_private) = {
    .summary = "The address in HELO is private, loopback or reserved: a host behind NAT, or a forgery.",
    .points = 46,
    .adds = 100,
    .implies = IMPLIES(helo_literal),
    .advice = "your server greets with %{helo}, an address (%{detail}) that cannot be reached from the Internet: "
              "configure it to greet with a host name that points to %{client}",
    .test = test_private,
    .detail = detail_scope,
};

static enum answer test_untagged(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_LITERAL && (e->helo.flags & NAME_BAD_LITERAL));
}

/* How the client's own address is written as a literal (RFC 5321 section 4.1.3). */
static const char *detail_own_literal(const struct evidence *e, struct region *r)
{
    char text[ADDRESS_TEXT_SIZE];

    return region_printf(r, "[%s%s]", e->client.family == ADDRESS_IPV6 ? "IPv6:" : "",
                         address_format(&e->client, text));
}

RULE(helo_literal_untagged) = {
    .summary = "The IPv6 address literal lacks the \"IPv6:\" prefix that RFC 5321 requires.",
    .points = 15, /* by hand: no row has it */
    .adds = 50,
    .enhanced = "5.5.2",
    .advice = "your address literal %{helo} lacks the IPv6: prefix (the valid form is %{detail}): greet with a "
              "host name that points to %{client} instead",
    .test = test_untagged,
    .detail = detail_own_literal,
};

static enum answer test_malformed(const struct evidence *e)
{
    return answer_if(e->helo.kind == NAME_BAD && (e->helo.flags & NAME_BAD_LITERAL));
}

RULE(helo_literal_malformed) = {
    .summary = "HELO begins like an address literal but is not one.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bad_syntax, helo_not_fqdn, helo_numeric_tld, helo_bare_ip, helo_literal),
    .enhanced = "5.5.2",
    .advice = "your address literal %{helo} is malformed (the valid form is %{detail}): greet with a host name "
              "that points to %{client} instead",
    .test = test_malformed,
    .detail = detail_own_literal,
};

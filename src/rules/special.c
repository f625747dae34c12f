/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * special: names that cannot be anybody's host on the Internet (RFC 6761 and the IANA registry, RFC 6762 appendix G,
 * documentation and factory names). Local facts alone. The name room says to which kind a name belongs.
 *
 * Each of them stands for the whole fact "this is no public name": that it has one label, no top-level domain or no
 * address record is not counted beside it.
 */
#include "catalogue.h"

#define NO_PUBLIC_NAME helo_not_fqdn, helo_unknown_tld, helo_public_suffix, helo_unresolvable, helo_resolves_bogon

static bool reserved(const struct evidence *e, enum name_reserved kind)
{
    return helo_is_word(e) && e->helo.reserved == kind;
}

static bool test_localhost(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return reserved(e, NAME_RESERVED_LOCALHOST) && !e->client_is_local && address_scope(&e->client) != ADDRESS_LOOPBACK;
}

RULE(helo_localhost) = {
    .name = "helo_localhost",
    .family = FAMILY_SPECIAL,
    .summary = "The client calls itself localhost and is not this host.",
    .points = 41,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your server greets as %{helo}: let it greet with its public host name, one that points to %{client}",
    .test = test_localhost,
};

static bool test_special_use(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return reserved(e, NAME_RESERVED_SPECIAL);
}

RULE(helo_special_use) = {
    .name = "helo_special_use",
    .family = FAMILY_SPECIAL,
    .summary = "The HELO name lies under a special-use name of IANA's registry (.local, .test, .invalid, .arpa …).",
    .points = 29,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} exists in no public DNS: greet with your server's public name, one that points "
              "to %{client}",
    .test = test_special_use,
};

static bool test_private_tld(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return reserved(e, NAME_RESERVED_PRIVATE);
}

RULE(helo_private_tld) = {
    .name = "helo_private_tld",
    .family = FAMILY_SPECIAL,
    .summary = "The HELO name is of a private network (.lan, .corp, .internal, .localdomain …).",
    .points = 33,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is known only inside your network: greet with your server's public name, one "
              "that points to %{client}",
    .test = test_private_tld,
};

static bool test_placeholder(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return reserved(e, NAME_RESERVED_PLACEHOLDER);
}

RULE(helo_placeholder) = {
    .name = "helo_placeholder",
    .family = FAMILY_SPECIAL,
    .summary = "The HELO name is an example out of documentation that was never replaced.",
    .points = 43,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is an example that was not replaced: set your server's public name",
    .test = test_placeholder,
};

static bool test_factory(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return reserved(e, NAME_RESERVED_FACTORY);
}

RULE(helo_factory) = {
    .name = "helo_factory",
    .family = FAMILY_SPECIAL,
    .summary = "The HELO name is a factory default of an operating system, a modem or a bulk mailer.",
    .points = 86,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is a factory default: set your server's public name, one that points to "
              "%{client}",
    .test = test_factory,
};

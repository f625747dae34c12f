/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * special: names that cannot be the name of anybody's host on the Internet (RFC 6761 and the IANA registry, RFC 6762
 * appendix G, documentation names and factory names). Local facts alone; the names room says to which kind a name
 * belongs.
 *
 * Each rule covers the whole fact "this is not a public name": that such a name has one label, no top-level domain or
 * no address record does not count again.
 */
#include "catalogue.h"

#define NO_PUBLIC_NAME helo_not_fqdn, helo_unknown_tld, helo_public_suffix, helo_unresolvable, helo_resolves_bogon

static bool reserved(const struct evidence *e, enum name_reserved kind)
{
    return helo_is_word(e) && e->helo.reserved == kind;
}

static enum answer test_localhost(const struct evidence *e)
{
    return answer_if(reserved(e, NAME_RESERVED_LOCALHOST) && !e->client_is_local &&
                     address_scope(&e->client) != ADDRESS_LOOPBACK);
}

RULE(helo_localhost) = {
    .summary = "The client calls itself localhost but is not this host.",
    .points = 31,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .advice = "your server greets as %{helo}: configure it to greet with its own public host name, one that points to "
              "%{client}",
    .test = test_localhost,
};

static enum answer test_special_use(const struct evidence *e)
{
    return answer_if(reserved(e, NAME_RESERVED_SPECIAL));
}

RULE(helo_special_use) = {
    .summary = "The HELO name is under a special-use name of IANA's registry (.local, .test, .invalid, .arpa …).",
    .points = 31,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .advice = "your HELO name %{helo} does not exist in public DNS: configure your server to greet with its own public "
              "host name, one that points to %{client}",
    .test = test_special_use,
};

static enum answer test_private_tld(const struct evidence *e)
{
    return answer_if(reserved(e, NAME_RESERVED_PRIVATE));
}

RULE(helo_private_tld) = {
    .summary = "The HELO name belongs to a private network (.lan, .corp, .internal, .localdomain …).",
    .points = 31,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .advice = "your HELO name %{helo} is known only inside your network: configure your server to greet with its own "
              "public host name, one that points to %{client}",
    .test = test_private_tld,
};

static enum answer test_placeholder(const struct evidence *e)
{
    return answer_if(reserved(e, NAME_RESERVED_PLACEHOLDER));
}

RULE(helo_placeholder) = {
    .summary = "The HELO name is an example from documentation that was never replaced.",
    .points = 31,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .advice = "your HELO name %{helo} is an example that was never replaced: set your server's own public host "
              "name, one that points to %{client}",
    .test = test_placeholder,
};

static enum answer test_factory(const struct evidence *e)
{
    return answer_if(reserved(e, NAME_RESERVED_FACTORY));
}

RULE(helo_factory) = {
    .summary = "The HELO name is a factory default of an operating system, a modem or a bulk mailer.",
    .points = 66,
    .implies = IMPLIES(NO_PUBLIC_NAME),
    .advice = "your HELO name %{helo} is a factory default: set your server's own public host name, one that points to "
              "%{client}",
    .test = test_factory,
};

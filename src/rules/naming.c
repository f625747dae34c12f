/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naming: how the names are built. HELO and reverse name are judged apart: access-line patterns in a HELO name are far
 * more precise than in a reverse name, which its user did not choose.
 *
 * A server-looking label cancels what is said of a reverse name, and a generic look of the HELO name. The reverse side
 * speaks only when every PTR name of the client looks so: one name of its own clears a host.
 */
#include "catalogue.h"

enum { LOOKS_DYNAMIC = NAMING_DYNAMIC, LOOKS_GENERIC = NAMING_GENERIC | NAMING_ADDRESS };

static bool looks(const struct naming *naming, unsigned flags)
{
    return (naming->flags & flags) && !(naming->flags & NAMING_SERVER);
}

/* Every PTR name known so far looks dynamic or generic; *dynamic: some look dynamic. */
static bool reverse_looks(const struct evidence *e, bool *dynamic)
{
    *dynamic = false;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        if (!looks(&e->rdns[i].naming, LOOKS_DYNAMIC | LOOKS_GENERIC))
            return false;
        *dynamic = *dynamic || (e->rdns[i].naming.flags & NAMING_DYNAMIC);
    }
    return e->rdns_count > 0;
}

static bool may_look_assigned(const struct evidence *e)
{
    bool dynamic;

    return e->reverse != KNOWN_ABSENT && (e->rdns_count == 0 || reverse_looks(e, &dynamic));
}

/*
 * A host name under a domain that is not the line's: a small server at home, as often as not. Nothing else that bots
 * say is like it, and a forged provider's is found elsewhere.
 */
static bool helo_is_own_host(const struct evidence *e)
{
    return helo_is_host(e) && e->helo.registrable && !helo_is_bare_domain(e) && !helo_looks_assigned(e) &&
           !(e->helo_naming.flags & NAMING_FOREIGN) && !e->helo_provider && !helo_shares_domain(e);
}

static bool test_rdns_dynamic(const struct evidence *e, const char **detail, struct region *r)
{
    bool dynamic;

    (void)r;
    if (e->reverse != KNOWN_PRESENT || !reverse_is_whole(e) || !reverse_looks(e, &dynamic) || !dynamic)
        return false;
    if (helo_is_own_host(e))
        return false;
    *detail = e->rdns[0].naming.detail;
    return true;
}

RULE(rdns_dynamic) = {
    .name = "rdns_dynamic",
    .family = FAMILY_NAMING,
    .summary = "The client's reverse names are those of an access line (dyn, dsl, dhcp, pool … beside numbers), and "
               "HELO is no host name of another domain.",
    .needs = NEED_REVERSE,
    .points = 23,
    .adds = 100,
    .implies = IMPLIES(rdns_generic),
    .code = 550,
    .enhanced = "5.7.25",
    .advice = "the reverse name %{rdns} of your address %{client} is that of an access line: have your provider set a "
              "PTR record to your mail server's name, or send through your provider's server",
    .test = test_rdns_dynamic,
    .possible = may_look_assigned,
};

static bool test_rdns_generic(const struct evidence *e, const char **detail, struct region *r)
{
    bool dynamic;

    (void)r;
    if (e->reverse != KNOWN_PRESENT || !reverse_is_whole(e) || !reverse_looks(e, &dynamic) || dynamic)
        return false;
    *detail = e->rdns[0].naming.detail;
    return true;
}

RULE(rdns_generic) = {
    .name = "rdns_generic",
    .family = FAMILY_NAMING,
    .summary = "The client's reverse names are a provider's default, the address written into the name.",
    .needs = NEED_REVERSE,
    .points = 17, /* calibrate says 13, which catches less at half a percent of ham */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.25",
    .advice = "the reverse name %{rdns} of your address %{client} is your provider's default: have it set to your mail "
              "server's name",
    .test = test_rdns_generic,
    .possible = may_look_assigned,
};

static bool test_helo_dynamic(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_word(e) || !(e->helo_naming.flags & LOOKS_DYNAMIC))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

RULE(helo_dynamic) = {
    .name = "helo_dynamic",
    .family = FAMILY_NAMING,
    .summary = "The HELO name is that of an access line.",
    .points = 71, /* calibrate says 63: the strongest sign of all stands alone */
    .adds = 100,
    .implies = IMPLIES(helo_generic, helo_serial),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is that of an access line: greet with your mail server's own name",
    .test = test_helo_dynamic,
};

/* Any address in it, the client's or not, wholly or in part. */
static bool carries_address(const struct naming *naming)
{
    return (naming->flags & (NAMING_ADDRESS | NAMING_FOREIGN | NAMING_PARTIAL)) != 0;
}

static bool test_helo_generic(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_word(e) || !looks(&e->helo_naming, LOOKS_GENERIC) || !carries_address(&e->helo_naming))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

RULE(helo_generic) = {
    .name = "helo_generic",
    .family = FAMILY_NAMING,
    .summary = "The HELO name carries the client's address, as providers' defaults do.",
    .points = 52, /* calibrate says more: a default name that is the reverse name, too, shall not put off alone */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is a provider's default: greet with your mail server's own name",
    .test = test_helo_generic,
};

static bool test_serial(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_word(e) || !looks(&e->helo_naming, NAMING_GENERIC) || carries_address(&e->helo_naming))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

/* Rented hosts keep such names, and bulk mailers' customers: less than an address. */
RULE(helo_serial) = {
    .name = "helo_serial",
    .family = FAMILY_NAMING,
    .summary = "The HELO name is a provider's default, a serial number beside a word (vps, host, customer …).",
    .points = 40,
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is a provider's default: greet with your mail server's own name",
    .test = test_serial,
};

static bool test_foreign_address(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_host(e) || !looks(&e->helo_naming, NAMING_FOREIGN) || !helo_stands_alone(e))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

static bool may_carry_foreign(const struct evidence *e)
{
    return helo_may_stand_alone(e) && looks(&e->helo_naming, NAMING_FOREIGN);
}

RULE(helo_foreign_address) = {
    .name = "helo_foreign_address",
    .family = FAMILY_NAMING,
    .summary = "The HELO name carries an address that is not the client's, and no reverse name excuses it.",
    .needs = NEED_REVERSE,
    .points = 47,
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} carries another address than yours, %{client}: greet with your server's own name",
    .test = test_foreign_address,
    .possible = may_carry_foreign,
};

static bool test_random(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_word(e) || !(e->helo_naming.flags & NAMING_RANDOM))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

RULE(helo_random) = {
    .name = "helo_random",
    .family = FAMILY_NAMING,
    .summary = "A label of the HELO name looks made up by chance.",
    .points = 47,
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} looks made up: greet with your mail server's own name",
    .test = test_random,
};

static bool test_bulk(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_word(e) || !(e->helo_naming.flags & NAMING_BULK))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

RULE(helo_bulk_name) = {
    .name = "helo_bulk_name",
    .family = FAMILY_NAMING,
    .summary = "The HELO name is under a top-level domain that is used up by throw-away names.",
    .points = 38, /* calibrate says 45: honest people own such domains, too */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is built like those of throw-away mailers: greet with a lasting name of your own",
    .test = test_bulk,
};

static bool test_long_domain(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!helo_is_word(e) || !(e->helo_naming.flags & NAMING_LONG))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

RULE(helo_long_domain) = {
    .name = "helo_long_domain",
    .family = FAMILY_NAMING,
    .summary = "The registered domain of the HELO name has 18 letters or more.",
    .points = 12, /* calibrate says more: it is a matter of taste, and a few honest domains are that long */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is very long, which alone is no fault: have it fit your reverse name",
    .test = test_long_domain,
};

static bool is_stock(const struct evidence *e)
{
    return helo_is_host(e) && (e->helo_naming.flags & NAMING_STOCK);
}

static bool test_stock(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!is_stock(e) || !reverse_is_told(e) || helo_is_reverse_name(e))
        return false;
    *detail = e->helo_naming.detail;
    return true;
}

static bool may_be_stock(const struct evidence *e)
{
    return is_stock(e) && !helo_is_reverse_name(e);
}

RULE(helo_stock_name) = {
    .name = "helo_stock_name",
    .family = FAMILY_NAMING,
    .summary = "The HELO name is what a hosting panel fills in (server, host, vps …), and no reverse name is the same.",
    .needs = NEED_REVERSE,
    .points = 32,
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is a panel's default (%{detail}) and not the reverse name of your address "
              "%{client}: set both to the name of your mail server",
    .test = test_stock,
    .possible = may_be_stock,
};

static bool test_mail_role(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return helo_is_host(e) && (e->helo_naming.flags & NAMING_MAIL_ROLE) &&
           !(e->helo_naming.flags & (NAMING_DYNAMIC | NAMING_ADDRESS | NAMING_FOREIGN));
}

RULE(helo_mail_role) = {
    .name = "helo_mail_role",
    .family = FAMILY_NAMING,
    .summary = "The HELO name says that the host sends mail (mail, mx, smtp, out …) under a domain of its own.",
    .points = -1, /* at its limit: anybody can call a host mail */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is that of a mail server: nothing is to be done",
    .test = test_mail_role,
};

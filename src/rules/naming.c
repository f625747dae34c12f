/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * naming: how the names are built. HELO and reverse name are judged separately: a dynamic address pattern in a HELO
 * name is far more precise than in a reverse name, which the client's user did not choose.
 *
 * A server-looking label (mail, smtp, static …) cancels what is said of a reverse name. What a machine is for (mail,
 * smtp …) also cancels the generic look of a HELO name; "static" does not, because the provider wrote it. A HELO name
 * that is special in itself (rules of the family "special") is not judged again here, and a default name that is both
 * HELO and reverse name counts once. A reverse name counts only when every PTR name of the client looks that way: one
 * name of its own clears a host.
 */
#include "catalogue.h"

enum { LOOKS_DYNAMIC = NAMING_DYNAMIC, LOOKS_GENERIC = NAMING_GENERIC | NAMING_ADDRESS };

static bool looks(const struct naming *naming, unsigned flags)
{
    return (naming->flags & flags) && !(naming->flags & NAMING_SERVER);
}

/* HELO is a word that the rules for special names leave to this family. */
static bool is_judged(const struct evidence *e)
{
    return helo_is_word(e) && e->helo.reserved == NAME_RESERVED_NONE;
}

static bool helo_looks(const struct evidence *e, unsigned flags)
{
    bool cancelled = (e->helo_naming.flags & NAMING_SERVER) && !(e->helo_naming.flags & NAMING_FIXED);

    return is_judged(e) && (e->helo_naming.flags & flags) && !cancelled;
}

/* Some PTR name looks dynamic. */
static enum answer reverse_is_dynamic(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (e->rdns[i].naming.flags & NAMING_DYNAMIC)
            return YES;
    return reverse_is_known(e) ? NO : OPEN;
}

/* There are PTR names, and every one looks dynamic or generic. */
static enum answer reverse_is_assigned(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (!looks(&e->rdns[i].naming, LOOKS_DYNAMIC | LOOKS_GENERIC))
            return NO;
    if (!reverse_is_known(e))
        return OPEN;
    return answer_if(e->rdns_count > 0 && reverse_is_complete(e));
}

/*
 * HELO is a host name in a domain other than that of the assigned reverse name. Often this is a small server at home.
 * Bots do not greet that way, and another rule detects forged names of providers.
 */
static enum answer helo_is_own_host(const struct evidence *e)
{
    if (!helo_is_own_name(e) || !e->helo.registrable || helo_is_bare_domain(e) || e->helo_provider)
        return NO;
    return e->helo_naming.flags & NAMING_FOREIGN ? NO : helo_is_unrelated(e);
}

static const char *detail_reverse_naming(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->rdns[0].naming.detail;
}

static enum answer test_rdns_dynamic(const struct evidence *e)
{
    enum answer assigned = reverse_is_assigned(e);
    enum answer dynamic = assigned == NO ? NO : answer_and(assigned, reverse_is_dynamic(e));

    return dynamic == NO ? NO : answer_and(dynamic, answer_not(helo_is_own_host(e)));
}

RULE(rdns_dynamic) = {
    .summary =
        "The client's reverse names are those of a dynamic or broadband customer address (dyn, dsl, dhcp, pool … "
        "beside numbers), and HELO is not a host name of another domain.",
    .needs = NEED_REVERSE,
    .points = 16,
    .adds = 100,
    .implies = IMPLIES(rdns_generic),
    .enhanced = "5.7.25",
    .advice = "your reverse name %{rdns} looks like that of a dynamic or broadband customer address: have it set "
              "to a host name of your own that points to %{client}, or send through your provider's server",
    .test = test_rdns_dynamic,
    .detail = detail_reverse_naming,
};

/* Not where HELO is that name: then it counts as a HELO name, which is the heavier finding. */
static enum answer test_rdns_generic(const struct evidence *e)
{
    enum answer assigned = reverse_is_assigned(e);
    enum answer generic = assigned == NO ? NO : answer_and(assigned, answer_not(reverse_is_dynamic(e)));

    return helo_looks(e, LOOKS_GENERIC) ? answer_and(generic, answer_not(helo_is_reverse_name(e))) : generic;
}

RULE(rdns_generic) = {
    .summary = "The client's reverse names are a provider's default, with the address written into the name.",
    .needs = NEED_REVERSE,
    .points = 14,
    .adds = 100,
    .enhanced = "5.7.25",
    .advice = "your reverse name %{rdns} is your provider's default: have it set to a host name of your own that "
              "points to %{client}",
    .test = test_rdns_generic,
    .detail = detail_reverse_naming,
};

/* A provider's name for a customer's address is under the provider's domain. */
static enum answer test_helo_dynamic(const struct evidence *e)
{
    return answer_if(is_judged(e) && e->helo.kind == NAME_HOST && (e->helo_naming.flags & LOOKS_DYNAMIC));
}

RULE(helo_dynamic) = {
    .summary = "The HELO name is that of a dynamic or broadband customer address.",
    .points = 74,
    .adds = 100,
    .implies = IMPLIES(helo_generic, helo_serial, helo_stock_name, helo_stock_own),
    .advice = "%{helo} looks like the name of a dynamic or broadband customer address: greet with a host name of "
              "your own that points to %{client}",
    .test = test_helo_dynamic,
    .detail = detail_helo_naming,
};

/* The client's address is in the name: all of it, or a part beside a word of providers. */
static bool carries_address(const struct naming *naming)
{
    return (naming->flags & (NAMING_ADDRESS | NAMING_PARTIAL)) != 0;
}

/*
 * The sender's domain is that of HELO. A sender at the HELO name itself does not count: every rented host can do
 * that.
 */
static bool sender_is_of_helo(const struct evidence *e)
{
    return name_same_domain(&e->helo, &e->sender_domain) && !name_equal(&e->helo, &e->sender_domain);
}

/*
 * Large senders number their hosts like providers, but do not call them "static" or "dedicated". What separates them
 * from rented machines that keep a default name: the name is confirmed, the session is encrypted, and the host sends
 * for the owner of the name, or the name has no more than two octets of the address. (A word for mail in the name
 * separates them by itself, see helo_looks().)
 */
static enum answer is_numbered_sender(const struct evidence *e)
{
    if (!e->request->encrypted || (e->helo_naming.flags & NAMING_FIXED) ||
        !((e->helo_naming.flags & NAMING_PARTIAL) || sender_is_of_helo(e)))
        return NO;
    return helo_is_confirmed(e, FIT_NAME);
}

static enum answer test_helo_generic(const struct evidence *e)
{
    bool generic = helo_looks(e, LOOKS_GENERIC) && carries_address(&e->helo_naming);

    return generic ? answer_not(is_numbered_sender(e)) : NO;
}

RULE(helo_generic) = {
    .summary = "The HELO name carries the client's address, as providers' default names do.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = 54,
    .adds = 100,
    .implies = IMPLIES(helo_stock_name, helo_stock_own, helo_not_fqdn),
    .advice = "your HELO name %{helo} is a provider's default name: greet with a host name of your own that points "
              "to %{client}",
    .test = test_helo_generic,
    .detail = detail_helo_naming,
};

static enum answer test_serial(const struct evidence *e)
{
    bool serial = helo_looks(e, NAMING_GENERIC) && !carries_address(&e->helo_naming);

    return serial ? answer_not(is_numbered_sender(e)) : NO;
}

/* Rented hosts keep such names, and so do the customers of bulk mailers: it counts less than an address. */
RULE(helo_serial) = {
    .summary = "The HELO name is a provider's default: a serial number alone or beside a word (vps, host, customer …).",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = 43,
    .adds = 100,
    .implies = IMPLIES(helo_stock_name, helo_stock_own, helo_not_fqdn),
    .advice = "your HELO name %{helo} is a provider's default name: greet with a host name of your own that points "
              "to %{client}",
    .test = test_serial,
    .detail = detail_helo_naming,
};

static enum answer test_foreign_address(const struct evidence *e)
{
    return helo_looks(e, NAMING_FOREIGN) ? helo_is_unrelated(e) : NO;
}

RULE(helo_foreign_address) = {
    .summary = "The HELO name carries an address that is not the client's, and no reverse name belongs to its "
               "organisation.",
    .needs = NEED_REVERSE,
    .points = 32,
    .adds = 100,
    .implies = IMPLIES(helo_serial, helo_not_fqdn),
    .lasting = true,
    .advice = "your HELO name %{helo} carries an address other than yours: greet with a host name of your own that "
              "points to %{client}",
    .test = test_foreign_address,
    .detail = detail_helo_naming,
};

static enum answer test_random(const struct evidence *e)
{
    return answer_if(is_judged(e) && (e->helo_naming.flags & NAMING_RANDOM));
}

RULE(helo_random) = {
    .summary = "A label of the HELO name looks randomly generated.",
    .points = 60,
    .adds = 100,
    .implies = IMPLIES(helo_not_fqdn),
    .lasting = true,
    .advice = "your HELO name %{helo} looks randomly generated: greet with a host name of your own that points to "
              "%{client}",
    .test = test_random,
    .detail = detail_helo_naming,
};

static enum answer test_bulk(const struct evidence *e)
{
    return answer_if(helo_is_word(e) && (e->helo_naming.flags & NAMING_BULK));
}

RULE(helo_bulk_name) = {
    .summary = "The HELO name is under a top-level domain that is mostly used for throw-away names.",
    .points = 55,
    .adds = 100,
    .lasting = true,
    .advice = "your HELO name %{helo} is in a top-level domain that is mostly used for throw-away names: greet "
              "with a lasting name of your own that points to %{client}",
    .test = test_bulk,
    .detail = detail_helo_naming,
};

static enum answer test_long_domain(const struct evidence *e)
{
    return answer_if(helo_is_word(e) && (e->helo_naming.flags & NAMING_LONG));
}

RULE(helo_long_domain) = {
    .summary = "The registered domain of the HELO name has 18 letters or more.",
    .points = 15,
    .adds = 100,
    .lasting = true,
    .advice = "your HELO name %{helo} has a very long domain, which alone is not a fault: set the reverse name of your "
              "address to the same name",
    .test = test_long_domain,
    .detail = detail_helo_naming,
};

static enum answer test_stock(const struct evidence *e)
{
    if (!helo_is_host(e) || !(e->helo_naming.flags & NAMING_STOCK))
        return NO;
    return answer_not(helo_is_reverse_name(e));
}

RULE(helo_stock_name) = {
    .summary = "The HELO name is the default of a hosting panel (server, host, vps …) or of a program for bulk mail "
               "(mail0, mta0 …), and is not one of the client's reverse names.",
    .needs = NEED_REVERSE,
    .points = 40,
    .adds = 100,
    .advice = "your HELO name %{helo} looks like a default that nobody changed (%{detail}) and is not the reverse "
              "name of your address %{client}: use one host name of your own that points to %{client} for both",
    .test = test_stock,
    .detail = detail_helo_naming,
};

/* The same where it is the reverse name, too: a rented machine whose owner set the one but invented no name. */
static enum answer test_stock_own(const struct evidence *e)
{
    return helo_is_host(e) && (e->helo_naming.flags & NAMING_STOCK) ? helo_is_reverse_name(e) : NO;
}

RULE(helo_stock_own) = {
    .summary = "The HELO name is what a hosting panel (server, host, vps …) or a program for bulk mail (mail0, mta0 …) "
               "fills in, although it is a reverse name.",
    .needs = NEED_REVERSE,
    .points = 22,
    .adds = 100,
    .lasting = true,
    .advice = "your HELO name %{helo} looks like a default that nobody changed (%{detail}): greet with a host name "
              "of your own that points to %{client}",
    .test = test_stock_own,
    .detail = detail_helo_naming,
};

static enum answer test_mass_mailer(const struct evidence *e)
{
    return answer_if(is_judged(e) && (e->helo_naming.flags & NAMING_MASS));
}

RULE(helo_mass_mailer) = {
    .summary = "The HELO name has a word of mass mailing or advertising (bulk, promo, newsletter …).",
    .points = 8, /* by hand: honest newsletters come from such names, too, and hardly any row has one */
    .adds = 100,
    .implies = IMPLIES(helo_not_fqdn),
    .lasting = true,
    .advice = "your HELO name %{helo} has a word of mass mailing (%{detail}), which is no fault by itself",
    .test = test_mass_mailer,
    .detail = detail_helo_naming,
};

/* Anybody can call a host mail, so it counts only where DNS proves something. */
static enum answer test_mail_role(const struct evidence *e)
{
    const unsigned flags = e->helo_naming.flags;

    if (!helo_is_host(e) || !(flags & NAMING_MAIL_ROLE) ||
        (flags & (NAMING_DYNAMIC | NAMING_ADDRESS | NAMING_FOREIGN | NAMING_MASS)))
        return NO;
    return identity_at_least(e, IDENTITY_NAMED);
}

RULE(helo_mail_role) = {
    .summary = "The HELO name says that the host sends mail (mail, mx, smtp, out …) under a domain of its own, and DNS "
               "proves either that name or a reverse name.",
    .needs = NEED_UNVERIFIED,
    .points = -3,
    .adds = 100,
    .advice = "your HELO name %{helo} is that of a mail server: nothing needs to change",
    .test = test_mail_role,
};

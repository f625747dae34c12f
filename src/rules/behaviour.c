/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * behaviour: how the client greets, now and before. History speaks only when its store answered and only from the
 * counts on that the settings name. What the sender's domain adds is weak either way.
 */
#include "catalogue.h"

#include <string.h>

static bool said_helo(const struct evidence *e)
{
    return !e->request->esmtp && strcmp(e->request->protocol_name, "SMTP") == 0;
}

static bool test_greeting_helo(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return said_helo(e);
}

RULE(greeting_helo) = {
    .name = "greeting_helo",
    .family = FAMILY_BEHAVIOUR,
    .summary = "The client said HELO, not EHLO: hardly any mail server of this century does.",
    .points = 6, /* at its limit: HELO is legal, and old software is not spam */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your server greets with HELO: let it use EHLO (RFC 5321)",
    .test = test_greeting_helo,
};

/* What HELO says is no host's own name: a bare domain of others, one label, an address, an access line's name. */
static bool may_say_no_host(const struct evidence *e)
{
    if (!said_helo(e) || e->helo.kind == NAME_EMPTY || e->helo.kind == NAME_LITERAL)
        return false;
    return !helo_is_host(e) || helo_looks_assigned(e) || (helo_is_bare_domain(e) && helo_may_stand_alone(e));
}

static bool test_greeting_no_host(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return may_say_no_host(e) && (!helo_is_bare_domain(e) || helo_looks_assigned(e) || helo_stands_alone(e));
}

/* Mail servers that say HELO are old, and have names; the mail engines of malware say HELO and have none. */
RULE(greeting_no_host) = {
    .name = "greeting_no_host",
    .family = FAMILY_BEHAVIOUR,
    .summary = "The client said HELO, not EHLO, and not the name of a host: a bare domain unlike its reverse name, one "
               "label, an address or an access line's name.",
    .needs = NEED_REVERSE,
    .points = 22, /* at its limit; calibrate says 19, which catches less at half a percent of ham */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your server greets with HELO %{helo}: let it use EHLO and its own host name",
    .test = test_greeting_no_host,
    .possible = may_say_no_host,
};

/* History speaks against what is surely unverified alone: a pool's or a forged name's owner is never hit. */
#define NEED_UNVERIFIED (NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_SPF)

static const char *count_of(struct region *r, unsigned n, const char *what)
{
    const char *text = region_printf(r, "%u %s", n, what);

    return text ? text : "";
}

static bool at_least(unsigned n, unsigned limit)
{
    return limit > 0 && n >= limit;
}

static bool test_churn(const struct evidence *e, const char **detail, struct region *r)
{
    const struct history_facts *h = &e->history;

    if (!h->known || !at_least(h->domains, h->limits.churn_domains) || !helo_is_unverified(e))
        return false;
    *detail = count_of(r, h->domains, "domains");
    return true;
}

static bool may_churn(const struct evidence *e)
{
    const struct history_facts *h = &e->history;

    return (h->known ? at_least(h->domains, h->limits.churn_domains) : h->limits.churn_domains > 0) &&
           helo_may_be_unverified(e);
}

RULE(helo_churn) = {
    .name = "helo_churn",
    .family = FAMILY_BEHAVIOUR,
    .summary = "The client greets unverified, and has with names of many unrelated domains lately.",
    .needs = NEED_HISTORY | NEED_UNVERIFIED,
    .points = 40, /* by hand: every row stands alone */
    .adds = 50,
    .implies = IMPLIES(helo_changed),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your address %{client} greets with names of many domains (%{detail}): let it greet with one name of "
              "its own",
    .test = test_churn,
    .possible = may_churn,
};

static bool test_shared(const struct evidence *e, const char **detail, struct region *r)
{
    const struct history_facts *h = &e->history;

    if (!h->known || !at_least(h->networks, h->limits.shared_networks) || !helo_is_unverified(e))
        return false;
    *detail = count_of(r, h->networks, "networks");
    return true;
}

static bool may_be_shared(const struct evidence *e)
{
    const struct history_facts *h = &e->history;

    return (h->known ? at_least(h->networks, h->limits.shared_networks) : h->limits.shared_networks > 0) &&
           helo_may_be_unverified(e);
}

RULE(helo_shared) = {
    .name = "helo_shared",
    .family = FAMILY_BEHAVIOUR,
    .summary = "The HELO name comes unverified, as it has from many unrelated networks: a template.",
    .needs = NEED_HISTORY | NEED_UNVERIFIED,
    .points = 40, /* by hand: every row stands alone */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo} is used from many networks (%{detail}): greet with a name that points to "
              "%{client}",
    .test = test_shared,
    .possible = may_be_shared,
};

static bool test_changed(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->history.known && e->history.limits.known_count > 0 && e->history.verified_other && helo_is_unverified(e);
}

static bool may_have_changed(const struct evidence *e)
{
    return (e->history.known ? e->history.verified_other : true) && e->history.limits.known_count > 0 &&
           helo_may_be_unverified(e);
}

RULE(helo_changed) = {
    .name = "helo_changed",
    .family = FAMILY_BEHAVIOUR,
    .summary = "The client is known by one verified name and greets with another, unverified one.",
    .needs = NEED_HISTORY | NEED_UNVERIFIED,
    .points = 10, /* by hand: every row stands alone */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your address %{client} used to greet with a name that fits it and now greets with %{helo}: "
              "let this name point to %{client}, too",
    .test = test_changed,
    .possible = may_have_changed,
};

static bool test_identity_known(const struct evidence *e, const char **detail, struct region *r)
{
    const struct history_facts *h = &e->history;

    if (!h->known || !helo_is_host(e) || !at_least(h->good, h->limits.known_count) ||
        h->good_days < h->limits.known_days)
        return false;
    *detail = count_of(r, h->good, "good greetings");
    return true;
}

static bool may_be_known(const struct evidence *e)
{
    return !e->history.known && e->history.limits.known_count > 0 && helo_is_host(e);
}

RULE(identity_known) = {
    .name = "identity_known",
    .family = FAMILY_BEHAVIOUR,
    .summary = "This network has greeted with this domain, verified, for days.",
    .needs = NEED_HISTORY,
    .points = -20, /* by hand: every row stands alone */
    .adds = 50,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your server is known for greeting well: nothing is to be done",
    .test = test_identity_known,
    .possible = may_be_known,
};

/* The sender's domain and HELO's are compared only where both have one. */
static bool sender_fits_reverse(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (name_same_domain(&e->rdns[i].name, &e->sender_domain))
            return true;
    return false;
}

static bool test_sender_other_domain(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!sender_has_domain(e) || !helo_is_host(e) || !helo_stands_alone(e))
        return false;
    if (name_same_domain(&e->helo, &e->sender_domain) || sender_fits_reverse(e))
        return false;
    *detail = e->sender_domain.registrable;
    return true;
}

static bool may_be_all_different(const struct evidence *e)
{
    return sender_has_domain(e) && helo_may_stand_alone(e) && !name_same_domain(&e->helo, &e->sender_domain) &&
           !sender_fits_reverse(e);
}

RULE(sender_other_domain) = {
    .name = "sender_other_domain",
    .family = FAMILY_BEHAVIOUR,
    .summary = "HELO, reverse name and envelope sender are of three different organisations.",
    .needs = NEED_REVERSE,
    .points = 1, /* at its limit: forwarders and lists */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name %{helo}, your reverse name %{rdns} and your sender's domain have nothing in common: let "
              "HELO and reverse name be one",
    .test = test_sender_other_domain,
    .possible = may_be_all_different,
};

/* Every name known so far is outside the domains of the sender's provider, and HELO is no other provider's. */
static bool sent_from_elsewhere(const struct evidence *e)
{
    if (!e->sender_provider || e->helo_provider)
        return false;
    for (const char *const *domain = e->sender_provider; *domain; domain++) {
        if (name_under(e->helo.text, *domain))
            return false;
        for (unsigned i = 0; i < e->rdns_count; i++)
            if (name_under(e->rdns[i].name.text, *domain))
                return false;
    }
    return true;
}

static bool test_sender_other_provider(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!sent_from_elsewhere(e) || !reverse_is_told(e))
        return false;
    *detail = e->sender_domain.registrable ? e->sender_domain.registrable : "";
    return true;
}

RULE(sender_other_provider) = {
    .name = "sender_other_provider",
    .family = FAMILY_BEHAVIOUR,
    .summary = "The envelope sender is of a large mail provider, and the client is none of that provider's hosts.",
    .needs = NEED_REVERSE,
    .points = 15, /* at its limit: forwarders and lists */
    .adds = 100,
    .implies = IMPLIES(sender_other_domain),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your sender's domain %{detail} is a mail provider's and your host is not: send through that provider, "
              "or with a sender of your own domain",
    .test = test_sender_other_provider,
    .possible = sent_from_elsewhere,
};

static bool test_one_organisation(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!sender_has_domain(e) || !name_same_domain(&e->helo, &e->sender_domain) || helo_own_fit(e) == 0)
        return false;
    *detail = e->sender_domain.registrable;
    return true;
}

static bool may_be_one_organisation(const struct evidence *e)
{
    return sender_has_domain(e) && name_same_domain(&e->helo, &e->sender_domain) && helo_may_be_own(e, 1);
}

RULE(one_organisation) = {
    .name = "one_organisation",
    .family = FAMILY_BEHAVIOUR,
    .summary = "HELO, confirmed reverse name and envelope sender are of one organisation.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = -1, /* at its limit: anybody can align a sender */
    .adds = 100,
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "your HELO name, reverse name and sender are of one organisation: nothing is to be done",
    .test = test_one_organisation,
    .possible = may_be_one_organisation,
};

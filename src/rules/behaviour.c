/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * behaviour: how the client greets, now and before. History counts only when its store answered, and only from the
 * limits in the settings on. The sender's domain counts little, for or against.
 */
#include "catalogue.h"

#include <string.h>

static bool said_helo(const struct evidence *e)
{
    return !e->request->esmtp && strcmp(e->request->protocol_name, "SMTP") == 0;
}

static enum answer test_greeting_helo(const struct evidence *e)
{
    return answer_if(said_helo(e));
}

RULE(greeting_helo) = {
    .summary = "The client said HELO instead of EHLO, as hardly any mail server does today.",
    .points = 6,
    .adds = 100,
    .lasting = true,
    .advice = "your server greets with HELO: configure it to use EHLO (RFC 5321)",
    .test = test_greeting_helo,
};

/* What HELO says is not a host's own name: one label, an address, an assigned name, or an unrelated bare domain. */
static enum answer test_greeting_no_host(const struct evidence *e)
{
    if (!said_helo(e) || e->helo.kind == NAME_EMPTY || e->helo.kind == NAME_LITERAL)
        return NO;
    if (!helo_is_own_name(e))
        return YES;
    return helo_is_bare_domain(e) ? helo_is_unrelated(e) : NO;
}

/* Mail servers that say HELO are old and have names. The mail engines of malware say HELO and have none. */
RULE(greeting_no_host) = {
    .summary = "The client said HELO instead of EHLO, and gave no host name: a bare domain unrelated to its reverse "
               "name, a single label, an address, or the name of a dynamic or broadband customer address.",
    .needs = NEED_REVERSE,
    .points = 22,
    .adds = 100,
    .lasting = true,
    .advice = "your server greets with HELO %{helo}: configure it to use EHLO and a host name that points to "
              "%{client}",
    .test = test_greeting_no_host,
};

/* A client may still start encryption before MAIL, and cannot where it is not offered. */
static enum answer test_plaintext(const struct evidence *e)
{
    enum request_state state = e->request->state;
    bool too_late = state == REQUEST_STATE_MAIL || state == REQUEST_STATE_RCPT || state == REQUEST_STATE_DATA;

    return too_late && !e->request->encrypted ? e->starttls : NO;
}

RULE(greeting_plaintext) = {
    .summary = "The session is not encrypted although STARTTLS was offered; nearly all honest clients use it.",
    .needs = NEED_HISTORY,
    .points = 25,
    .adds = 100,
    .lasting = true,
    .enhanced = "5.7.10",
    .advice = "your server sent mail without encryption although STARTTLS is offered: configure it to use STARTTLS",
    .test = test_plaintext,
};

static const char *count_of(struct region *r, unsigned n, const char *what)
{
    return region_printf(r, "%u %s", n, what);
}

/* History that is not known is OPEN while there is a store: without one, all limits are 0. */
static enum answer says(unsigned limit, bool known, bool seen)
{
    if (limit == 0)
        return NO;
    return known ? answer_if(seen) : OPEN;
}

static enum answer history_says(const struct evidence *e, unsigned limit, bool seen)
{
    return says(limit, e->history.known, seen);
}

/* History counts only against a greeting that is surely unverified, so it never hits the owner of a pool or of a forged
 * name. */
static enum answer against_unverified(const struct evidence *e, enum answer said)
{
    return said == NO ? NO : answer_and(said, helo_is_unverified(e));
}

static enum answer test_churn(const struct evidence *e)
{
    const struct history_facts *h = &e->history;
    unsigned limit = h->limits.churn_domains;

    return against_unverified(e, history_says(e, limit, h->domains >= limit));
}

static const char *detail_churn(const struct evidence *e, struct region *r)
{
    return count_of(r, e->history.domains, "domains");
}

RULE(helo_churn) = {
    .summary = "The client greets with an unverified name, and has recently used such names of many unrelated domains.",
    .needs = NEED_HISTORY | NEED_UNVERIFIED,
    .points = 40, /* chosen by hand: the calibration data have no history */
    .adds = 50,
    .past = true,
    .lasting = true,
    .implies = IMPLIES(helo_changed),
    .advice =
        "your address %{client} greets with names of many domains (%{detail}): greet with one name that points to "
        "it",
    .test = test_churn,
    .detail = detail_churn,
};

static enum answer test_shared(const struct evidence *e)
{
    const struct history_facts *h = &e->history;
    unsigned limit = h->limits.shared_networks;

    return against_unverified(e, says(limit, h->name_known, h->networks >= limit));
}

static const char *detail_shared(const struct evidence *e, struct region *r)
{
    return count_of(r, e->history.networks, "networks");
}

RULE(helo_shared) = {
    .summary = "Many unrelated networks have used this HELO name, and none of them could verify it.",
    .needs = NEED_HISTORY | NEED_UNVERIFIED,
    .points = 40, /* chosen by hand: the calibration data have no history */
    .adds = 50,
    .past = true,
    .lasting = true,
    .advice = "your HELO name %{helo} is used by many networks (%{detail}): greet with a name that points to "
              "%{client}",
    .test = test_shared,
    .detail = detail_shared,
};

static enum answer test_changed(const struct evidence *e)
{
    const struct history_facts *h = &e->history;

    return against_unverified(e, history_says(e, h->limits.known_count, h->verified_other));
}

RULE(helo_changed) = {
    .summary = "The client is known under a verified name and now greets with another, unverified name.",
    .needs = NEED_HISTORY | NEED_UNVERIFIED,
    .points = 10, /* chosen by hand: the calibration data have no history */
    .adds = 50,
    .past = true,
    .lasting = true,
    .advice = "your address %{client} used to greet with a verified name and now greets with %{helo}: greet with a "
              "host name that points to %{client}",
    .test = test_changed,
};

/* From these on. The days keep a burst of retries from counting as persistence. */
enum { PERSISTENT_TIMES = 5, PERSISTENT_DAYS = 3 };

static enum answer test_persistent_misfit(const struct evidence *e)
{
    const struct history_facts *h = &e->history;
    bool has_store = h->limits.shared_networks > 0;

    return against_unverified(
        e, history_says(e, has_store, h->misfits >= PERSISTENT_TIMES && h->misfit_days >= PERSISTENT_DAYS));
}

static const char *detail_persistent_misfit(const struct evidence *e, struct region *r)
{
    return region_printf(r, "at least %u times on %u days", e->history.misfits, e->history.misfit_days);
}

RULE(helo_persistent_misfit) = {
    .summary = "The client greets with an unverified name, as it has for days without a verified greeting in between.",
    .needs = NEED_HISTORY | NEED_UNVERIFIED,
    .points = 12, /* chosen by hand: the calibration data have no history */
    .adds = 100,
    .past = true,
    .lasting = true,
    .advice = "your address %{client} has greeted with names that do not lead to it for days (%{detail}): greet with a "
              "name that points to %{client}, preferably its reverse name",
    .test = test_persistent_misfit,
    .detail = detail_persistent_misfit,
};

static enum answer test_identity_known(const struct evidence *e)
{
    const struct history_facts *h = &e->history;
    bool known = h->good >= h->limits.known_count && h->good_days >= h->limits.known_days;

    return helo_is_host(e) ? history_says(e, h->limits.known_count, known) : NO;
}

static const char *detail_identity_known(const struct evidence *e, struct region *r)
{
    return count_of(r, e->history.good, "verified greetings");
}

RULE(identity_known) = {
    .summary = "This network has greeted with verified names of this domain for days.",
    .needs = NEED_HISTORY,
    .points = -20, /* chosen by hand: the calibration data have no history */
    .adds = 50,
    .advice = "your server has greeted with verified names before: nothing needs to change",
    .test = test_identity_known,
    .detail = detail_identity_known,
};

static bool has_sender_domain(const struct evidence *e, const struct name *name)
{
    return name_same_domain(name, &e->sender_domain);
}

/* The two domains are compared only where both names have one. */
static enum answer test_sender_other_domain(const struct evidence *e)
{
    enum answer unrelated = sender_has_domain(e) ? helo_is_unrelated(e) : NO;

    if (unrelated == NO || has_sender_domain(e, &e->helo))
        return NO;
    return answer_and(unrelated, answer_not(reverse_any(e, has_sender_domain)));
}

static const char *detail_sender_domain(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->sender_domain.registrable;
}

RULE(sender_other_domain) = {
    .summary = "HELO, reverse name and envelope sender belong to three different organisations.",
    .needs = NEED_REVERSE,
    .points = 2,
    .adds = 100,
    .lasting = true,
    .advice = "your HELO name %{helo}, the reverse name of your address %{client} and your sender's domain "
              "%{detail} are unrelated: use one host name that points to %{client} for HELO and the PTR record",
    .test = test_sender_other_domain,
    .detail = detail_sender_domain,
};

/*
 * The envelope sender is at the HELO name itself, which distinguishes a host that sends in its own name from a mail
 * server.
 */
static enum answer test_sender_is_helo(const struct evidence *e)
{
    return answer_if(helo_is_host(e) && name_equal(&e->helo, &e->sender_domain));
}

RULE(sender_is_helo) = {
    .summary = "The envelope sender's domain is the HELO name itself, as with mail of single hosts and bulk mailers.",
    .points = 16,
    .adds = 100,
    .lasting = true,
    .advice = "your server greets as %{helo} and sends from an address at the same name: send through your mail server",
    .test = test_sender_is_helo,
};

static bool is_of_sender_provider(const struct evidence *e, const struct name *name)
{
    for (const char *const *domain = e->sender_provider; *domain; domain++)
        if (name_under(name->text, *domain))
            return true;
    return false;
}

/* Neither HELO nor a reverse name is of the provider of the sender's domain, and HELO is not of another provider. */
static enum answer test_sender_other_provider(const struct evidence *e)
{
    if (!e->sender_provider || e->helo_provider || is_of_sender_provider(e, &e->helo))
        return NO;
    return answer_not(reverse_any(e, is_of_sender_provider));
}

RULE(sender_other_provider) = {
    .summary = "The envelope sender belongs to a large mail provider, and the client is not one of its hosts.",
    .needs = NEED_REVERSE,
    .points = 15, /* at its limit: forwarders and lists */
    .adds = 100,
    .lasting = true,
    .implies = IMPLIES(sender_other_domain),
    .advice = "your sender's domain %{detail} belongs to a mail provider and your host does not: send through that "
              "provider, or use a sender address of your own domain",
    .test = test_sender_other_provider,
    .detail = detail_sender_domain,
};

static enum answer test_one_organisation(const struct evidence *e)
{
    return sender_has_domain(e) && has_sender_domain(e, &e->helo) ? helo_is_own(e, FIT_DOMAIN) : NO;
}

RULE(one_organisation) = {
    .summary = "HELO, confirmed reverse name and envelope sender belong to one organisation.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = -1, /* at its limit: anybody can align a sender */
    .adds = 100,
    .advice = "your HELO name, reverse name and sender belong to one organisation: nothing needs to change",
    .test = test_one_organisation,
    .detail = detail_sender_domain,
};

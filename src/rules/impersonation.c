/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * impersonation: a name that is somebody else's. That nobody but us greets with our names and addresses is certain;
 * the others need proof that the client is not who it says: every reverse name known, none confirmed that fits.
 */
#include "catalogue.h"

static bool test_ours(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    *detail = e->helo.text;
    return e->helo_is_ours && !e->client_is_local;
}

RULE(helo_is_ours) = {
    .name = "helo_is_ours",
    .family = FAMILY_IMPERSONATION,
    .summary = "The client greets with a name of ours and is none of our hosts.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_is_recipient_domain),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "you greet with %{helo}, which is a name of this site: greet with the name of your own server",
    .test = test_ours,
};

static bool test_our_address(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    *detail = e->helo.text;
    return e->helo_is_our_address && !e->client_is_local;
}

RULE(helo_is_our_address) = {
    .name = "helo_is_our_address",
    .family = FAMILY_IMPERSONATION,
    .summary = "The client greets with an address of ours and is none of our hosts.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bare_ip, helo_literal, helo_literal_mismatch, helo_literal_private),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "you greet with %{helo}, which is an address of this site: greet with the name of your own server",
    .test = test_our_address,
};

/* Whether every name that could clear the client is known, and is not confirmed. */
static bool no_confirmed_under(const struct evidence *e, const char *const *domains)
{
    if (!reverse_is_told(e))
        return false;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        if (e->rdns[i].confirmed == KNOWN_ABSENT)
            continue;
        for (const char *const *domain = domains; *domain; domain++)
            if (name_under(e->rdns[i].name.text, *domain))
                return false;
    }
    return true;
}

static bool test_forges_provider(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!e->helo_provider || e->rdns_count == 0 || !no_confirmed_under(e, e->helo_provider))
        return false;
    *detail = e->rdns[0].name.text;
    return true;
}

static bool may_forge_provider(const struct evidence *e)
{
    if (!e->helo_provider || e->reverse == KNOWN_ABSENT)
        return false;
    for (unsigned i = 0; i < e->rdns_count; i++)
        for (const char *const *domain = e->helo_provider; *domain; domain++)
            if (e->rdns[i].confirmed == KNOWN_PRESENT && name_under(e->rdns[i].name.text, *domain))
                return false;
    return true;
}

RULE(helo_forges_provider) = {
    .name = "helo_forges_provider",
    .family = FAMILY_IMPERSONATION,
    .summary = "HELO is of a large provider, and the client's reverse names are none of that provider's.",
    .needs = NEED_REVERSE | NEED_CONFIRM,
    .points = 75, /* at its limit: few rows, and a forgery by definition */
    .adds = 100,
    .implies = IMPLIES(helo_other_domain, helo_forward_mismatch, helo_not_rdns, helo_unresolvable),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "you greet as %{helo} and your address %{client} is not that provider's (%{detail}): greet with the "
              "name of your own server",
    .test = test_forges_provider,
    .possible = may_forge_provider,
};

static bool test_unproved_provider(const struct evidence *e, const char **detail, struct region *r)
{
    (void)detail;
    (void)r;
    return e->helo_provider && helo_is_bare_domain(e) && e->reverse == KNOWN_ABSENT;
}

static bool may_be_unproved(const struct evidence *e)
{
    return e->helo_provider && helo_is_bare_domain(e) && e->reverse != KNOWN_PRESENT;
}

/*
 * Weaker than a name that is another's: even large providers lose a reverse zone for an hour. Their hosts greet with
 * names under their domains then; with the domain itself none does.
 */
RULE(helo_unproved_provider) = {
    .name = "helo_unproved_provider",
    .family = FAMILY_IMPERSONATION,
    .summary = "HELO is the domain of a large provider whose hosts have reverse names, and the client has none.",
    .needs = NEED_REVERSE,
    .points = 23, /* calibrate says 28, which catches the same */
    .adds = 100,
    .implies = IMPLIES(helo_forward_mismatch, helo_unresolvable),
    .code = 550,
    .enhanced = "5.7.25",
    .advice = "you greet as %{helo} and your address %{client} has no reverse name: greet with the name of your own "
              "server, and have its PTR record set",
    .test = test_unproved_provider,
    .possible = may_be_unproved,
};

/* HELO is the recipient's domain or lies under it. A message's first recipient decides: all get one answer. */
static bool claims_recipient(const struct evidence *e)
{
    return helo_is_host(e) && e->recipient_domain.kind == NAME_HOST && e->recipient_domain.length <= e->helo.length &&
           name_under(e->helo.text, e->recipient_domain.text);
}

/*
 * A web server of the recipient's own, hosted elsewhere, is honest: its name resolves to it, or its confirmed reverse
 * name fits. An unconfirmed one is no excuse: whoever has an address may write any name into its PTR.
 */
static bool test_recipient_domain(const struct evidence *e, const char **detail, struct region *r)
{
    (void)r;
    if (!claims_recipient(e) || e->helo_is_ours || e->client_is_local || helo_may_be_confirmed(e, 1))
        return false;
    if (e->helo_address != KNOWN_ABSENT && e->helo_is_client != KNOWN_ABSENT)
        return false;
    if (e->helo_near_client)
        return false;
    *detail = e->recipient_domain.text;
    return true;
}

static bool may_claim_recipient(const struct evidence *e)
{
    return claims_recipient(e) && helo_confirmed_fit(e) < 1 && e->helo_is_client != KNOWN_PRESENT &&
           !e->helo_near_client;
}

RULE(helo_is_recipient_domain) = {
    .name = "helo_is_recipient_domain",
    .family = FAMILY_IMPERSONATION,
    .summary = "HELO is the first recipient's own domain, and neither reverse nor forward record shows that it is the "
               "client.",
    .needs = NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS,
    .points = 60, /* by hand: the rows have no recipients */
    .adds = 50,
    .implies = IMPLIES(helo_other_domain, helo_forward_mismatch, helo_not_rdns, helo_unresolvable),
    .code = 550,
    .enhanced = "5.7.1",
    .advice = "you greet with %{helo}, of the recipient's own domain, and that name does not lead to %{client}: greet "
              "with the name of your own server",
    .test = test_recipient_domain,
    .possible = may_claim_recipient,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * impersonation: a name that belongs to somebody else. That nobody but us greets with our names and addresses is
 * certain. The other rules need proof that the client is not who it claims to be: every reverse name is known, and none
 * that fits is confirmed.
 */
#include "catalogue.h"

static const char *detail_helo(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->helo.text;
}

static enum answer test_ours(const struct evidence *e)
{
    return answer_if(e->helo_is_ours && !e->client_is_local);
}

RULE(helo_is_ours) = {
    .summary = "The client greets with one of our names and is not one of our hosts.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_is_recipient_domain),
    .advice = "you greet with %{helo}, which is a name of this site: greet with a host name of your own that "
              "points to %{client}",
    .test = test_ours,
    .detail = detail_helo,
};

static enum answer test_our_address(const struct evidence *e)
{
    return answer_if(e->helo_is_our_address && !e->client_is_local);
}

RULE(helo_is_our_address) = {
    .summary = "The client greets with one of our addresses and is not one of our hosts.",
    .points = 100,
    .certain = true,
    .implies = IMPLIES(helo_bare_ip, helo_literal, helo_literal_mismatch, helo_literal_private),
    .advice = "you greet with %{helo}, which is an address of this site: greet with a host name of your own that "
              "points to %{client}",
    .test = test_our_address,
    .detail = detail_helo,
};

/*
 * Some reverse name under one of the domains is confirmed, and is not the name of one of the provider's customers, who
 * are confirmed in that domain as well.
 */
static enum answer has_confirmed_under(const struct evidence *e, const char *const *domains)
{
    enum answer best = reverse_is_known(e) ? NO : OPEN;

    for (unsigned i = 0; i < e->rdns_count; i++)
        for (const char *const *domain = domains; *domain; domain++)
            if (name_under(e->rdns[i].name.text, *domain) && !naming_is_assigned(&e->rdns[i].naming))
                best = answer_or(best, answer_known(e->rdns[i].confirmed));
    return best;
}

/* The owner of the name says in SPF that the client is none of its hosts, and so does the name's address record. */
static enum answer owner_denies(const struct evidence *e)
{
    enum answer fails = answer_or(helo_spf_is(e, SPF_FAIL), helo_spf_is(e, SPF_SOFTFAIL));

    return answer_and(fails, answer_not(helo_points_to_client(e)));
}

/*
 * The domain that HELO claims to be of names the client, or allows it in SPF. NO without such a domain. The owner is
 * our recipient's domain or a large provider, so it is trusted: many of them publish "include:%{ir}.…". NEED_OWNER.
 */
static enum answer owner_allows(const struct evidence *e)
{
    return evidence_owner(e) ? answer_or(answer_known(e->owner_is_client), spf_allows(e->owner_spf, true)) : NO;
}

/*
 * No host of a provider greets with the bare domain. So if the domain's owner denies the client, no reverse name could
 * change that, and a sender gains nothing from a reverse zone that does not answer. Any proof of identity clears the
 * client, and so does the provider's own word for its domain.
 */
static enum answer test_forges_provider(const struct evidence *e)
{
    enum answer forged;

    if (!e->helo_provider || identity_at_least(e, IDENTITY_VERIFIED) == YES)
        return NO;
    if (helo_is_bare_domain(e) && owner_denies(e) == YES)
        return YES;
    forged = answer_and(reverse_exists(e), answer_not(has_confirmed_under(e, e->helo_provider)));
    forged = answer_and(forged, answer_not(answer_or(identity_at_least(e, IDENTITY_VERIFIED), owner_allows(e))));
    return helo_is_bare_domain(e) ? answer_or(forged, owner_denies(e)) : forged;
}

static const char *detail_forges_provider(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->rdns_count > 0 ? e->rdns[0].name.text : "its SPF record denies it";
}

RULE(helo_forges_provider) = {
    .summary = "HELO is a name of a large provider, and none of the client's reverse names is that provider's.",
    .needs = NEED_UNVERIFIED | NEED_OWNER,
    .points = 75, /* at its limit: few rows, and a forgery by definition */
    .adds = 100,
    .lasting = true,
    .implies = IMPLIES(helo_other_domain, helo_forward_mismatch, helo_not_rdns, helo_unresolvable),
    .advice = "you greet as %{helo}, but your address %{client} does not belong to that provider (%{detail}): "
              "greet with a host name of your own that points to %{client}",
    .test = test_forges_provider,
    .detail = detail_forges_provider,
};

static enum answer test_unproved_provider(const struct evidence *e)
{
    return e->helo_provider && helo_is_bare_domain(e) ? answer_not(reverse_exists(e)) : NO;
}

/*
 * Weaker than a name that is somebody else's: even large providers lose a reverse zone for an hour. Their hosts then
 * greet with names under their domains, and none with the domain itself.
 */
RULE(helo_unproved_provider) = {
    .summary = "HELO is the domain of a large provider whose hosts have reverse names, and the client has none.",
    .needs = NEED_REVERSE,
    .points = 30,
    .adds = 100,
    .lasting = true,
    .implies = IMPLIES(helo_forward_mismatch, helo_unresolvable),
    .enhanced = "5.7.25",
    .advice = "you greet as %{helo}, but your address %{client} has no reverse name: greet with a host name of "
              "your own that points to %{client}, and have the PTR record set to that name",
    .test = test_unproved_provider,
};

/*
 * A web server of the recipient's own, hosted elsewhere, is honest: its identity is proved, or the domain itself
 * names it or allows it in SPF. An unconfirmed reverse name is no excuse, because whoever has an address may write
 * any name into its PTR record.
 */
static enum answer test_recipient_domain(const struct evidence *e)
{
    if (!helo_claims_recipient(e) || e->helo_is_ours || e->client_is_local)
        return NO;
    return answer_not(
        answer_or(answer_or(identity_at_least(e, IDENTITY_ALIGNED), helo_points_near_client(e)), owner_allows(e)));
}

static const char *detail_recipient_domain(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->recipient_domain.text;
}

RULE(helo_is_recipient_domain) = {
    .summary = "HELO is the recipient's own domain, and nothing shows that the client belongs to it.",
    .needs = NEED_UNVERIFIED | NEED_OWNER,
    .points = 60, /* by hand: the rows have no recipients */
    .adds = 50,
    .lasting = true,
    .implies = IMPLIES(helo_other_domain, helo_forward_mismatch, helo_not_rdns, helo_unresolvable),
    .advice = "you greet with %{helo}, which is in the recipient's own domain, but that name does not lead to "
              "%{client}: greet with a host name of your own that points to %{client}",
    .test = test_recipient_domain,
    .detail = detail_recipient_domain,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * identity: what proves who the client is. One answer for rules, credits, history, exemptions and heloctl.
 *
 * Each level is a three-valued question. The level that is proved is the highest one with YES; the best that could
 * still be proved is the highest one that is not NO. More evidence raises the first and lowers the second until they
 * meet.
 */
#include <string.h>

#include "facts.h"

/*
 * A reverse name that equals HELO is confirmed by HELO's own address record, so the PTR names need not be known for NO.
 * A name that reverse DNS verified is not asked for its other records, so that question comes first.
 */
static enum answer is_verified(const struct evidence *e)
{
    if (e->helo.kind != NAME_HOST || e->helo.reserved != NAME_RESERVED_NONE)
        return NO;
    if (helo_is_confirmed(e, FIT_NAME) == YES)
        return YES;
    return answer_or(helo_points_to_client(e), helo_spf_allows(e));
}

static enum answer is_aligned(const struct evidence *e)
{
    return helo_is_confirmed(e, FIT_DOMAIN);
}

static enum answer is_named(const struct evidence *e)
{
    enum answer best = reverse_is_known(e) ? NO : OPEN;

    for (unsigned i = 0; i < e->rdns_count; i++)
        if (!naming_is_assigned(&e->rdns[i].naming))
            best = answer_or(best, answer_known(e->rdns[i].confirmed));
    return best;
}

static void add_fit(const struct evidence_rdns *rdns, enum answer confirmed[FIT_COUNT])
{
    for (enum rdns_fit fit = FIT_NONE; confirmed && fit <= rdns->fit; fit++)
        confirmed[fit] = answer_or(confirmed[fit], answer_known(rdns->confirmed));
}

/* Several rules ask for a confirmed name that fits HELO, so this is worked out once for all of them. */
static void find_fits(struct evidence *e)
{
    bool host = helo_is_host(e), own = helo_is_own_name(e);

    for (enum rdns_fit fit = FIT_NONE; fit < FIT_COUNT; fit++) {
        e->helo_confirmed[fit] = host && !reverse_is_known(e) ? OPEN : NO;
        e->helo_own[fit] = own ? e->helo_confirmed[fit] : NO;
    }
    for (unsigned i = 0; i < e->rdns_count; i++) {
        struct evidence_rdns *rdns = &e->rdns[i];

        if (name_equal(&rdns->name, &e->helo))
            rdns->fit = FIT_NAME;
        else
            rdns->fit = name_same_domain(&rdns->name, &e->helo) ? FIT_DOMAIN : FIT_NONE;
        add_fit(rdns, host ? e->helo_confirmed : NULL);
        add_fit(rdns, own && !naming_is_assigned(&rdns->naming) ? e->helo_own : NULL);
    }
}

void evidence_conclude(struct evidence *e)
{
    enum answer (*const levels[IDENTITY_COUNT])(const struct evidence *) = {
        [IDENTITY_NAMED] = is_named,
        [IDENTITY_ALIGNED] = is_aligned,
        [IDENTITY_VERIFIED] = is_verified,
    };

    find_fits(e);
    e->identity = e->identity_at_best = IDENTITY_NOTHING;
    for (int level = IDENTITY_VERIFIED; level > IDENTITY_NOTHING; level--) {
        enum answer proved = levels[level](e);

        if (proved != NO && e->identity_at_best == IDENTITY_NOTHING)
            e->identity_at_best = (enum identity_level)level;
        if (proved == YES) {
            e->identity = (enum identity_level)level;
            return;
        }
    }
}

enum answer evidence_verified(const struct evidence *e)
{
    if (identity_at_least(e, IDENTITY_ALIGNED) == YES)
        return YES;
    return helo_is_unverified(e) == YES ? NO : OPEN;
}

const char *evidence_owner(const struct evidence *e)
{
    const char *owner = NULL;

    if (helo_is_host(e) && e->helo_provider)
        owner = e->helo.registrable;
    else if (helo_claims_recipient(e))
        owner = e->recipient_domain.text;
    return owner && strcmp(owner, e->helo.text) != 0 ? owner : NULL;
}

const char *evidence_known_name(enum known known)
{
    static const char *const names[] = {
        [KNOWN_NOT_ASKED] = "not asked",
        [KNOWN_PRESENT] = "present",
        [KNOWN_ABSENT] = "absent",
        [KNOWN_TEMPERROR] = "temperror",
    };

    return names[known];
}

const char *evidence_known_answer(enum known known)
{
    return known == KNOWN_PRESENT ? "yes" : known == KNOWN_ABSENT ? "no" : evidence_known_name(known);
}

const char *identity_name(const struct evidence *e)
{
    static const char *const names[IDENTITY_COUNT] = {
        [IDENTITY_NOTHING] = "nothing",
        [IDENTITY_NAMED] = "named",
        [IDENTITY_ALIGNED] = "aligned",
        [IDENTITY_VERIFIED] = "verified",
    };

    return e->identity == IDENTITY_NOTHING && e->identity_at_best > IDENTITY_NOTHING ? "open" : names[e->identity];
}

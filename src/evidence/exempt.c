/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt: decides which clients are not judged. Pure, except that exemptions expire by the wall clock.
 *
 * An entry for a reverse name or a HELO name applies once the name is proved. Until then, or if the lookup failed or
 * the limits do not allow it, evidence.exempt is OPEN, and the client is not rejected.
 */
#include "clock.h"
#include "gathering.h"

static void exempt(struct gather *g, int32_t entry)
{
    g->e.skip = SKIP_EXEMPT;
    g->e.exemption = entry;
    g->e.exempt = YES;
}

void exempt_client(struct gather *g)
{
    const struct request *req = g->e.request;
    bool certified = g->options.settings->exempt.certificates && req->ccert_subject[0] != '\0';
    int32_t entry;

    if (req->sasl_username[0] != '\0' || certified)
        g->e.skip = SKIP_AUTHENTICATED;
    else if (req->client.family == ADDRESS_NONE)
        g->e.skip = SKIP_NO_CLIENT;
    else if (req->state == REQUEST_STATE_VRFY || req->state == REQUEST_STATE_CONNECT ||
             (req->state == REQUEST_STATE_OTHER && req->protocol_state[0] != '\0'))
        g->e.skip = SKIP_NO_MAIL;
    if (g->e.skip != SKIP_NONE)
        return;
    entry = settings_exempt_client(g->options.settings, &g->e.client, clock_wall());
    if (entry >= 0)
        exempt(g, entry);
}

bool exempt_matches(const struct gather *g, const char *reverse_name)
{
    return suffix_set_count(g->options.settings->exempt.rdns) > 0 &&
           settings_exempt_rdns(g->options.settings, reverse_name, clock_wall()) >= 0;
}

/* By a confirmed reverse name. OPEN while a name that matches is unconfirmed, or not all names are known. */
static enum answer by_reverse_name(struct gather *g, time_t now)
{
    const struct evidence *e = &g->e;
    bool all_known = e->reverse == KNOWN_ABSENT || (e->reverse == KNOWN_PRESENT && !e->rdns_partial);
    enum answer best = all_known && !g->exempt_left_out ? NO : OPEN;

    if (suffix_set_count(g->options.settings->exempt.rdns) == 0)
        return NO;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        int32_t entry = settings_exempt_rdns(g->options.settings, e->rdns[i].name.text, now);

        if (entry >= 0 && e->rdns[i].confirmed == KNOWN_PRESENT) {
            exempt(g, entry);
            return YES;
        }
        if (entry >= 0 && e->rdns[i].confirmed != KNOWN_ABSENT)
            best = OPEN;
    }
    return best;
}

/* By the HELO name, once the client is verified to be its owner. */
static enum answer by_helo(struct gather *g, time_t now)
{
    const struct settings *settings = g->options.settings;
    const struct evidence *e = &g->e;
    enum answer proved;
    int32_t entry;

    if (suffix_set_count(settings->exempt.helo) == 0 || (e->helo.kind != NAME_HOST && e->helo.kind != NAME_SINGLE))
        return NO;
    entry = settings_exempt_helo(settings, e->helo.text, now);
    if (entry < 0)
        return NO;
    proved = settings->exempt.helo_unverified ? YES : identity_at_least(e, IDENTITY_VERIFIED);
    if (proved == YES)
        exempt(g, entry);
    return proved;
}

void exempt_names(struct gather *g)
{
    const struct exempt_settings *entries = &g->options.settings->exempt;
    enum answer reverse, helo;
    time_t now;

    g->exempt_needs = 0;
    if (g->e.skip != SKIP_NONE || suffix_set_count(entries->rdns) + suffix_set_count(entries->helo) == 0)
        return;
    now = clock_wall();
    reverse = by_reverse_name(g, now);
    helo = reverse == YES ? NO : by_helo(g, now);
    if (g->e.skip != SKIP_NONE)
        return;
    g->e.exempt = answer_or(reverse, helo);
    if (reverse == OPEN)
        g->exempt_needs |= NEED_REVERSE | NEED_CONFIRM;
    if (helo == OPEN)
        g->exempt_needs |= NEED_HELO_ADDRESS | NEED_HELO_SPF;
}

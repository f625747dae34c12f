/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard: the two states of trust in the resolver. Pure: the caller passes the time and the failure rate. Promises
 * that it reports each change once, and that a suspension always ends once the resolver answers.
 */
#include "guard.h"

enum { QUIET_MS = 60000, PROBE_MS = 1000, NETWORK_PROBE_MS = 15000 };

static enum guard_change resume(struct guard *g)
{
    *g = (struct guard){.suspended = false};
    return GUARD_RESUMED;
}

bool guard_suspects(const struct guard *g, int trouble, unsigned percent)
{
    return g->suspended || (percent != 0 && trouble >= 0 && (unsigned)trouble >= percent);
}

enum guard_change guard_update(struct guard *g, int trouble, enum guard_probe probe, unsigned percent, uint64_t now_ms)
{
    if (!g->suspended) {
        if (!guard_suspects(g, trouble, percent) || probe != GUARD_PROBE_FAILED)
            return GUARD_SAME;
        *g = (struct guard){.suspended = true, .probe_ms = now_ms + PROBE_MS};
        return GUARD_SUSPENDED;
    }
    if (percent == 0 || probe == GUARD_PROBE_ANSWERED)
        return resume(g);
    if (trouble >= 0) {
        g->quiet_since_ms = 0;
        return (unsigned)trouble * 2 < percent ? resume(g) : GUARD_SAME;
    }
    if (g->quiet_since_ms == 0)
        g->quiet_since_ms = now_ms;
    return now_ms - g->quiet_since_ms >= QUIET_MS ? resume(g) : GUARD_SAME;
}

static bool has_probed(const struct guard *g, const struct address *network, uint64_t now_ms)
{
    for (unsigned i = 0; i < g->probes && i < GUARD_PROBED; i++)
        if (now_ms - g->probed[i].ms < NETWORK_PROBE_MS && address_equal(&g->probed[i].network, network))
            return true;
    return false;
}

bool guard_holds_back(struct guard *g, const struct address *network, uint64_t now_ms)
{
    unsigned at = g->probes % GUARD_PROBED;

    if (!g->suspended)
        return false;
    if (now_ms < g->probe_ms || has_probed(g, network, now_ms))
        return true;
    g->probed[at].network = *network;
    g->probed[at].ms = now_ms;
    g->probes++;
    g->probe_ms = now_ms + PROBE_MS;
    return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard: suspends DNS points while the resolver is in trouble.
 */
#ifndef HELOD_GUARD_H
#define HELOD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

enum { GUARD_PROBED = 16 };

/* Zero to begin with. */
struct guard {
    bool suspended;
    uint64_t quiet_since_ms; /* while suspended: since when there are too few lookups to judge; 0: enough */
    uint64_t probe_ms;       /* when the next request may query DNS */
    unsigned probes;
    struct {
        struct address network;
        uint64_t ms;
    } probed[GUARD_PROBED]; /* the last ones */
};

/* What recent lookups of names that no client chose have shown (probe.h); OPEN: nothing yet. */
enum guard_probe { GUARD_PROBE_OPEN, GUARD_PROBE_ANSWERED, GUARD_PROBE_FAILED };
enum guard_change { GUARD_SAME, GUARD_SUSPENDED, GUARD_RESUMED };

/*
 * Takes the result of resolver_trouble(): percent of temporary failures, or -1 if there are too few lookups. Suspends
 * above `percent` (0: never), but only if the probe failed: names that clients choose only raise a suspicion. Resumes
 * when the probe is answered, below half of `percent`, or after a minute with too few lookups.
 */
enum guard_change guard_update(struct guard *g, int trouble, enum guard_probe probe, unsigned percent, uint64_t now_ms);
/* There is reason to probe. */
bool guard_suspects(const struct guard *g, int trouble, unsigned percent);
/*
 * Returns true when this request must do without DNS. While DNS points are suspended, one request a second may query
 * DNS to find out whether it works again, and one client network only once in fifteen seconds: otherwise the names of
 * a client that greets often would decide about the resolver. `network`: base of the client's network.
 */
bool guard_holds_back(struct guard *g, const struct address *network, uint64_t now_ms);

#endif

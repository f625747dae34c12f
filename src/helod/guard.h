/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard: suspends DNS points while the resolver is in trouble.
 */
#ifndef HELOD_GUARD_H
#define HELOD_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/* Zero to begin with. */
struct guard {
    bool suspended;
    uint64_t quiet_since_ms; /* suspended, and too few lookups to tell since then; 0: not quiet */
    uint64_t probe_ms;       /* when the next question may try the DNS */
};

enum guard_change { GUARD_SAME, GUARD_SUSPENDED, GUARD_RESUMED };

/*
 * Takes what resolver_trouble() says (percent of temporary failures, -1: too few to tell). Suspends past `percent`
 * (0: never), resumes under half of it, or after a minute without enough lookups to tell.
 */
enum guard_change guard_update(struct guard *g, int trouble, unsigned percent, uint64_t now_ms);
/* Should this question do without DNS? One question a second may try while suspended: how else would we know. */
bool guard_holds_back(struct guard *g, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: asks the resolver for names that no client chose, while it is suspected or distrusted (guard.h).
 */
#ifndef HELOD_PROBE_H
#define HELOD_PROBE_H

#include <stdint.h>

#include "guard.h"
#include "resolver.h"

/* Zero to begin with. */
struct probe {
    struct resolver_query *query; /* under way */
    uint64_t next_ms, answered_ms, failed_ms;
    unsigned count;
};

/*
 * Call it once a second while there is reason to doubt the resolver. Every five seconds it looks up a random name
 * below the next one of `names`, so that no cache has the answer; "no such name" is an answer, too. Returns what the
 * last 15 seconds have shown. Without names there is nothing to ask, which counts as a failure.
 */
enum guard_probe probe_resolver(struct probe *p, struct resolver *r, const char *const *names, uint64_t now_ms);

#endif

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
    uint64_t quiet_since_ms; /* suspended, and too few lookups to tell since then; 0: not quiet */
    uint64_t probe_ms;       /* when the next request may query DNS */
    unsigned probes;
    struct {
        struct address network;
        uint64_t ms;
    } probed[GUARD_PROBED]; /* the last ones */
};

enum guard_change { GUARD_SAME, GUARD_SUSPENDED, GUARD_RESUMED };

/*
 * Takes what resolver_trouble() says (percent of temporary failures, -1: too few to tell). Suspends past `percent`
 * (0: never), resumes under half of it, or after a minute without enough lookups to tell.
 */
enum guard_change guard_update(struct guard *g, int trouble, unsigned percent, uint64_t now_ms);
/*
 * Returns true when this request must do without DNS. While DNS points are suspended, one request a second may query
 * DNS to find out whether it works again, and one client network only once in fifteen seconds: a client that greets
 * often must not be the one by whose names the resolver is judged. `network`: base of the client's network.
 */
bool guard_holds_back(struct guard *g, const struct address *network, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * oracle: resolver.h over the daemon's own cache and a function that says what the DNS says at this moment. Nothing is
 * sent; what is asked waits until it is delivered. And a store (history.h) that remembers what it is told to.
 */
#ifndef HELOD_ORACLE_H
#define HELOD_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#include "history.h"
#include "resolver.h"

enum { ORACLE_RECORDS = 8 };

struct oracle_answer {
    enum dns_status status;
    uint32_t ttl;
    uint16_t count;
    const char *values[ORACLE_RECORDS]; /* an address, a name (PTR, MX) or a text */
};

typedef void oracle_world(void *arg, const char *name, uint16_t type, struct oracle_answer *out);

struct resolver *oracle_new(oracle_world *world, void *arg, const struct resolver_options *options);
void oracle_free(struct resolver *r);
bool oracle_deliver(struct resolver *r);            /* the next answer; false: none is waited for */
unsigned oracle_sent(const struct resolver *r);     /* look-ups that the cache did not spare */
unsigned oracle_recalled(const struct resolver *r); /* answers counted by resolver_count_hits() */

struct history {
    bool at_once; /* as the store in memory; else it is waited for */
    struct history_facts facts;
    history_done *done; /* NULL: nobody waits */
    void *arg;
};

bool oracle_remember(struct history *h); /* answers who waits; false: nobody does */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_sentinel: the sentinels of the setting, and which server each of them names as the master. Each has two
 * connections: one to ask on, and one that is subscribed to +switch-master, on which nothing can be asked.
 */
#ifndef HELOD_HISTORY_REDIS_SENTINEL_H
#define HELOD_HISTORY_REDIS_SENTINEL_H

#include "redis_link.h"
#include "redis_slots.h"

struct redis_sentinels;

struct redis_sentinels_options {
    const struct store_context *context; /* outlives the sentinels */
    const struct redis_place *places;    /* copied */
    unsigned count;
    const struct redis_tls *tls; /* NULL: no TLS */
    /* Sentinel `which` of the places names the master; NULL: it names none. Not called while they are made or freed. */
    void (*named)(void *arg, unsigned which, const struct redis_announced *master);
    void *arg;
};

/* NULL: no memory. */
struct redis_sentinels *redis_sentinels_new(const struct redis_sentinels_options *options);
/* NULL is allowed. */
void redis_sentinels_free(struct redis_sentinels *s);
/* Asks all that are up. */
void redis_sentinels_ask(struct redis_sentinels *s);
/* Whether one of them may still name a master, because it has neither answered nor failed. */
bool redis_sentinels_pending(const struct redis_sentinels *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* cache: answers by type and name, bounded in entries and in bytes, least recently used thrown out first. */
#ifndef HELOD_DNS_CACHE_H
#define HELOD_DNS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "answer.h"

struct cache;

struct cache_ttls {
    uint32_t min, max, negative_max, failure; /* seconds */
};

/* At most `entries` (0: nothing is kept, TTLs are clamped all the same). NULL: no memory. */
struct cache *cache_new(size_t entries, const struct cache_ttls *ttls);
void cache_free(struct cache *c); /* NULL is allowed */
/* New bounds; what fits them stays. False: no memory, nothing changed. */
bool cache_resize(struct cache *c, size_t entries, const struct cache_ttls *ttls);
/* Clamps the answer's TTL by its status and keeps it with a reference of its own. */
void cache_put(struct cache *c, struct answer *a, uint64_t now_ms);
/* The answer with what is left of its TTL, or NULL. Borrowed: the next cache_put() may drop it. */
struct answer *cache_find(struct cache *c, const void *key, size_t key_size, uint64_t now_ms);
size_t cache_count(const struct cache *c);
size_t cache_bytes(const struct cache *c);

#endif

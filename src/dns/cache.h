/* SPDX-License-Identifier: BSD-2-Clause */
/* cache: answers by type and name, bounded in entries and in bytes. The least recently used are evicted first. */
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

/* Holds at most `entries` answers; with 0 it stores nothing but still clamps TTLs. Returns NULL without memory. */
struct cache *cache_new(size_t entries, const struct cache_ttls *ttls);
void cache_free(struct cache *c); /* NULL is allowed */
/* Sets new bounds and keeps what fits them. Returns false when there is no memory; then nothing has changed. */
bool cache_resize(struct cache *c, size_t entries, const struct cache_ttls *ttls);
/* Clamps the answer's TTL according to its status and stores it, taking a reference of its own. */
void cache_put(struct cache *c, struct answer *a, uint64_t now_ms);
/* Returns the answer with its remaining TTL, or NULL. Borrowed: the next cache_put() may free it. */
struct answer *cache_find(struct cache *c, const void *key, size_t key_size, uint64_t now_ms);
size_t cache_count(const struct cache *c);
size_t cache_bytes(const struct cache *c);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cache: stores answers for their TTL, clamped by the settings. A stranger can make helod ask for many names, or for
 * names with long answers. That may evict other entries, but the cache never exceeds its bounds in entries and bytes.
 */
#include "cache.h"

#include <stdlib.h>

enum {
    ANSWER_BYTES = 384,                /* average size; with the table about 24 MB for 65,536 answers */
    CACHE_BYTES_MIN = 4 * 1024 * 1024, /* keeps one long answer from evicting everything in a small cache */
};

struct cache {
    struct table *table; /* NULL: caching is off */
    struct cache_ttls ttls;
};

static void release(struct table_entry *entry, void *arg)
{
    (void)arg;
    answer_unref((struct answer *)entry);
}

struct cache *cache_new(size_t entries, const struct cache_ttls *ttls)
{
    struct cache *c = calloc(1, sizeof *c);

    if (!c)
        return NULL;
    if (!cache_resize(c, entries, ttls)) {
        free(c);
        return NULL;
    }
    return c;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    table_free(c->table);
    free(c);
}

bool cache_resize(struct cache *c, size_t entries, const struct cache_ttls *ttls)
{
    size_t bytes = entries * ANSWER_BYTES;
    const struct table_limits limits = {entries, bytes > CACHE_BYTES_MIN ? bytes : CACHE_BYTES_MIN};

    if (entries == 0) {
        table_free(c->table);
        c->table = NULL;
    } else if (c->table) {
        table_resize(c->table, &limits);
    } else if ((c->table = table_new(&limits, release, NULL)) == NULL) {
        return false;
    }
    c->ttls = *ttls;
    return true;
}

static uint32_t clamp(uint32_t ttl, uint32_t min, uint32_t max)
{
    if (min > max)
        min = max;
    return ttl < min ? min : ttl > max ? max : ttl;
}

static uint32_t clamped_ttl(const struct cache_ttls *ttls, const struct dns_answer *a)
{
    switch (a->status) {
    case DNS_FOUND:
        return clamp(a->ttl, ttls->min, ttls->max);
    case DNS_NODATA:
    case DNS_NXDOMAIN:
        return clamp(a->ttl, ttls->min, ttls->negative_max);
    case DNS_TEMPERROR:
        break;
    }
    return ttls->failure;
}

void cache_put(struct cache *c, struct answer *a, uint64_t now_ms)
{
    a->view.ttl = clamped_ttl(&c->ttls, &a->view);
    a->expires_ms = now_ms + a->view.ttl * UINT64_C(1000);
    if (c->table && a->view.ttl > 0)
        table_insert(c->table, &answer_ref(a)->entry);
}

struct answer *cache_find(struct cache *c, const void *key, size_t key_size, uint64_t now_ms)
{
    struct table_entry *entry = c->table ? table_find(c->table, key, key_size) : NULL;
    struct answer *a = (struct answer *)entry;

    if (!entry)
        return NULL;
    if (a->expires_ms <= now_ms) {
        table_remove(c->table, entry);
        return NULL;
    }
    a->view.ttl = (uint32_t)((a->expires_ms - now_ms + 999) / 1000);
    return a;
}

size_t cache_count(const struct cache *c)
{
    return c->table ? table_count(c->table) : 0;
}

size_t cache_bytes(const struct cache *c)
{
    return c->table ? table_bytes(c->table) : 0;
}

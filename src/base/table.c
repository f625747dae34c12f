/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: a chained hash table whose entries also form a list in order of use.
 *
 * Never holds more than max_entries entries, nor more than max_bytes of cost; an entry that was just inserted stays
 * even if it alone costs more, so its caller can continue to use it. The number of buckets doubles with the number of
 * entries, which takes some 10 ms at half a million entries: that happens once, so it is not spread out.
 */
#include "table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum { BUCKETS_MIN = 16 };

struct table {
    struct hash_key key;
    struct table_limits limits;
    table_release *release;
    void *arg;
    struct table_entry **buckets;
    size_t size; /* number of buckets, a power of two */
    struct table_entry *newest, *oldest;
    size_t count, bytes;
    uint64_t evicted;
};

struct table *table_new(const struct table_limits *limits, table_release *release, void *arg)
{
    struct table *t = calloc(1, sizeof *t);

    assert(limits->max_entries > 0);
    if (t == NULL)
        return NULL;
    t->size = BUCKETS_MIN;
    t->buckets = calloc(t->size, sizeof(struct table_entry *));
    if (t->buckets == NULL || !hash_key_random(&t->key)) {
        free(t->buckets);
        free(t);
        return NULL;
    }
    t->limits = *limits;
    t->release = release;
    t->arg = arg;
    return t;
}

void table_free(struct table *t)
{
    if (t == NULL)
        return;
    table_clear(t);
    free(t->buckets);
    free(t);
}

static struct table_entry **bucket(const struct table *t, uint64_t hash)
{
    return &t->buckets[(size_t)hash & (t->size - 1)];
}

/* If there is no memory for more buckets, the chains become longer, but everything still works. */
static void grow(struct table *t)
{
    struct table_entry **larger = calloc(t->size * 2, sizeof(struct table_entry *));

    if (larger == NULL)
        return;
    free(t->buckets);
    t->buckets = larger;
    t->size *= 2;
    for (struct table_entry *e = t->oldest; e != NULL; e = e->newer) {
        struct table_entry **head = bucket(t, e->hash);

        e->next = *head;
        *head = e;
    }
}

static void order_remove(struct table *t, struct table_entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &t->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &t->oldest) = e->newer;
}

static void order_add_newest(struct table *t, struct table_entry *e)
{
    e->newer = NULL;
    e->older = t->newest;
    *(t->newest != NULL ? &t->newest->newer : &t->oldest) = e;
    t->newest = e;
}

struct table_entry *table_peek_hashed(const struct table *t, uint64_t hash, const void *key, size_t key_size)
{
    struct table_entry *e = *bucket(t, hash);

    while (e != NULL && (e->hash != hash || e->key_size != key_size || memcmp(e->key, key, key_size) != 0))
        e = e->next;
    return e;
}

struct table_entry *table_peek(const struct table *t, const void *key, size_t key_size)
{
    return t->count == 0 ? NULL : table_peek_hashed(t, hash_bytes(&t->key, key, key_size), key, key_size);
}

void table_use(struct table *t, struct table_entry *entry)
{
    if (entry == t->newest)
        return;
    order_remove(t, entry);
    order_add_newest(t, entry);
}

struct table_entry *table_find(struct table *t, const void *key, size_t key_size)
{
    struct table_entry *e = table_peek(t, key, key_size);

    if (e != NULL)
        table_use(t, e);
    return e;
}

void table_remove(struct table *t, struct table_entry *entry)
{
    struct table_entry **link = bucket(t, entry->hash);

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    order_remove(t, entry);
    t->count--;
    t->bytes -= entry->cost;
    if (t->release != NULL)
        t->release(entry, t->arg);
    else
        free(entry);
}

static bool over_limit(const struct table *t)
{
    return t->count > t->limits.max_entries || (t->limits.max_bytes > 0 && t->bytes > t->limits.max_bytes);
}

static void make_room(struct table *t, const struct table_entry *kept)
{
    while (over_limit(t) && t->count > 1) {
        table_remove(t, t->oldest != kept ? t->oldest : t->oldest->newer);
        t->evicted++;
    }
}

uint64_t table_hash(const struct table *t, const void *key, size_t key_size)
{
    return hash_bytes(&t->key, key, key_size);
}

void table_insert(struct table *t, struct table_entry *entry)
{
    table_insert_hashed(t, entry, table_hash(t, entry->key, entry->key_size));
}

void table_insert_hashed(struct table *t, struct table_entry *entry, uint64_t hash)
{
    struct table_entry *same = table_peek_hashed(t, hash, entry->key, entry->key_size);
    struct table_entry **head;

    assert(same != entry);
    if (same != NULL)
        table_remove(t, same);
    if (t->count >= t->size)
        grow(t);
    head = bucket(t, hash);
    entry->hash = hash;
    entry->next = *head;
    *head = entry;
    order_add_newest(t, entry);
    t->count++;
    t->bytes += entry->cost;
    make_room(t, entry);
}

void table_charge(struct table *t, struct table_entry *entry, size_t cost)
{
    t->bytes = t->bytes - entry->cost + cost;
    entry->cost = cost;
    make_room(t, entry);
}

void table_resize(struct table *t, const struct table_limits *limits)
{
    t->limits = *limits;
    make_room(t, NULL);
}

void table_clear(struct table *t)
{
    while (t->oldest != NULL)
        table_remove(t, t->oldest);
}

void table_walk(const struct table *t, bool (*visit)(struct table_entry *entry, void *arg), void *arg)
{
    struct table_entry *e = t->oldest;

    while (e != NULL && visit(e, arg))
        e = e->newer;
}

size_t table_count(const struct table *t)
{
    return t->count;
}

size_t table_bytes(const struct table *t)
{
    return t->bytes;
}

uint64_t table_evicted(const struct table *t)
{
    return t->evicted;
}

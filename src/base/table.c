/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: a chained hash table with the order of use running through its entries.
 *
 * Promises: never more than max_entries entries, nor more than max_bytes of cost (the entry just inserted is kept even
 * when it alone costs more, so that its caller may go on using it). No operation walks the whole table: when it
 * grows, the old buckets are emptied a few at a time by the insertions that follow. Without memory to grow it goes on
 * with longer chains.
 */
#include "table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

enum {
    BUCKETS_MIN = 16,
    MOVED_PER_INSERT = 4, /* old buckets; 1 would do, more shorten the time with two arrays */
};

struct buckets {
    struct table_entry **heads;
    size_t size; /* a power of two; 0: none */
};

struct table {
    struct hash_key key;
    struct table_limits limits;
    table_release *release;
    void *arg;
    struct buckets current;
    struct buckets old; /* being emptied */
    size_t moved;       /* old buckets before this one are empty */
    struct table_entry *newest, *oldest;
    size_t count, bytes;
    uint64_t evicted;
};

static bool buckets_init(struct buckets *b, size_t size)
{
    b->heads = calloc(size, sizeof *b->heads);
    b->size = b->heads == NULL ? 0 : size;
    return b->heads != NULL;
}

struct table *table_new(const struct table_limits *limits, table_release *release, void *arg)
{
    struct table *t = calloc(1, sizeof *t);

    assert(limits->max_entries > 0);
    if (t == NULL)
        return NULL;
    if (!hash_key_random(&t->key) || !buckets_init(&t->current, BUCKETS_MIN)) {
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
    free(t->current.heads);
    free(t->old.heads);
    free(t);
}

static struct table_entry **bucket(const struct table *t, uint64_t hash)
{
    size_t at = (size_t)hash & (t->old.size - 1);

    if (t->old.size > 0 && at >= t->moved)
        return &t->old.heads[at];
    return &t->current.heads[(size_t)hash & (t->current.size - 1)];
}

static void move_some(struct table *t)
{
    for (int i = 0; i < MOVED_PER_INSERT && t->old.size > 0; i++) {
        struct table_entry *e = t->old.heads[t->moved++];
        while (e != NULL) {
            struct table_entry *next = e->next;
            struct table_entry **head = &t->current.heads[(size_t)e->hash & (t->current.size - 1)];
            e->next = *head;
            *head = e;
            e = next;
        }
        if (t->moved == t->old.size) {
            free(t->old.heads);
            t->old = (struct buckets){.size = 0};
        }
    }
}

static void grow(struct table *t)
{
    struct buckets larger;

    if (t->old.size > 0 || t->count < t->current.size || !buckets_init(&larger, t->current.size * 2))
        return;
    t->old = t->current;
    t->current = larger;
    t->moved = 0;
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

static struct table_entry *find_hashed(const struct table *t, uint64_t hash, const void *key, size_t key_size)
{
    struct table_entry *e = *bucket(t, hash);

    while (e != NULL && (e->hash != hash || e->key_size != key_size || memcmp(e->key, key, key_size) != 0))
        e = e->next;
    return e;
}

struct table_entry *table_peek(const struct table *t, const void *key, size_t key_size)
{
    return t->count == 0 ? NULL : find_hashed(t, hash_bytes(&t->key, key, key_size), key, key_size);
}

struct table_entry *table_find(struct table *t, const void *key, size_t key_size)
{
    struct table_entry *e = table_peek(t, key, key_size);

    if (e != NULL && e != t->newest) {
        order_remove(t, e);
        order_add_newest(t, e);
    }
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
    t->release(entry, t->arg);
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

void table_insert(struct table *t, struct table_entry *entry)
{
    uint64_t hash = hash_bytes(&t->key, entry->key, entry->key_size);
    struct table_entry *same = find_hashed(t, hash, entry->key, entry->key_size);
    struct table_entry **head;

    assert(same != entry);
    if (same != NULL)
        table_remove(t, same);
    grow(t);
    move_some(t);
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

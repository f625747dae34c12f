/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table: a bounded map from bytes to entries that the caller allocates. When it is full, it evicts the least recently
 * used entry.
 *
 * Put a `struct table_entry` first in your own struct. The table never allocates an entry; it calls `release` once
 * for each entry that it drops (evicted, removed, replaced, or at table_free()), or free() if `release` is NULL. The
 * hash has a random key.
 */
#ifndef HELOD_TABLE_H
#define HELOD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

struct table_entry {
    const void *key; /* owned by the entry, constant while it is in a table */
    size_t key_size;
    size_t cost; /* bytes that count against max_bytes; 0 where only entries are bounded */
    uint64_t hash;
    struct table_entry *next, *newer, *older; /* the table's own */
};

struct table_limits {
    size_t max_entries; /* at least 1 */
    size_t max_bytes;   /* 0: no bound but max_entries */
};

typedef void table_release(struct table_entry *entry, void *arg);

/* NULL when there is no memory (or no randomness). */
struct table *table_new(const struct table_limits *limits, table_release *release, void *arg);
void table_free(struct table *t); /* NULL is allowed */
/* Returns the entry and makes it the most recently used, or returns NULL. */
struct table_entry *table_find(struct table *t, const void *key, size_t key_size);
/* Makes an entry of the table the most recently used. */
void table_use(struct table *t, struct table_entry *entry);
/* The same as table_find() without changing the order. */
struct table_entry *table_peek(const struct table *t, const void *key, size_t key_size);
/*
 * Variants that take the hash from table_hash(), so that a key which is looked up and then inserted is hashed only
 * once.
 */
uint64_t table_hash(const struct table *t, const void *key, size_t key_size);
struct table_entry *table_peek_hashed(const struct table *t, uint64_t hash, const void *key, size_t key_size);
void table_insert_hashed(struct table *t, struct table_entry *entry, uint64_t hash);
/*
 * The table takes ownership of the entry. An older entry with the same key is released; the new one is never evicted by
 * its own insertion.
 */
void table_insert(struct table *t, struct table_entry *entry);
void table_remove(struct table *t, struct table_entry *entry);
/* Changes the cost of an entry. If that exceeds max_bytes, other entries are evicted, never this one. */
void table_charge(struct table *t, struct table_entry *entry, size_t cost);
/* Changes the bounds and evicts the oldest entries that exceed them. */
void table_resize(struct table *t, const struct table_limits *limits);
void table_clear(struct table *t);
/* Visits all entries, oldest first. The callback must not change the table; it returns false to stop the walk. */
void table_walk(const struct table *t, bool (*visit)(struct table_entry *entry, void *arg), void *arg);
size_t table_count(const struct table *t);
size_t table_bytes(const struct table *t);
uint64_t table_evicted(const struct table *t);

#endif

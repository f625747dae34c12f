/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally: counts how often each text occurs. It is a table, whose bound keeps a log of strangers' names from filling the
 * memory. When it is full, the texts that were not seen for longest are dropped; table_evicted() counts these.
 */
#ifndef HELOD_TALLY_H
#define HELOD_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

/* A count for printf(), whose %llu is the same type on every machine. */
static inline unsigned long long n(uint64_t count)
{
    return count;
}

enum { TALLY_VALUES = 8, TALLY_NOTE_SIZE = 200 };

struct tally_row {
    struct table_entry entry;
    uint64_t count;
    long long values[TALLY_VALUES]; /* the caller's */
    char note[TALLY_NOTE_SIZE];     /* the caller's; "" at first */
};

/* Counts `key` once more. A row with count 1 is new. */
struct tally_row *tally_add(struct table *t, const char *key);
const char *tally_key(const struct tally_row *row);
/* The parts of a key that was joined by tabs; missing ones are "". They lie in `copy`. */
void tally_split(const struct tally_row *row, char *copy, size_t size, const char *parts[], unsigned count);
bool tally_has(const struct table *t, const char *key);
/* Compares two pointers to entries, like the comparison of qsort(). */
typedef int tally_order(const void *a, const void *b);
tally_order tally_by_count; /* the highest count first; equal counts by key */
/*
 * The entries of any table in that order (NULL: the least recently seen first), the first `max` of them, in an array
 * that the caller frees.
 */
void *tally_sorted(const struct table *t, tally_order *order, size_t max, size_t *n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally: how often what came, by a text; bounded, so that a log of strangers' names cannot fill the memory. When it is
 * full the texts that were not seen for longest are dropped, and counted as such.
 */
#ifndef HELOD_TALLY_H
#define HELOD_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

enum { TALLY_VALUES = 8, TALLY_NOTE_SIZE = 200 };

struct tally;

struct tally_row {
    struct table_entry entry;
    uint64_t count;
    long long values[TALLY_VALUES]; /* the caller's */
    const char *key;                /* NUL-terminated */
    char note[TALLY_NOTE_SIZE];     /* the caller's; "" at first */
};

struct tally *tally_new(size_t max_rows); /* NULL: no memory */
void tally_free(struct tally *t);         /* NULL is allowed */
/* Counts `key` once more. A row with count 1 is new. NULL: no memory. */
struct tally_row *tally_add(struct tally *t, const char *key);
/* The parts of a key that was joined by tabs; missing ones are "". They lie in `copy`. */
void tally_split(const char *key, char *copy, size_t size, const char *parts[], unsigned count);
bool tally_has(const struct tally *t, const char *key);
/* Compares two `struct tally_row *const *`, the one to be first is the smaller. */
typedef int tally_order(const void *a, const void *b);
tally_order tally_by_count; /* the highest count first; equal counts by key */
/* The first rows in that order, at most `max`, in an array that the caller frees. NULL: no memory. */
struct tally_row **tally_sorted(const struct tally *t, tally_order *order, size_t max, size_t *n);
/* The rows with the highest counts, at most `max`, in an array that the caller frees; equal counts by key. */
struct tally_row **tally_top(const struct tally *t, size_t max, size_t *n);
size_t tally_rows(const struct tally *t);
uint64_t tally_dropped(const struct tally *t);

#endif

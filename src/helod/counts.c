/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counts: an entry for each key whose number is not 0. The numbers are exact: keys are compared as a whole, so one that
 * happens to have the same hash has its own number.
 */
#include "counts.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

struct entry {
    struct table_entry link; /* first */
    uint64_t number;
    char key[];
};

struct table *counts_new(size_t max)
{
    return table_new(&(struct table_limits){.max_entries = max}, NULL, NULL);
}

void counts_add(struct table *counts, const void *key, size_t n, int by)
{
    struct entry *e = (struct entry *)table_find(counts, key, n);

    if (e == NULL) {
        e = by > 0 ? calloc(1, sizeof(*e) + n) : NULL;
        if (e == NULL)
            return;
        memcpy(e->key, key, n);
        e->link = (struct table_entry){.key = e->key, .key_size = n};
        table_insert(counts, &e->link);
    }
    e->number += (uint64_t)by;
    if (e->number == 0)
        table_remove(counts, &e->link);
}

uint64_t counts_get(const struct table *counts, const void *key, size_t n)
{
    const struct entry *e = (const struct entry *)table_peek(counts, key, n);

    return e == NULL ? 0 : e->number;
}

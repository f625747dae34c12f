/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally: counts by text over the bounded, seeded table.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

struct tally {
    struct table *rows;
};

struct tally *tally_new(size_t max_rows)
{
    struct tally *t = calloc(1, sizeof(*t));
    const struct table_limits limits = {.max_entries = max_rows};

    if (!t)
        return NULL;
    t->rows = table_new(&limits, NULL, NULL);
    if (t->rows)
        return t;
    free(t);
    return NULL;
}

void tally_free(struct tally *t)
{
    if (!t)
        return;
    table_free(t->rows);
    free(t);
}

struct tally_row *tally_add(struct tally *t, const char *key)
{
    size_t n = strlen(key);
    struct tally_row *row = (struct tally_row *)(void *)table_find(t->rows, key, n);
    char *copy;

    if (!row) {
        row = calloc(1, sizeof(*row) + n + 1);
        if (!row)
            return NULL;
        copy = (char *)(row + 1);
        memcpy(copy, key, n + 1);
        row->key = copy;
        row->entry.key = copy;
        row->entry.key_size = n;
        table_insert(t->rows, &row->entry);
    }
    row->count++;
    return row;
}

void tally_split(const char *key, char *copy, size_t size, const char *parts[], unsigned count)
{
    size_t n = strnlen(key, size - 1);

    memcpy(copy, key, n);
    copy[n] = '\0';
    for (unsigned i = 0; i < count; i++) {
        const char *part = strsep(&copy, "\t");

        parts[i] = part ? part : "";
    }
}

bool tally_has(const struct tally *t, const char *key)
{
    return table_peek(t->rows, key, strlen(key)) != NULL;
}

struct listing {
    struct tally_row **rows;
    size_t n;
};

static bool list(struct table_entry *entry, void *arg)
{
    struct listing *l = arg;

    l->rows[l->n++] = (struct tally_row *)(void *)entry;
    return true;
}

int tally_by_count(const void *a, const void *b)
{
    const struct tally_row *x = *(struct tally_row *const *)a, *y = *(struct tally_row *const *)b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->key, y->key);
}

struct tally_row **tally_top(const struct tally *t, size_t max, size_t *n)
{
    return tally_sorted(t, tally_by_count, max, n);
}

struct tally_row **tally_sorted(const struct tally *t, tally_order *order, size_t max, size_t *n)
{
    struct listing l = {.rows = calloc(table_count(t->rows) + 1, sizeof(struct tally_row *))};

    *n = 0;
    if (!l.rows)
        return NULL;
    table_walk(t->rows, list, &l);
    qsort(l.rows, l.n, sizeof(*l.rows), order);
    *n = l.n < max ? l.n : max;
    return l.rows;
}

size_t tally_rows(const struct tally *t)
{
    return table_count(t->rows);
}

uint64_t tally_dropped(const struct tally *t)
{
    return table_evicted(t->rows);
}

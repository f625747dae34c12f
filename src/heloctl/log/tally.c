/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tally: counts by text over the bounded, seeded table. A key includes the NUL at its end.
 */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "sure.h"

struct tally_row *tally_add(struct table *t, const char *key)
{
    struct tally_row *row = sure_entry(t, key, strlen(key) + 1, sizeof(*row));

    row->count++;
    return row;
}

const char *tally_key(const struct tally_row *row)
{
    return row->entry.key;
}

void tally_split(const struct tally_row *row, char *copy, size_t size, const char *parts[], unsigned count)
{
    size_t n = strnlen(tally_key(row), size - 1);

    memcpy(copy, tally_key(row), n);
    copy[n] = '\0';
    for (unsigned i = 0; i < count; i++) {
        const char *part = strsep(&copy, "\t");

        parts[i] = part ? part : "";
    }
}

bool tally_has(const struct table *t, const char *key)
{
    return table_peek(t, key, strlen(key) + 1) != NULL;
}

int tally_by_count(const void *a, const void *b)
{
    const struct tally_row *x = *(struct tally_row *const *)a, *y = *(struct tally_row *const *)b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(tally_key(x), tally_key(y));
}

static bool list(struct table_entry *entry, void *arg)
{
    struct table_entry ***at = arg;

    *(*at)++ = entry;
    return true;
}

void *tally_sorted(const struct table *t, tally_order *order, size_t max, size_t *n)
{
    size_t count = table_count(t);
    struct table_entry **entries = sure(calloc(count + 1, sizeof(*entries))), **at = entries;

    table_walk(t, list, &at);
    if (order)
        qsort(entries, count, sizeof(*entries), order);
    *n = count < max ? count : max;
    return entries;
}

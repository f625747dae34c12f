/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exemption_hits: a bounded table from (kind, pattern) to a count. Only exemptions that were used take memory. The key
 * is the text that the admin wrote, not a number, so the counts survive a new policy file.
 */
#include "exemption_hits.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

enum { HITS_MAX = 65536, PATTERN_MAX = 300 };

struct hit {
    struct table_entry link;
    uint64_t count;
    char key[];
};

struct table *exemption_hits_new(void)
{
    return table_new(&(struct table_limits){.max_entries = HITS_MAX}, NULL, NULL);
}

static size_t key_of(const struct exemption *entry, char out[PATTERN_MAX])
{
    size_t n = strnlen(entry->pattern, PATTERN_MAX - 1);

    out[0] = (char)('0' + entry->kind);
    memcpy(out + 1, entry->pattern, n);
    return n + 1;
}

void exemption_hits_add(struct table *hits, const struct exemption *entry)
{
    char key[PATTERN_MAX];
    size_t n = key_of(entry, key);
    struct hit *hit = (struct hit *)table_find(hits, key, n);

    if (hit == NULL) {
        hit = calloc(1, sizeof(*hit) + n);
        if (hit == NULL)
            return;
        memcpy(hit->key, key, n);
        hit->link = (struct table_entry){.key = hit->key, .key_size = n};
        table_insert(hits, &hit->link);
    }
    hit->count++;
}

uint64_t exemption_hits_get(const struct table *hits, const struct exemption *entry)
{
    char key[PATTERN_MAX];
    size_t n = key_of(entry, key);
    const struct hit *hit = (const struct hit *)table_peek(hits, key, n);

    return hit == NULL ? 0 : hit->count;
}

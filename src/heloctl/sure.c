/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sure: exits where there is no memory.
 */
#include "sure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "region.h"
#include "table.h"

enum { REGION_LIMIT = 1 << 30, ROOM_MIN = 256 };

static void fail(void)
{
    fprintf(stderr, "heloctl: out of memory\n");
    exit(CTL_TROUBLE);
}

void *sure(void *p)
{
    if (!p)
        fail();
    return p;
}

void *sure_room(void *array, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return array;
    *room = *room ? 2 * *room : ROOM_MIN;
    return sure(realloc(array, *room * size));
}

struct region *sure_region(void)
{
    struct region *r = sure(region_new(REGION_LIMIT));

    region_on_failure(r, fail);
    return r;
}

struct table *sure_table(size_t max_entries)
{
    const struct table_limits limits = {.max_entries = max_entries};

    return sure(table_new(&limits, NULL, NULL));
}

void *sure_entry(struct table *t, const void *key, size_t key_size, size_t size)
{
    struct table_entry *entry = table_find(t, key, key_size);

    if (entry)
        return entry;
    entry = sure(calloc(1, size + key_size));
    entry->key = memcpy((char *)entry + size, key, key_size);
    entry->key_size = key_size;
    table_insert(t, entry);
    return entry;
}

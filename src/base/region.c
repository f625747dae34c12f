/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region: memory in blocks, handed out by moving a pointer, freed together.
 *
 * Promises: allocations never exceed the limit in total. Memory is zeroed and aligned for any type. The first block,
 * which is large enough for a typical request, is allocated once and reused after every reset.
 */
#include "region.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 8192 };

#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next; /* older */
    size_t size;        /* of bytes[] */
    size_t used;
    _Alignas(max_align_t) char bytes[];
};

struct region {
    struct block *blocks; /* newest first; a reset keeps the last one */
    size_t limit;
    size_t used; /* over all blocks */
    bool failed;
    void (*on_failure)(void); /* NULL: nothing */
};

static struct block *block_new(size_t size)
{
    struct block *b = malloc(sizeof *b + size);

    if (b != NULL)
        *b = (struct block){.size = size};
    return b;
}

struct region *region_new(size_t limit)
{
    struct region *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->limit = limit;
    r->blocks = block_new(BLOCK_SIZE - sizeof *r->blocks);
    if (r->blocks == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

void region_reset(struct region *r)
{
    while (r->blocks->next != NULL) {
        struct block *older = r->blocks->next;
        free(r->blocks);
        r->blocks = older;
    }
    r->blocks->used = 0;
    r->used = 0;
    r->failed = false;
}

void region_free(struct region *r)
{
    if (r == NULL)
        return;
    region_reset(r);
    free(r->blocks);
    free(r);
}

static void *fail(struct region *r)
{
    r->failed = true;
    if (r->on_failure != NULL)
        r->on_failure();
    return NULL;
}

/* The memory is not zeroed. */
static void *take(struct region *r, size_t size)
{
    struct block *b = r->blocks;
    void *bytes;

    if (size > r->limit - r->used)
        return fail(r);
    size = (size + (size == 0) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size == 0 || size > r->limit - r->used)
        return fail(r);
    if (size > b->size - b->used) {
        size_t room = BLOCK_SIZE - sizeof *b;
        b = block_new(size > room ? size : room);
        if (b == NULL)
            return fail(r);
        b->next = r->blocks;
        r->blocks = b;
    }
    bytes = b->bytes + b->used;
    b->used += size;
    r->used += size;
    return bytes;
}

void *region_alloc(struct region *r, size_t size)
{
    void *bytes = take(r, size);

    return bytes == NULL ? NULL : memset(bytes, 0, size);
}

char *region_text(struct region *r, const char *bytes, size_t n)
{
    char *copy = take(r, n + 1);

    if (copy == NULL)
        return NULL;
    memcpy(copy, bytes, n);
    copy[n] = '\0';
    return copy;
}

char *region_strndup(struct region *r, const char *s, size_t n)
{
    return region_text(r, s, strnlen(s, n));
}

char *region_strdup(struct region *r, const char *s)
{
    return region_text(r, s, strlen(s));
}

char *region_printf(struct region *r, const char *format, ...)
{
    struct block *b = r->blocks;
    size_t room = b->size - b->used;
    va_list args;
    char *s;
    int n;

    /* Tries the rest of the block first: most texts are short, and then are formatted only once. */
    va_start(args, format);
    n = vsnprintf(b->bytes + b->used, room, format, args);
    va_end(args);
    if (n < 0)
        return fail(r);
    s = take(r, (size_t)n + 1);
    if (s == NULL || (size_t)n < room)
        return s;
    va_start(args, format);
    vsnprintf(s, (size_t)n + 1, format, args);
    va_end(args);
    return s;
}

void region_on_failure(struct region *r, void (*call)(void))
{
    r->on_failure = call;
}

bool region_failed(const struct region *r)
{
    return r->failed;
}

size_t region_used(const struct region *r)
{
    return r->used;
}

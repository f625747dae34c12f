/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * distinct: the texts one after the other, oldest first, each as: time seen (4), length (1), the bytes. Numbers are in
 * network order.
 *
 * A plain list is enough: the rules compare a count with a handful, and comparing a new text with DISTINCT_MAX others
 * costs less than the lookup of the record that holds the set.
 */
#include "distinct.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"

enum { HEAD = 5, /* time and length of a text */ ALLOCATION_OVERHEAD = 16 };

struct distinct {
    uint16_t size;
    uint8_t bytes[];
};

bool distinct_is_live(uint32_t seen, const struct distinct_window *w)
{
    return seen > w->now || w->now - seen < w->length;
}

static uint32_t seen_at(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static size_t next(const struct distinct *set, size_t at)
{
    return at + HEAD + set->bytes[at + 4];
}

/* The number of texts in the window; `from` is set to the first of them. */
static unsigned count_from(const struct distinct *set, const struct distinct_window *w, size_t *from)
{
    unsigned count = 0;

    *from = 0;
    for (size_t at = 0; set != NULL && at < set->size; at = next(set, at)) {
        if (count == 0 && !distinct_is_live(seen_at(set->bytes + at), w))
            *from = next(set, at);
        else
            count++;
    }
    return count;
}

static void cut(struct distinct *set, size_t from, size_t to)
{
    memmove(set->bytes + from, set->bytes + to, set->size - to);
    set->size = (uint16_t)(set->size - (to - from));
}

/* Where the text is; the end of the set when it is not in it. */
static size_t place_of(const struct distinct *set, const char *text, size_t n)
{
    size_t at = 0;

    while (at < set->size && (set->bytes[at + 4] != n || memcmp(set->bytes + at + HEAD, text, n) != 0))
        at = next(set, at);
    return at;
}

/* Removes the texts that have left the window and, if the set is full, the oldest text. */
static void make_room(struct distinct *set, const struct distinct_window *w)
{
    size_t from;

    if (count_from(set, w, &from) >= DISTINCT_MAX)
        from = next(set, from);
    cut(set, 0, from);
}

/* Appends the text if there is room for it. */
static void append(struct distinct *set, const char *text, size_t n, uint32_t seen)
{
    uint8_t *to = set->bytes + set->size;

    for (unsigned i = 0; i < 4; i++)
        to[i] = (uint8_t)(seen >> (24 - 8 * i));
    to[4] = (uint8_t)n;
    memcpy(to + HEAD, text, n);
    set->size = (uint16_t)(set->size + HEAD + n);
}

/* Most texts are in the set already. Such a text moves to the end, and the set keeps its size. */
bool distinct_add(struct distinct **set, const char *text, const struct distinct_window *w)
{
    size_t n = strnlen(text, DISTINCT_TEXT_MAX), size = 0;
    struct distinct *resized;

    if (*set != NULL) {
        size_t at = place_of(*set, text, n);

        if (at < (*set)->size) {
            cut(*set, at, next(*set, at));
            append(*set, text, n, w->now);
            return false;
        }
        make_room(*set, w);
        size = (*set)->size;
    }
    resized = realloc(*set, sizeof(*resized) + size + HEAD + n);
    if (resized == NULL)
        return true; /* make_room() may have made it smaller */
    resized->size = (uint16_t)size;
    append(resized, text, n, w->now);
    *set = resized;
    return true;
}

unsigned distinct_count(const struct distinct *set, const struct distinct_window *w)
{
    size_t from;

    return count_from(set, w, &from);
}

void distinct_walk(const struct distinct *set, const struct distinct_window *w, unsigned at_most,
                   void (*visit)(void *arg, const char *text, size_t n, uint32_t seen), void *arg)
{
    size_t at;
    unsigned count = count_from(set, w, &at);

    for (; count > 0; count--, at = next(set, at))
        if (count <= at_most)
            visit(arg, (const char *)set->bytes + at + HEAD, set->bytes[at + 4], seen_at(set->bytes + at));
}

void distinct_free(struct distinct *set)
{
    free(set);
}

size_t distinct_memory(const struct distinct *set)
{
    return set == NULL ? 0 : (sizeof(*set) + set->size + ALLOCATION_OVERHEAD) / 16 * 16 + 16;
}

const uint8_t *distinct_bytes(const struct distinct *set, size_t *n)
{
    *n = set == NULL ? 0 : set->size;
    return set == NULL ? NULL : set->bytes;
}

static bool is_set(const uint8_t *bytes, size_t n)
{
    struct cursor c;
    unsigned count = 0;

    for (cursor_init(&c, bytes, n); cursor_left(&c) > 0 && !c.failed; count++) {
        size_t size;

        cursor_skip(&c, 4);
        size = cursor_u8(&c);
        const uint8_t *text = cursor_bytes(&c, size);
        if (text == NULL || memchr(text, '\0', size) != NULL)
            return false;
    }
    return !c.failed && count <= DISTINCT_MAX;
}

bool distinct_from_bytes(struct distinct **set, const uint8_t *bytes, size_t n)
{
    *set = NULL;
    if (n > DISTINCT_BYTES_MAX || !is_set(bytes, n))
        return false;
    *set = n == 0 ? NULL : malloc(sizeof(**set) + n);
    if (*set == NULL)
        return true;
    (*set)->size = (uint16_t)n;
    memcpy((*set)->bytes, bytes, n);
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buffer: buffers have one size, which is enough for almost every request. A buffer that had to grow is freed
 * instead of becoming a spare one.
 */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

enum {
    BUFFER_SIZE = 4096 - 64, /* one page, including our header and malloc's; a request has about 700 bytes */
    BUFFER_MAX = PROTOCOL_REQUEST_MAX + 4096, /* larger than any request that the parser accepts */
    SPARE_MAX = 64,
};

struct buffer *buffers_take(struct buffers *all)
{
    struct buffer *b = all->spare;

    if (b != NULL) {
        all->spare = b->next;
        all->spare_count--;
    } else {
        b = malloc(sizeof(*b) + BUFFER_SIZE);
        if (b == NULL)
            return NULL;
        b->size = BUFFER_SIZE;
    }
    b->start = b->end = 0;
    b->scan = (struct protocol_scan){0};
    return b;
}

void buffers_give(struct buffers *all, struct buffer *b)
{
    if (b->size != BUFFER_SIZE || all->spare_count == SPARE_MAX) {
        free(b);
        return;
    }
    b->next = all->spare;
    all->spare = b;
    all->spare_count++;
}

void buffers_free(struct buffers *all)
{
    for (struct buffer *b = all->spare, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
}

bool buffer_room(struct buffer **buffer)
{
    struct buffer *b = *buffer;

    if (b->start > 0) {
        memmove(b->bytes, b->bytes + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    if (b->end < b->size)
        return true;
    if (b->size >= BUFFER_MAX)
        return false;
    b = realloc(b, sizeof(*b) + b->size * 2);
    if (b == NULL)
        return false;
    b->size *= 2;
    *buffer = b;
    return true;
}

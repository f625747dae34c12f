/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * buffer: the bytes of a connection whose requests are not all answered yet. An idle connection owns none: a freed
 * buffer becomes a spare one for the next connection that reads.
 */
#ifndef HELOD_BUFFER_H
#define HELOD_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol.h"

/* A request in flight points into the buffer, so the bytes must not move. */
struct buffer {
    struct buffer *next; /* in the spare list */
    size_t size, start, end;
    struct protocol_scan scan; /* of the request at `start` */
    char bytes[];
};

struct buffers {
    struct buffer *spare;
    unsigned spare_count;
};

struct buffer *buffers_take(struct buffers *all); /* NULL: no memory */
void buffers_give(struct buffers *all, struct buffer *b);
void buffers_free(struct buffers *all); /* the spare ones */
/* Makes room after `end`: moves the bytes to the front, then doubles. False: no memory, or too many bytes already. */
bool buffer_room(struct buffer **buffer);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_protocol_pieces: the same bytes at once, one by one, and cut (with the buffer moved in between) must give the
 * same requests and the same end. A replayed seed is cut in two at every place; a fuzzer, which changes the bytes often
 * but has little time for each, cuts at two places that the bytes choose.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "hash.h"
#include "protocol.h"

enum {
    CUT_EVERYWHERE_MAX = 512, /* longer seeds are cut in a few places only */
    ONE_BY_ONE_MAX = 64,      /* longer inputs of a fuzzer come in pieces of up to as many */
};

struct stream {
    char *buffer; /* always `size` bytes */
    size_t size;
    size_t have, at;
    struct protocol_scan scan;
    enum protocol_result last;
    uint64_t seen; /* hash of all requests so far */
};

/* FNV-1a: a request has dozens of short texts, for each of which a keyed hash would be most of the work. */
static uint64_t mix(uint64_t seen, const void *bytes, size_t n)
{
    const uint8_t *at = bytes;

    for (const uint8_t *end = at + n; at < end; at++)
        seen = (seen ^ *at) * 0x100000001b3;
    return seen;
}

static uint64_t mix_request(uint64_t seen, const struct request *req, size_t used)
{
    size_t last = offsetof(struct request, policy_context);

    seen = mix(seen, &used, sizeof used);
    seen = mix(seen, &req->state, sizeof req->state);
    seen = mix(seen, &req->client, sizeof req->client);
    seen = mix(seen, (const bool[]){req->esmtp, req->encrypted, req->stress}, 3 * sizeof(bool));
    for (size_t at = offsetof(struct request, protocol_state); at <= last; at += sizeof(char *)) {
        const char *text;
        memcpy(&text, (const char *)req + at, sizeof text);
        seen = mix(seen, text, strlen(text) + 1);
    }
    return seen;
}

static void feed(struct stream *s, const uint8_t *data, size_t n)
{
    memcpy(s->buffer + s->have, data, n);
    s->have += n;
    while (s->last != PROTOCOL_VIOLATION) {
        const char *error = NULL;
        struct request req;
        size_t used = 0;

        s->last = protocol_parse(&s->scan, s->buffer + s->at, s->have - s->at, &req, &used, &error);
        if (s->last != PROTOCOL_REQUEST)
            return;
        s->seen = mix_request(s->seen, &req, used);
        s->at += used;
        s->scan = (struct protocol_scan){0};
    }
}

static void move_buffer(struct stream *s)
{
    char *moved = malloc(s->size);

    if (moved == NULL)
        abort();
    if (s->have > 0)
        memcpy(moved, s->buffer, s->have);
    free(s->buffer);
    s->buffer = moved;
}

/* cut == size: not cut; step: bytes at a time after the cut. */
static struct stream run(const uint8_t *data, size_t size, size_t cut, size_t step)
{
    struct stream s = {.size = size + 1, .seen = 0xcbf29ce484222325};

    move_buffer(&s);
    feed(&s, data, cut);
    move_buffer(&s);
    while (s.have < size)
        feed(&s, data + s.have, size - s.have < step ? size - s.have : step);
    free(s.buffer);
    return s;
}

static void compare(const struct stream *whole, struct stream other)
{
    if (whole->seen != other.seen || whole->last != other.last || whole->at != other.at)
        abort();
}

static void cut_everywhere(const struct stream *whole, const uint8_t *data, size_t size)
{
    size_t stride = size <= CUT_EVERYWHERE_MAX ? 1 : size / 16;

    compare(whole, run(data, size, 0, 1));
    for (size_t cut = 0; cut < size; cut += stride)
        compare(whole, run(data, size, cut, size));
}

static void cut_somewhere(const struct stream *whole, const uint8_t *data, size_t size)
{
    uint64_t chosen = hash_bytes(&(struct hash_key){0, 0}, data, size);

    compare(whole, run(data, size, chosen % size, size));
    if (size <= ONE_BY_ONE_MAX)
        compare(whole, run(data, size, 0, 1));
    else
        compare(whole, run(data, size, (chosen >> 24) % size, 1 + (chosen >> 48) % ONE_BY_ONE_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stream whole = run(data, size, size, size);

    if (&fuzz_replays != NULL)
        cut_everywhere(&whole, data, size);
    else if (size > 0)
        cut_somewhere(&whole, data, size);
    return 0;
}

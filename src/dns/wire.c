/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire: converts domain names between wire format and text. Reading always terminates: a compression pointer must
 * point before the labels that lead to it, and at most WIRE_HOPS_MAX pointers are followed.
 */
#include "wire.h"

#include <string.h>

#include "ascii.h"

enum { WIRE_HOPS_MAX = 127, POINTER_BITS = 0xc0 };

/* Adds a label and its length byte; the root's zero byte must still fit after it. */
static inline bool add_label(struct wire_name *name, const uint8_t *bytes, size_t n)
{
    if (n == 0 || n > WIRE_LABEL_MAX || name->size + 1 + n + 1 > WIRE_NAME_MAX)
        return false;
    name->bytes[name->size++] = (uint8_t)n;
    for (size_t i = 0; i < n; i++)
        name->bytes[name->size++] = (uint8_t)ascii_lower(bytes[i]);
    return true;
}

bool wire_from_text(struct wire_name *name, const char *text)
{
    size_t n = strnlen(text, WIRE_NAME_MAX + 1);

    name->size = 0;
    if (n > 0 && text[n - 1] == '.')
        n--;
    if (n == 0 || n > WIRE_NAME_MAX - 2)
        return false;
    for (size_t at = 0; at <= n;) {
        const char *dot = memchr(text + at, '.', n - at);
        size_t end = dot ? (size_t)(dot - text) : n;
        if (!add_label(name, (const uint8_t *)text + at, end - at))
            return false;
        at = end + 1;
    }
    name->bytes[name->size++] = 0;
    return true;
}

/*
 * Reads labels up to the root (*target becomes SIZE_MAX) or up to a pointer (*target becomes its offset). The bytes are
 * taken without the cursor's functions, because a message can make helod read tens of thousands of labels.
 */
static bool read_run(struct cursor *c, struct wire_name *name, size_t *target)
{
    const uint8_t *bytes = c->base;
    size_t at = c->at;

    while (at < c->size && bytes[at] != 0 && bytes[at] <= WIRE_LABEL_MAX) {
        size_t n = bytes[at];

        if (c->size - at <= n || !add_label(name, bytes + at + 1, n))
            return false;
        at += 1 + n;
    }
    c->at = at;
    if (cursor_peek(c) == 0) {
        *target = SIZE_MAX;
        return cursor_skip(c, 1);
    }
    *target = cursor_u16(c);
    if ((*target >> 8 & POINTER_BITS) != POINTER_BITS)
        return false;
    *target &= 0x3fff;
    return !c->failed;
}

bool wire_read(struct cursor *c, struct wire_name *name)
{
    struct cursor run = *c;
    size_t target = 0, start = c->at;
    bool good;

    name->size = 0;
    good = read_run(&run, name, &target);
    c->at = run.at;
    for (unsigned hops = 0; good && target != SIZE_MAX; hops++) {
        good = hops < WIRE_HOPS_MAX && target < start && cursor_seek(&run, target);
        start = target;
        good = good && read_run(&run, name, &target);
    }
    if (!good) {
        c->failed = true;
        return false;
    }
    name->bytes[name->size++] = 0;
    return true;
}

/* Reads the bytes without the cursor's functions, like read_run(). */
bool wire_matches(const struct cursor *c, size_t at, const struct wire_name *name, size_t *compared)
{
    const uint8_t *bytes = c->base;
    size_t used = 0, start = at, hops = 0, before = *compared;

    while (at < c->size) {
        size_t n = bytes[at++];

        *compared = before + used + hops;
        if ((n & POINTER_BITS) == POINTER_BITS) {
            at = at < c->size ? (n & 0x3f) << 8 | bytes[at] : SIZE_MAX;
            if (hops++ == WIRE_HOPS_MAX || at >= start)
                return false;
            start = at;
            continue;
        }
        if (n != name->bytes[used] || n == 0 || c->size - at < n)
            return n == 0 && name->bytes[used] == 0;
        for (used++; n > 0; n--)
            if (ascii_lower(bytes[at++]) != name->bytes[used++])
                return false;
    }
    return false;
}

bool wire_skip(struct cursor *c)
{
    size_t at = c->at;

    while (at < c->size && c->base[at] > 0 && c->base[at] <= WIRE_LABEL_MAX)
        at += 1 + (size_t)c->base[at];
    if (at < c->size && c->base[at] > WIRE_LABEL_MAX && (c->base[at] & POINTER_BITS) != POINTER_BITS)
        at = SIZE_MAX - 2; /* a reserved label type */
    else
        at += at < c->size && c->base[at] > 0 ? 2 : 1;
    return !c->failed && cursor_skip(c, at - c->at);
}

bool wire_to_text(const struct wire_name *name, char text[DNS_NAME_SIZE])
{
    bool clean = true;
    size_t at = 0, used = 0;

    while (name->bytes[at] != 0) {
        if (used > 0)
            text[used++] = '.';
        for (size_t left = name->bytes[at++]; left > 0; left--) {
            uint8_t byte = name->bytes[at++];
            bool plain = byte > ' ' && byte < 0x7f && byte != '.' && byte != '\\';
            text[used++] = plain ? (char)byte : '?';
            clean = clean && plain;
        }
    }
    text[used] = '\0';
    return clean;
}

bool wire_equal(const struct wire_name *a, const struct wire_name *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

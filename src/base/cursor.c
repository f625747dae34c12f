/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cursor: the checked reader. Promises that no byte outside base[0..size) is ever touched, and that one failed read
 * makes all later ones fail.
 */
#include "cursor.h"

void cursor_init(struct cursor *c, const void *bytes, size_t size)
{
    *c = (struct cursor){.base = bytes, .size = size};
}

size_t cursor_left(const struct cursor *c)
{
    return c->failed ? 0 : c->size - c->at;
}

const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
    const uint8_t *bytes;

    if (c->failed || n > c->size - c->at) {
        c->failed = true;
        return NULL;
    }
    bytes = c->base + c->at;
    c->at += n;
    return bytes;
}

static uint64_t read_number(struct cursor *c, size_t n)
{
    const uint8_t *bytes = cursor_bytes(c, n);
    uint64_t value = 0;

    if (bytes == NULL)
        return 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

uint8_t cursor_u8(struct cursor *c)
{
    return (uint8_t)read_number(c, 1);
}

uint16_t cursor_u16(struct cursor *c)
{
    return (uint16_t)read_number(c, 2);
}

uint32_t cursor_u32(struct cursor *c)
{
    return (uint32_t)read_number(c, 4);
}

uint64_t cursor_u64(struct cursor *c)
{
    return read_number(c, 8);
}

bool cursor_skip(struct cursor *c, size_t n)
{
    cursor_bytes(c, n);
    return !c->failed;
}

bool cursor_seek(struct cursor *c, size_t at)
{
    if (c->failed || at > c->size) {
        c->failed = true;
        return false;
    }
    c->at = at;
    return true;
}

int cursor_peek(const struct cursor *c)
{
    return cursor_left(c) > 0 ? c->base[c->at] : -1;
}

bool cursor_take(struct cursor *c, char byte)
{
    if (cursor_peek(c) != (unsigned char)byte)
        return false;
    c->at++;
    return true;
}

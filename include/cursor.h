/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cursor: the bounds-checked reader of every parser of untrusted bytes.
 *
 * An attempt to read past the end reads nothing. It sets `failed` and returns zero or NULL, and every later read fails
 * too, so a parser may check once at its end. Numbers are in network byte order. The caller keeps ownership of the
 * bytes, which must outlive the cursor.
 */
#ifndef HELOD_CURSOR_H
#define HELOD_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *base;
    size_t size;
    size_t at;
    bool failed;
};

void cursor_init(struct cursor *c, const void *bytes, size_t size);
size_t cursor_left(const struct cursor *c);
uint8_t cursor_u8(struct cursor *c);
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
/* Returns a pointer to the next n bytes and moves past them; NULL if there are fewer. */
const uint8_t *cursor_bytes(struct cursor *c, size_t n);
bool cursor_skip(struct cursor *c, size_t n);
/* Moves to an absolute offset inside the bytes. */
bool cursor_seek(struct cursor *c, size_t at);
/* For text: returns the next byte without consuming it, or -1 at the end, which does not set `failed`. */
int cursor_peek(const struct cursor *c);
/* Consumes the next byte if it is `byte`; otherwise returns false and does not set `failed`. */
bool cursor_take(struct cursor *c, char byte);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* wire: domain names in DNS wire format, in lower case, without compression. */
#ifndef HELOD_DNS_WIRE_H
#define HELOD_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "dns.h"

enum { WIRE_NAME_MAX = 255, WIRE_LABEL_MAX = 63 };

struct wire_name {
    size_t size; /* with the root's zero byte: 1..255 */
    uint8_t bytes[WIRE_NAME_MAX];
};

/*
 * Converts text byte for byte; one trailing dot is allowed. Returns false for an empty label or an excessive length.
 */
bool wire_from_text(struct wire_name *name, const char *text);
/*
 * Reads the name at the cursor, following compression, and moves the cursor past it. Returns false and marks the
 * cursor failed when the name is truncated or too long, has a reserved label type, or a pointer that does not go
 * backwards.
 */
bool wire_read(struct cursor *c, struct wire_name *name);
/*
 * Whether the name at this offset is `name`. It stops at the first difference, and adds the bytes that it compared to
 * *compared. False for what wire_read() would not read.
 */
bool wire_matches(const struct cursor *c, size_t at, const struct wire_name *name, size_t *compared);
/* Moves past the name without following compression pointers. */
bool wire_skip(struct cursor *c);
/*
 * Converts to text; the root is "". Returns false when a label contains a byte that plain text cannot represent (a
 * dot, backslash, space, control character or 8-bit byte); such bytes become '?'.
 */
bool wire_to_text(const struct wire_name *name, char text[DNS_NAME_SIZE]);
bool wire_equal(const struct wire_name *a, const struct wire_name *b);

#endif

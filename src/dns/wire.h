/* SPDX-License-Identifier: BSD-2-Clause */
/* wire: domain names as a DNS message holds them, in lower case, without compression. */
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

/* A name in text, byte for byte, one dot at its end allowed. False: an empty label, one too long, too long in all. */
bool wire_from_text(struct wire_name *name, const char *text);
/* Takes the name at the cursor, which then stands behind it, and follows compression. False, and the cursor has
 * failed: cut off, a reserved label type, a pointer that does not lead back, too long. */
bool wire_read(struct cursor *c, struct wire_name *name);
/* "" is the root. False when a label has a byte that text cannot hold (a dot, a backslash, a blank, a control or
 * 8-bit byte): such bytes become '?'. */
bool wire_to_text(const struct wire_name *name, char text[DNS_NAME_SIZE]);
bool wire_equal(const struct wire_name *a, const struct wire_name *b);

#endif

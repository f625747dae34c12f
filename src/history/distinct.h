/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * distinct: how many different texts were seen in a sliding window. Exact up to DISTINCT_EXACT of them, with their
 * texts; past that a sketch of fixed size that estimates, and forgets the texts.
 *
 * A set is one block of bytes that means the same on every machine: the snapshot holds it as it is. NULL is the empty
 * set.
 */
#ifndef HELOD_HISTORY_DISTINCT_H
#define HELOD_HISTORY_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

enum { DISTINCT_EXACT = 16, DISTINCT_TEXT_MAX = 255, DISTINCT_BYTES_MAX = 8192 };

struct distinct;

/* The window that ends now. A sketch is bound to its window's length and to the key. */
struct distinct_window {
    uint32_t now, length; /* seconds */
    struct hash_key key;
};

/* Notes the text (at most DISTINCT_TEXT_MAX bytes, none of them NUL). Without memory the set stays as it is. */
void distinct_add(struct distinct **set, const char *text, const struct distinct_window *w);
unsigned distinct_count(const struct distinct *set, const struct distinct_window *w);
bool distinct_is_exact(const struct distinct *set);
/* The texts in the window, oldest first, while the set is exact. */
void distinct_walk(const struct distinct *set, const struct distinct_window *w,
                   void (*visit)(void *arg, const char *text, size_t n, uint32_t seen), void *arg);
void distinct_free(struct distinct *set);
size_t distinct_memory(const struct distinct *set); /* that it takes, the allocator's share included */

/* The set's bytes, for a snapshot. */
const uint8_t *distinct_bytes(const struct distinct *set, size_t *n);
/* Back again. False when they are no set; *set stays NULL for the empty one, and without memory. */
bool distinct_from_bytes(struct distinct **set, const uint8_t *bytes, size_t n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * distinct: how many different texts were seen in a sliding window, counted exactly to DISTINCT_MAX. A full set drops
 * the text that was seen longest ago, so that a count may be too low, never too high.
 *
 * A set is one block of bytes that means the same on every machine: the snapshot stores it unchanged. NULL is the empty
 * set.
 */
#ifndef HELOD_HISTORY_DISTINCT_H
#define HELOD_HISTORY_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISTINCT_MAX = 64, DISTINCT_TEXT_MAX = 255, DISTINCT_BYTES_MAX = DISTINCT_MAX * (5 + DISTINCT_TEXT_MAX) };

struct distinct;

/* The window that ends now. */
struct distinct_window {
    uint32_t now, length; /* seconds */
};

bool distinct_is_live(uint32_t seen, const struct distinct_window *w);
/*
 * Notes the text (at most DISTINCT_TEXT_MAX bytes, none of them NUL). Without memory it is not noted. False: the text
 * was there already, so the set has kept its size.
 */
bool distinct_add(struct distinct **set, const char *text, const struct distinct_window *w);
unsigned distinct_count(const struct distinct *set, const struct distinct_window *w);
/* The texts in the window, oldest first; of more than `at_most` the newest ones. */
void distinct_walk(const struct distinct *set, const struct distinct_window *w, unsigned at_most,
                   void (*visit)(void *arg, const char *text, size_t n, uint32_t seen), void *arg);
void distinct_free(struct distinct *set);
/* The memory that the set uses, including the allocator's overhead. */
size_t distinct_memory(const struct distinct *set);

/* The set's bytes, for a snapshot. */
const uint8_t *distinct_bytes(const struct distinct *set, size_t *n);
/* The reverse. False when the bytes are not a set; *set stays NULL for the empty set, and without memory. */
bool distinct_from_bytes(struct distinct **set, const uint8_t *bytes, size_t n);

#endif

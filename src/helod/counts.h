/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counts: a number for each key, in a bounded table of base: the requests of a client network that wait for DNS, and
 * the uses of an exemption. A key is not in the table while its number is 0.
 */
#ifndef HELOD_COUNTS_H
#define HELOD_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct table;

/* At most `max` keys; the one not counted for longest is dropped. NULL: no memory, no randomness. See table_free(). */
struct table *counts_new(size_t max);
/* Does nothing if there is no memory, and never makes a number negative. */
void counts_add(struct table *counts, const void *key, size_t n, int by);
uint64_t counts_get(const struct table *counts, const void *key, size_t n);

#endif

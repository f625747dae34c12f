/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sure: memory for a program that runs once. Without memory it can do nothing better than say so and exit with
 * CTL_TROUBLE, so its callers need no code for that case.
 */
#ifndef HELOD_SURE_H
#define HELOD_SURE_H

#include <stddef.h>

/* Returns what it was given: a result that is NULL only without memory. */
void *sure(void *p);
/* Makes room for one more element of `size` bytes after `count` of them. Returns the array, which may have moved. */
void *sure_room(void *array, size_t count, size_t *room, size_t size);
/* A region whose allocations never fail. */
struct region *sure_region(void);
/* A table of at most `max_entries` entries, which it frees. */
struct table *sure_table(size_t max_entries);
/* The entry with this key, or a new one of `size` bytes, zeroed, with a copy of the key after it. */
void *sure_entry(struct table *t, const void *key, size_t key_size, size_t size);

#endif

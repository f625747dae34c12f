/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * region: the memory of one request, freed once.
 *
 * Allocations are aligned for any type, zeroed, and live until region_reset() or region_free(); nothing is freed one by
 * one. When the limit is reached or malloc fails, an allocation returns NULL and region_failed() stays true, so that a
 * long computation may be checked once at its end.
 */
#ifndef HELOD_REGION_H
#define HELOD_REGION_H

#include <stdbool.h>
#include <stddef.h>

struct region;

/* NULL when there is no memory. `limit` in bytes bounds the sum of everything allocated. */
struct region *region_new(size_t limit);
void region_free(struct region *r); /* NULL is allowed */
/* Forgets all allocations, keeps the first block for the next request, clears the failure. */
void region_reset(struct region *r);
void *region_alloc(struct region *r, size_t size);
/*
 * Copies with a NUL at the end: region_text() exactly n bytes, none of which may be NUL; region_strndup() at most n
 * bytes of a text; region_strdup() all of a text.
 */
char *region_text(struct region *r, const char *bytes, size_t n);
char *region_strndup(struct region *r, const char *s, size_t n);
char *region_strdup(struct region *r, const char *s);
char *region_printf(struct region *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Calls `call` whenever an allocation fails, for a program that cannot do without: it need not return. */
void region_on_failure(struct region *r, void (*call)(void));
bool region_failed(const struct region *r);
size_t region_used(const struct region *r);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_memory: a cache of recently parsed names. A few names make up most greetings, and the result of parsing a name
 * does not change while its tables are the same. So each set of tables has its own cache, of fixed size.
 *
 * The cache only saves work. A name that is not in it, or cannot be (an invalid or long one), is parsed again.
 */
#ifndef HELOD_NAME_MEMORY_H
#define HELOD_NAME_MEMORY_H

#include "names.h"

struct name_memory;

struct name_memory *name_memory_new(void); /* NULL: no memory, no randomness; then nothing is cached */
void name_memory_free(struct name_memory *memory);

/* Returns what name_parse() made from the same bytes before, with its text in the region. False: not cached. */
bool name_memory_recall(struct name_memory *memory, const char *raw, size_t n, struct name *out, struct region *r);
void name_memory_keep(struct name_memory *memory, const char *raw, size_t n, struct name *name);

/* Returns the naming cached for exactly this name and client. Its detail is copied into the region. */
bool name_memory_recall_naming(struct name_memory *memory, const struct name *name, const struct address *client,
                               struct naming *out, struct region *r);
/* Only for a name that is cached. */
void name_memory_keep_naming(struct name_memory *memory, const struct name *name, const struct address *client,
                             const struct naming *naming);

/* Returns true with the cached result of name_provider(), which may be NULL. */
bool name_memory_recall_provider(struct name_memory *memory, const struct name *name, const char *const **out);
void name_memory_keep_provider(struct name_memory *memory, const struct name *name, const char *const *provider);

#endif

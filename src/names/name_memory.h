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

struct name_memory *name_memory_new(void); /* NULL: no memory, no randomness; then all names are read anew */
void name_memory_free(struct name_memory *memory);

/* The name as name_parse() once made it of these bytes, its text in the region; false: not held. NULL holds nothing. */
bool name_memory_recall(struct name_memory *memory, const char *raw, size_t n, struct name *out, struct region *r);
void name_memory_keep(struct name_memory *memory, const char *raw, size_t n, struct name *name);

/* The naming that was kept for this very name and client; its detail is copied into the region. */
bool name_memory_recall_naming(struct name_memory *memory, const struct name *name, const struct address *client,
                               struct naming *out, struct region *r);
/* Only beside a name that is held. */
void name_memory_keep_naming(struct name_memory *memory, const struct name *name, const struct address *client,
                             const struct naming *naming);

/* name_provider() of a name that is held: true, and the list or NULL. */
bool name_memory_recall_provider(struct name_memory *memory, const struct name *name, const char *const **out);
void name_memory_keep_provider(struct name_memory *memory, const struct name *name, const char *const *provider);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: sets of networks and of domain suffixes, built once and then only read. The cost of a lookup does not grow
 * with the size of the set.
 *
 * Both map an entry to a number that the caller chooses, such as an index into its own list. If several entries match,
 * the most specific one wins. The sets copy what they are given.
 */
#ifndef HELOD_LOOKUP_H
#define HELOD_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

enum { LOOKUP_NONE = -1 };

struct network_set; /* a binary trie, path-compressed */
struct network_set *network_set_new(void);
void network_set_free(struct network_set *set);
/* False only when there is no memory. A network given twice keeps the first value. */
bool network_set_add(struct network_set *set, const struct network *net, int32_t value);
int32_t network_set_find(const struct network_set *set, const struct address *a); /* NULL set: LOOKUP_NONE */

/*
 * A pattern "name.example" matches that name alone; ".name.example" matches it and everything below it.
 * Patterns and names are compared in lower case, label by label: "evilname.example" never matches.
 */
struct suffix_set; /* a hash of suffixes, probed label by label */
struct suffix_set *suffix_set_new(void);
void suffix_set_free(struct suffix_set *set);
/* False when there is no memory, or the pattern has no label. A pattern given twice keeps the first value. */
bool suffix_set_add(struct suffix_set *set, const char *pattern, int32_t value);
int32_t suffix_set_find(const struct suffix_set *set, const char *name); /* NULL set: LOOKUP_NONE */
size_t suffix_set_count(const struct suffix_set *set);                   /* NULL set: 0 */

#endif

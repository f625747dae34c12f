/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree: the values of a policy file, read by libconfuse. Not re-entrant, as libconfuse is not: main thread only.
 */
#ifndef HELOD_CONFIG_TREE_H
#define HELOD_CONFIG_TREE_H

#include "scan.h"

struct tree;

/* Parses what scan_text() left. NULL after a report in `p`. */
struct tree *tree_parse(char *text, size_t n, const struct scan *shape, struct problems *p);
/* The trees of two files of one policy as one, which is returned. NULL is allowed for either. */
struct tree *tree_join(struct tree *first, struct tree *second);
void tree_free(struct tree *t); /* NULL is allowed; all that were joined to it go too */
/* Value number `i` of an assignment of the shape. Lives as long as the tree; NULL when libconfuse saw it otherwise. */
const char *tree_value(struct tree *t, const struct assignment *a, unsigned i);
unsigned tree_value_count(struct tree *t, const struct assignment *a);

#endif

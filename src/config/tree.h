/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree: the values of a policy file, read by libconfuse. Like libconfuse it is not re-entrant: main thread only.
 */
#ifndef HELOD_CONFIG_TREE_H
#define HELOD_CONFIG_TREE_H

#include "scan.h"

struct tree;

/* Parses the text that scan_text() left. Returns NULL after reporting to `p`. */
struct tree *tree_parse(char *text, size_t n, const struct scan *shape, struct problems *p);
/* Joins the trees of two files of one policy and returns the result. Either may be NULL. */
struct tree *tree_join(struct tree *first, struct tree *second);
void tree_free(struct tree *t); /* frees all joined trees; NULL is allowed */
/* Value `i` of a scanned assignment; valid as long as the tree. NULL when libconfuse disagrees with the scan. */
const char *tree_value(struct tree *t, const struct assignment *a, unsigned i);
unsigned tree_value_count(struct tree *t, const struct assignment *a);

#endif

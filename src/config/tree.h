/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree: the values of a policy file, read by libconfuse. Like libconfuse it is not re-entrant: main thread only.
 */
#ifndef HELOD_CONFIG_TREE_H
#define HELOD_CONFIG_TREE_H

#include "scan.h"

/*
 * Reads the text that scan_text() left, and sets the values of its assignments, in the memory of `p`. False after
 * reporting to `p`, or if there is no memory.
 */
bool tree_read(char *text, size_t n, struct scan *shape, struct problems *p);

#endif

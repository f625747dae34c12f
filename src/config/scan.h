/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan: the structure of a policy file (which option is where, and on which line). libconfuse reads the values.
 *
 * libconfuse stops at the first unknown name. scan reports all unknown names, with the nearest known one, and replaces
 * them by spaces, so that libconfuse can read the rest and the checks see every other value.
 */
#ifndef HELOD_CONFIG_SCAN_H
#define HELOD_CONFIG_SCAN_H

#include "options.h"
#include "problems.h"

/* A section in the file. A plain section that appears twice is one block; each title makes a block of its own. */
struct block {
    enum section section;
    unsigned parent;   /* block number of the enclosing section; 0 for the root itself */
    const char *title; /* "" for plain sections */
    unsigned line;
    unsigned file; /* the last file that has this section */
};

struct assignment {
    unsigned block;
    unsigned file;
    unsigned line;
    const char *name;
    unsigned value_count;
    const char *const *values; /* as libconfuse reads them; NULL: not read, or it disagrees with the scan */
    unsigned first_line;       /* index into scan.lines, which has the line of each value */
};

/* include("PATTERN") */
struct include {
    const char *pattern;
    unsigned line;
};

enum { INCLUDES_MAX = 16 };

struct scan {
    unsigned include_count;
    struct include includes[INCLUDES_MAX];
    unsigned block_count, assignment_count, line_count;
    struct block *blocks; /* block 0 is the root */
    struct assignment *assignments;
    unsigned *lines;
};

/*
 * Scans `text`, the result of prepass(), and replaces unknown names in it by spaces. Zero *s before the first call.
 * A further call adds the next file of `p`: an option set there overrides an earlier file's, with a warning. Returns
 * false when there is no memory.
 */
bool scan_text(struct scan *s, char *text, size_t n, struct problems *p);
/* Returns NULL when the block does not set the option. */
const struct assignment *scan_find(const struct scan *s, unsigned block, const char *name);
/* The line of an option's value, or of its block when the option is not set. */
unsigned scan_line(const struct scan *s, unsigned block, const char *name);

#endif

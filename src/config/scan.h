/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scan: the shape of a policy file (which option stands where, on which line) without its values, which libconfuse
 * reads.
 *
 * libconfuse stops at the first thing it does not know. scan reports all of them, with the nearest known name, and
 * blanks them out of the text, so that libconfuse reads the rest and the checks see every other value too.
 */
#ifndef HELOD_CONFIG_SCAN_H
#define HELOD_CONFIG_SCAN_H

#include "options.h"
#include "problems.h"

/* One section as the file has it. A plain section written twice is one block; a title makes one of its own. */
struct block {
    enum section section;
    unsigned parent;   /* block number; of the root itself: 0 */
    const char *title; /* "" for plain sections */
    unsigned line;
    unsigned file; /* the last one that has it */
};

struct assignment {
    unsigned block;
    unsigned file;
    unsigned line;
    const char *name;
    unsigned value_count;
    unsigned first_line; /* index into scan.lines: the line of each value */
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
    struct block *blocks; /* 0 is the root */
    struct assignment *assignments;
    unsigned *lines;
};

/*
 * `text` is what prepass() made; unknown things in it become blanks. Called again it adds the next file of `p` to the
 * shape: what that one sets counts in place of what an earlier one sets, which is a warning. To begin with all is zero.
 * False: no memory.
 */
bool scan_text(struct scan *s, char *text, size_t n, struct problems *p);
/* NULL when the block does not set it. */
const struct assignment *scan_find(const struct scan *s, unsigned block, const char *name);
/* The line that says most about an option of a block: the value's, else the block's. */
unsigned scan_line(const struct scan *s, unsigned block, const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_part: the part of a name left of its registrable domain, split into groups, numbers and words. A group is what
 * is between separators; a number or a word is a run of digits or letters. "pool-71.a3b" has the groups pool, 71 and
 * a3b, and the last one consists of a, 3 and b.
 */
#ifndef HELOD_HOST_PART_H
#define HELOD_HOST_PART_H

#include "name_data.h"

enum { HOST_PART_MAX = 256 };

struct host_atom {
    const char *s;
    unsigned char length;
    unsigned char group;
    bool number;
    bool first_label; /* in the leftmost label */
};

struct host_part {
    const char *text;
    size_t length;      /* without the dot before the domain */
    const char *domain; /* the registrable domain by the ICANN section; of a name that nobody can own, its last label */
    unsigned atoms, groups;
    struct host_atom atom[HOST_PART_MAX];
    unsigned char digits[HOST_PART_MAX]; /* by group: its longest number */
};

/* `name` is HOST or SINGLE. All of a SINGLE name is host part, and its domain is "". */
void host_part_split(struct host_part *out, const struct name *name, const struct name_data *data);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host_part: what stands left of the registrable domain, taken apart. A number or a word is as long as its characters
 * are of one kind; a group is what stands between separators: "pool-71.a3b" has the groups pool, 71 and a3b, the last
 * of them made of a, 3 and b.
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
    const char *domain; /* what may be registered by the ICANN section, or the last label of a name that is nobody's */
    unsigned atoms, groups;
    struct host_atom atom[HOST_PART_MAX];
    unsigned char digits[HOST_PART_MAX]; /* by group: its longest number */
};

/* `name` is HOST or SINGLE. A SINGLE name is all host part, with the domain "". */
void host_part_split(struct host_part *out, const struct name *name, const struct name_data *data);

#endif

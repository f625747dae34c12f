/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt: the list of exemptions while the policy is being read.
 */
#ifndef HELOD_CONFIG_EXEMPT_H
#define HELOD_CONFIG_EXEMPT_H

#include <time.h>

#include "problems.h"
#include "settings.h"

enum { EXEMPTIONS_MAX = 1000000, EXEMPT_FILE_MAX = 128 * 1024 * 1024 };

struct exempt_list {
    struct exempt_settings *sets; /* where the entries are added; the array doubles when full */
    size_t room;
    struct region *region;         /* holds the texts */
    const struct name_data *names; /* NULL: no pattern is examined for what is probably a mistake */
    struct region *scratch;        /* of one pattern while it is examined */
    struct problems *problems;
    unsigned line; /* line of the policy file, for the order of messages */
    time_t now;    /* entries that have expired by now are dropped with a warning */
};

/* The lines of an exempt file, any bytes. `file` is its name, which must live as long as the settings. */
void exempt_read_text(struct exempt_list *list, const char *file, const char *text, size_t n);

#endif

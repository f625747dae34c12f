/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt: the list of exemptions while it grows.
 */
#ifndef HELOD_CONFIG_EXEMPT_H
#define HELOD_CONFIG_EXEMPT_H

#include <time.h>

#include "problems.h"
#include "settings.h"

enum { EXEMPTIONS_MAX = 1000000, EXEMPT_FILE_MAX = 128 * 1024 * 1024 };

struct exempt_list {
    struct exemption *entries; /* in the region; doubled when full */
    size_t count, room;
    struct region *region;
    struct problems *problems;
    unsigned line;             /* of the policy file, for the order of messages */
    time_t now;                /* what has run out by now is dropped with a warning */
    struct exempt_settings *sets;
};

/* Checks the pattern (made lower case) and puts it into the list and its set; what is wrong is reported at `where`. */
void exempt_add(struct exempt_list *list, const struct exemption *entry);
/* The lines of an exempt file. Any bytes. */
void exempt_read_text(struct exempt_list *list, const char *file, const char *text, size_t n);

#endif

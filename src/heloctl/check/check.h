/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: one greeting judged by heloctl, with everything that led to the verdict. Private to this room.
 */
#ifndef HELOD_CHECK_H
#define HELOD_CHECK_H

#include "ctl.h"
#include "gather.h"
#include "reply.h"
#include "text.h"
#include "verdict.h"

enum { CHECK_LOOKUPS_MAX = 128, CHECK_VALUES_SIZE = 600 };

struct check_lookup {
    const char *type, *name, *status, *why, *values; /* filtered, except for the name */
    uint32_t ttl;
    bool from_cache;
};

struct check {
    struct ctl_job job;
    int *status; /* the result; it outlives the job */
    const struct settings *settings;
    const struct policy *policy;
    const struct evidence *evidence;
    bool sender_known;
    bool dns_down; /* no lookup was answered */
    struct verdict verdict;
    struct reply reply;
    unsigned lookup_count;
    struct check_lookup lookups[CHECK_LOOKUPS_MAX];
};

/* The records of an answer as plain text, separated by blanks. */
void check_values(struct text *t, const struct dns_answer *answer);
void check_print_text(const struct check *check, FILE *out, bool colour);
void check_print_json(const struct check *check, FILE *out);

#endif

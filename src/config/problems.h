/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * problems: what is wrong with a policy file, gathered while it is read and told at the end in the file's order, so
 * that an admin sees every mistake at once. Its memory is the region it was made with.
 */
#ifndef HELOD_CONFIG_PROBLEMS_H
#define HELOD_CONFIG_PROBLEMS_H

#include "policyfile.h"
#include "region.h"

enum { PROBLEMS_MAX = 100 };

struct problem {
    unsigned line;
    bool is_error;
    const char *text;
};

struct problems {
    const char *file;
    struct region *memory;
    unsigned errors; /* all of them, also those over PROBLEMS_MAX */
    unsigned left_out;
    unsigned count;
    struct problem list[PROBLEMS_MAX];
};

void problems_init(struct problems *p, const char *file, struct region *memory);
/* A line of the policy file; 0: the file as a whole. */
void problems_error(struct problems *p, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
void problems_warning(struct problems *p, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* In another file (an exempt file), which the policy file names on `line`. `where` is "FILE:LINE". */
void problems_elsewhere(struct problems *p, bool is_error, unsigned line, const char *where, const char *what);
void problems_tell(struct problems *p, policyfile_report *report, void *arg);

#endif

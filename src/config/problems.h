/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * problems: errors and warnings about a policy file, collected while it is read and reported at the end in the order of
 * the file, so that an admin sees all mistakes at once. Its memory is in the region it was created with.
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

/*
 * The lines of all files of a policy share one numbering: the first line of each file follows the last line of the file
 * before it. One number thus identifies file and line, and problems sort in the order in which the files are read.
 */
struct problem_file {
    const char *name;
    unsigned base; /* the number before that of its first line; means the file as a whole */
    unsigned lines;
};

enum { PROBLEM_FILES_MAX = 257, PROBLEM_PLACE_SIZE = 1024 };

struct problems {
    unsigned file_count;
    struct problem_file files[PROBLEM_FILES_MAX]; /* the last one is currently being read */
    struct region *memory;
    unsigned errors; /* total, including those beyond PROBLEMS_MAX */
    unsigned left_out;
    unsigned count;
    struct problem list[PROBLEMS_MAX];
};

/* `file` is the policy file itself; the number 0 means this file as a whole. */
void problems_init(struct problems *p, const char *file, struct region *memory);
/* Begins another file of the policy. Returns false when there are too many. */
bool problems_next_file(struct problems *p, const char *file);
/* Sets the number of lines of the current file, which must be known before another file begins. */
void problems_count_lines(struct problems *p, const char *text, size_t n);
/* The number before that of the first line of the current file. */
unsigned problems_base(const struct problems *p);
/* Returns the file that a number belongs to, and the line in that file (0: the file as a whole). */
const struct problem_file *problems_file(const struct problems *p, unsigned number, unsigned *line);
/* Writes "FILE:LINE" or "FILE". Returns `out`. */
const char *problems_place(const struct problems *p, unsigned number, char out[PROBLEM_PLACE_SIZE]);
/* `line` is a number as described above. */
void problems_error(struct problems *p, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
void problems_warning(struct problems *p, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* A problem in an exempt file, which the policy file names on `line`. `where` is "FILE:LINE". */
void problems_elsewhere(struct problems *p, bool is_error, unsigned line, const char *where, const char *what);
void problems_tell(struct problems *p, policyfile_report *report, void *arg);

#endif

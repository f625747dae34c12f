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

/*
 * The lines of all files that make up a policy count through: the first line of the next file comes after the last one
 * of the file before. So one number says file and line, and problems sort in the order in which the files are read.
 */
struct problem_file {
    const char *name;
    unsigned base; /* the number before that of its first line; stands for the file as a whole */
    unsigned lines;
};

enum { PROBLEM_FILES_MAX = 257, PROBLEM_PLACE_SIZE = 1024 };

struct problems {
    unsigned file_count;
    struct problem_file files[PROBLEM_FILES_MAX]; /* the last one is being read */
    struct region *memory;
    unsigned errors; /* all of them, also those over PROBLEMS_MAX */
    unsigned left_out;
    unsigned count;
    struct problem list[PROBLEMS_MAX];
};

/* `file` is the policy file itself, of which 0 is the number as a whole. */
void problems_init(struct problems *p, const char *file, struct region *memory);
/* Another file of the policy, with this text. False: there are too many. */
bool problems_next_file(struct problems *p, const char *file);
/* How many lines the current file has, once that is known; before, no other file can follow. */
void problems_count_lines(struct problems *p, const char *text, size_t n);
/* The number before that of the first line of the file that is being read. */
unsigned problems_base(const struct problems *p);
/* The file that a number is in, and the line of that file (0: as a whole). */
const struct problem_file *problems_file(const struct problems *p, unsigned number, unsigned *line);
/* "FILE:LINE", or "FILE". Returns `out`. */
const char *problems_place(const struct problems *p, unsigned number, char out[PROBLEM_PLACE_SIZE]);
/* `line` is the number of a line, as above. */
void problems_error(struct problems *p, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
void problems_warning(struct problems *p, unsigned line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* In another file (an exempt file), which the policy file names on `line`. `where` is "FILE:LINE". */
void problems_elsewhere(struct problems *p, bool is_error, unsigned line, const char *where, const char *what);
void problems_tell(struct problems *p, policyfile_report *report, void *arg);

#endif

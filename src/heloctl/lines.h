/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: the lines of log files and of lists that an admin writes, one after the other, plain or compressed by gzip.
 * Memory does not grow with the files: a line that is longer than the buffer is skipped. A file with a line of more
 * than LINES_LONGEST bytes, such as /dev/zero, is no text; reading it ends there.
 */
#ifndef HELOD_LINES_H
#define HELOD_LINES_H

#include <stdint.h>

#include "ctl.h"

struct lines;

enum { LINES_LONGEST = 64 << 20 };

/* `files` belong to the caller; "-" is standard input. Without files: the journal's lines of helod. */
struct lines *lines_open(const struct ctl *ctl, char **files, int count);
/* The same for one list, without a progress bar. */
struct lines *lines_open_file(const struct ctl *ctl, const char *file);
/* The next line without its end, valid until the next call. False after the last file. */
bool lines_next(struct lines *l, const char **line, size_t *n);
/*
 * The same for lists, of which no line may be left out: copies the line, ended by NUL. *wrong is NULL, or says why the
 * line cannot be taken: it does not fit, or it has a NUL byte.
 */
bool lines_next_text(struct lines *l, char *out, size_t size, const char **wrong);
uint64_t lines_count(const struct lines *l);
/* Ends the progress bar. CTL_OK, or CTL_NO_INPUT or CTL_DATA if a file could not be read, which has been reported. */
int lines_close(struct lines *l);

#endif

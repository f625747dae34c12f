/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: the lines of log files, one after the other, plain or compressed by gzip. Memory does not grow with the files:
 * a line that is longer than the buffer is skipped.
 */
#ifndef HELOD_LINES_H
#define HELOD_LINES_H

#include <stdint.h>

#include "ctl.h"

struct lines;

/*
 * `files` stay the caller's; "-" is standard input. No file: the journal's lines of helod. NULL: no memory, which has
 * been reported.
 */
struct lines *lines_open(const struct ctl *ctl, char **files, int count);
/* The next line without its end, valid until the next call; false after the last file. */
bool lines_next(struct lines *l, const char **line, size_t *n);
uint64_t lines_count(const struct lines *l);
/* Ends the progress bar. CTL_OK, or CTL_NO_INPUT or CTL_DATA where a file could not be read, which was reported. */
int lines_close(struct lines *l);

#endif

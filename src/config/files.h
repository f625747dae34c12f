/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: reads a file of the admin's whole, and only when nobody else could have written it.
 */
#ifndef HELOD_CONFIG_FILES_H
#define HELOD_CONFIG_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

struct file_text {
    char *text; /* ended by NUL, freed by the caller */
    size_t n;
    bool world_readable;
};

enum { FILE_ERROR_SIZE = 256 };

/* At most `limit` bytes. False with a text in error; so for a pipe, since nobody waits for who writes to it. */
bool file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE]);

/* A file of lines, a piece at a time, so that however long it is, no step takes long. */
struct file_lines;
/* Not a byte is read yet. NULL with a text in error; a pipe is refused here too. */
struct file_lines *file_lines_open(const char *path, size_t limit, char error[FILE_ERROR_SIZE]);
/*
 * WORK_LEFT: *text has *n bytes, whole lines (but for the last of the file, which may lack its end, and for one
 * over 8 KiB, which lacks its middle). WORK_FAILED, with a text in error, also when somebody wrote to the file
 * meanwhile: then it is not known whether what was read ever stood there together.
 */
enum work file_lines_next(struct file_lines *f, const char **text, size_t *n, char error[FILE_ERROR_SIZE]);
void file_lines_close(struct file_lines *f); /* NULL is allowed */

/* The same check for a file that another room opens; one that is not there is for them to complain about. */
bool file_is_safe(const char *path, char error[FILE_ERROR_SIZE]);

#endif

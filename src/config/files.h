/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: reads a file of the admin's whole, and only when nobody else could have written it.
 */
#ifndef HELOD_CONFIG_FILES_H
#define HELOD_CONFIG_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct file_text {
    char *text; /* ended by NUL, freed by the caller */
    size_t n;
    bool world_readable;
};

enum { FILE_ERROR_SIZE = 256 };

/* At most `limit` bytes. False with a text in error. */
bool file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE]);
/* The same check for a file that another room opens; one that is not there is for them to complain about. */
bool file_is_safe(const char *path, char error[FILE_ERROR_SIZE]);

#endif

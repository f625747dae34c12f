/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file: reads a file that the admin wrote, whole, in bounded time, and only when nobody else could have written it.
 */
#ifndef HELOD_FILE_H
#define HELOD_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct file_text {
    char *text; /* ended by NUL; the caller frees it */
    size_t n;
    bool world_readable;
};

enum { FILE_ERROR_SIZE = 256 };

/*
 * Reads a regular file of at most `limit` bytes. False with a text in error; so too when somebody writes to the file
 * during the reading, since nobody knows then whether the bytes that were read ever belonged together.
 */
bool file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE]);

#endif

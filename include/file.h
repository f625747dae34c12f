/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file: reads a whole configuration file in bounded time, and only if nobody but the admin could have written it.
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
 * Reads a regular file of at most `limit` bytes. Returns false with a text in error. A file that changes while it is
 * read is an error too, because the result could be a mixture of the old and the new content.
 */
bool file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE]);

#endif

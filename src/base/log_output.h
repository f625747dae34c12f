/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_output: the last step of a line. None of these waits: a log that nobody reads must not hold up mail.
 */
#ifndef HELOD_BASE_LOG_OUTPUT_H
#define HELOD_BASE_LOG_OUTPUT_H

#include <stdbool.h>
#include <sys/uio.h>

enum { OUTPUT_PARTS = 3 };

enum output_kind { OUTPUT_FILE, OUTPUT_PIPE, OUTPUT_SOCKET };

enum output_kind log_output_kind(int fd);
/* False if there was no room. Regular files are written directly, because they never block. */
bool log_output_write(int fd, enum output_kind kind, struct iovec parts[OUTPUT_PARTS]);

#endif

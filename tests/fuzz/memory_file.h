/* SPDX-License-Identifier: BSD-2-Clause */
/* memory_file: see memory_file.c. Link with --wrap=ctl_fail. */
#ifndef HELOD_FUZZ_MEMORY_FILE_H
#define HELOD_FUZZ_MEMORY_FILE_H

#include <stdint.h>

#include "ctl.h"

/* The path of a file with these bytes, valid until the next call. */
const char *memory_file(const uint8_t *data, size_t size);
/* Errors that heloctl reported since then. */
extern unsigned memory_file_complaints;

int __wrap_ctl_fail(const struct ctl *ctl, int status, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif

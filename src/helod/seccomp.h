/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seccomp: after start, only the system calls that helod needs.
 */
#ifndef HELOD_SECCOMP_H
#define HELOD_SECCOMP_H

#include <stdbool.h>
#include <stddef.h>

enum seccomp_result {
    SECCOMP_ON,
    SECCOMP_ABSENT, /* built without libseccomp, or with a sanitizer, or a kernel that has no filters */
    SECCOMP_FAILED, /* with a text in error: then helod must not go on */
};

/* For this process, for good. Call once, after privileges_drop(). */
enum seccomp_result seccomp_start(char *error, size_t error_size);

#endif

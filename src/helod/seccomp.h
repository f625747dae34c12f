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
    SECCOMP_ABSENT, /* this build or kernel has no filter; error says why */
    SECCOMP_FAILED, /* error says why; helod must not run without the filter then */
};

/* Installs the filter for this process, permanently. Call once, after privileges_drop(). */
enum seccomp_result seccomp_start(char *error, size_t error_size);

#endif

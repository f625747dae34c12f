/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory_file: bytes as a file, for parsers that open a path. The file is in memory and the same for all runs. Messages
 * of heloctl about it are only counted.
 */
#include "memory_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

unsigned memory_file_complaints;

const char *memory_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[64];

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    memory_file_complaints = 0;
    return path;
}

int __wrap_ctl_fail(const struct ctl *ctl, int status, const char *format, ...)
{
    (void)ctl;
    (void)format;
    memory_file_complaints++;
    return status;
}

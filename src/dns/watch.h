/* SPDX-License-Identifier: BSD-2-Clause */
/* watch: resolv.conf as a file that others rewrite. c-ares reads it once; we look whether it is another one by now. */
#ifndef HELOD_DNS_WATCH_H
#define HELOD_DNS_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct watch {
    const char *path; /* the owner's */
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t modified_ns;
};

/* The file as it is now counts as seen. */
void watch_init(struct watch *w, const char *path);
/* True once for each change. */
bool watch_changed(struct watch *w);
/* A file without a nameserver line would silently mean 127.0.0.1. */
bool watch_names_server(const char *path);

#endif

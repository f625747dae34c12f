/* SPDX-License-Identifier: BSD-2-Clause */
/* watch: notices when resolv.conf is rewritten. c-ares reads the file only once. */
#ifndef HELOD_DNS_WATCH_H
#define HELOD_DNS_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct watch {
    const char *path; /* borrowed */
    dev_t device;
    ino_t inode;
    off_t size;
    int64_t modified_ns;
};

/* Takes the file's present state as the known one. */
void watch_init(struct watch *w, const char *path);
/* Returns true once for each change. */
bool watch_changed(struct watch *w);
/* True when the file has a nameserver line. Without one, c-ares would silently use 127.0.0.1. */
bool watch_names_server(const char *path);

#endif

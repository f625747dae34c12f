/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress: a bar on stderr for work that takes a while, only where stderr is a terminal.
 */
#ifndef HELOD_PROGRESS_H
#define HELOD_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what;
    uint64_t total, done, drawn_ms;
    bool shown;
};

void progress_begin(struct progress *p, const char *what, uint64_t total);
void progress_set(struct progress *p, uint64_t done);
void progress_end(struct progress *p); /* wipes the bar */

#endif

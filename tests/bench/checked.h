/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checked: judges each reply of a run under faults (load -C). A fault is written to stdout when it is seen, as one JSON
 * object per line, so that tests/lib/load.py can compare it with what the machine did at that moment.
 */
#ifndef HELOD_BENCH_CHECKED_H
#define HELOD_BENCH_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

#include "greetings.h"

struct checked {
    uint64_t wrong;   /* replies that are not among those that the row of the table wants */
    uint64_t twice;   /* replies with more bytes than one reply has, and replies to no request */
    uint64_t retried; /* requests sent again because their connection broke */
    uint64_t refused; /* connections */
};

/* Counts what is wrong with a whole reply, which begins at `reply` and may have more bytes behind it. */
void checked_reply(struct checked *checked, const struct greeting *g, const char *reply);

/* Bytes came although nothing was requested. */
void checked_unasked(struct checked *checked, const char *bytes);

/* A reply took longer than it may. Times are in seconds of CLOCK_MONOTONIC; `own` is how long the generator did not run
 * meanwhile. Whether the reply is late is for the reader to decide. */
void checked_slow(const struct greeting *g, double sent, double took, double own);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slice: long work in pieces, so that the event loop is back soon. Who works asks after each small step whether the
 * slice is over; who has all the time gives NULL.
 */
#ifndef HELOD_SLICE_H
#define HELOD_SLICE_H

#include <stdbool.h>
#include <stdint.h>

struct slice {
    uint64_t end_us; /* by clock_us() */
};

enum work {
    WORK_LEFT, /* call again */
    WORK_DONE,
    WORK_FAILED, /* and why was told */
};

struct slice slice_of(uint64_t us);            /* from now on */
bool slice_is_over(const struct slice *slice); /* NULL never is */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slice: by the clock, not by counting steps: on a busy machine a step takes longer, and a question waits no less.
 */
#include "slice.h"

#include <stddef.h>

#include "clock.h"

struct slice slice_of(uint64_t us)
{
    return (struct slice){.end_us = clock_us() + us};
}

bool slice_is_over(const struct slice *slice)
{
    return slice != NULL && clock_us() >= slice->end_us;
}

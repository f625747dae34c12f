/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: the only source of time. Promises that it returns the real time unless clock_freeze() or clock_advance()
 * was called.
 */
#include "clock.h"

static bool frozen;
static time_t frozen_wall;
static uint64_t frozen_ms;

uint64_t clock_us(void)
{
    struct timespec now;

    if (frozen)
        return frozen_ms * 1000;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t clock_ms(void)
{
    return clock_us() / 1000;
}

time_t clock_wall(void)
{
    return frozen ? frozen_wall : time(NULL);
}

const char *clock_text(time_t when, char out[CLOCK_TEXT_SIZE])
{
    struct tm tm;

    if (gmtime_r(&when, &tm) == NULL || strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        out[0] = '\0';
    return out;
}

struct timeval clock_timeval(uint64_t ms)
{
    return (struct timeval){.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
}

void clock_freeze(time_t wall, uint64_t ms)
{
    frozen = true;
    frozen_wall = wall;
    frozen_ms = ms;
}

void clock_advance(uint64_t ms)
{
    frozen_wall += (time_t)((frozen_ms % 1000 + ms) / 1000);
    frozen_ms += ms;
}

void clock_thaw(void)
{
    frozen = false;
}

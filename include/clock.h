/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock: the only source of time. Tests and `heloctl replay` may move it; the daemon never does.
 */
#ifndef HELOD_CLOCK_H
#define HELOD_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

/* Milliseconds of a clock that never jumps (CLOCK_MONOTONIC). */
uint64_t clock_ms(void);
/* Microseconds of the same clock, for durations. */
uint64_t clock_us(void);
/* Wall clock, seconds since 1970. */
time_t clock_wall(void);
/* A time as RFC 3339 text in UTC: "2026-01-31T12:00:00Z"; "" if it is out of range. Returns `out`. */
enum { CLOCK_TEXT_SIZE = 32 };
const char *clock_text(time_t when, char out[CLOCK_TEXT_SIZE]);
/* A duration as libevent takes it. */
struct timeval clock_timeval(uint64_t ms);

/* Freezes both clocks at these values. From then on only clock_advance() moves them, until clock_thaw(). */
void clock_freeze(time_t wall, uint64_t ms);
void clock_advance(uint64_t ms);
void clock_thaw(void);

#endif

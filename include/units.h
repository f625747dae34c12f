/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units: reads durations, sizes and dates as people write them in the policy file and on command lines, and finds the
 * name that a mistyped word most likely meant.
 */
#ifndef HELOD_UNITS_H
#define HELOD_UNITS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* A whole decimal number, and nothing else. */
bool units_number(const char *s, uint64_t *n);
/* "250ms", "8s", "5m", "2h", "7d"; a bare number is seconds. */
bool units_duration(const char *s, uint64_t *ms);
/* "512", "64k", "16m", "1g" (powers of 1024). */
bool units_size(const char *s, uint64_t *bytes);
/* "YYYY-MM-DD". *end is the first second after that day, UTC. */
bool units_date(const char *s, time_t *end);
/* The shortest text that reads back to the same duration: "8s", "250ms". */
const char *units_duration_text(uint64_t ms, char out[24]);
/* The one of n `names` that a mistyped `word` most likely meant; NULL if none is close. */
const char *units_nearest(const char *word, const char *const *names, size_t n);

#endif

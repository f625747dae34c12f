/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recent: the last decisions, as lines, and how many there were in each of the last minutes.
 */
#ifndef HELOD_RECENT_H
#define HELOD_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { RECENT_LINES = 50, RECENT_MINUTES = 60 };

struct recent;

struct recent *recent_new(void); /* NULL: no memory */
void recent_free(struct recent *r);
/*
 * Counts a decision. False when this second has had as many as can be kept: then a line that is made for the status
 * page alone is not worth making.
 */
bool recent_count(struct recent *r, time_t now);
/* Keeps the line of the decision counted last. */
void recent_keep(struct recent *r, const char *line, size_t n);
/* The line that was kept as the `back`-th before the last one (0: the last); NULL when there is none. */
const char *recent_line(const struct recent *r, unsigned back, size_t *n, time_t *when);
/* Decisions in the minute that ended `back` minutes before the one of `now` (0: the one that runs). */
uint64_t recent_minute(const struct recent *r, time_t now, unsigned back);

#endif

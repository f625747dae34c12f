/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recent: the last decisions, by field, and how many of each kind there were in each of the last minutes.
 */
#ifndef HELOD_RECENT_H
#define HELOD_RECENT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "decision_line.h"

/* Kinds of decisions: the outcomes as judged, and decisions without a judgement. */
enum { RECENT_DECISIONS = 50, RECENT_MINUTES = 60, RECENT_SKIPPED = OUTCOME_COUNT, RECENT_KINDS };

struct recent;

struct recent *recent_new(void); /* NULL: no memory */
void recent_free(struct recent *r);
const char *recent_kind_name(unsigned kind); /* as outcome_name(), and "skipped" */
/*
 * Counts a decision of that kind. Returns false once this second has had as many decisions as can be kept: writing a
 * line for the status page alone is then not worth the work.
 */
bool recent_count(struct recent *r, time_t now, unsigned kind);
/* Where to write the fields of the decision counted last. They replace those of the oldest decision. */
struct decision_field_list *recent_keep(struct recent *r);
/* The decision that was kept as the `back`-th before the last one (0: the last); NULL when there is none. */
const struct decision_field_list *recent_decision(const struct recent *r, unsigned back, time_t *when);
/* Decisions of a kind in the minute that ended `back` minutes before the one of `now` (0: the current one). */
uint64_t recent_minute(const struct recent *r, time_t now, unsigned back, unsigned kind);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sum: what a set of hits comes to under a policy, as decision.h says, and what it might come to once more is known.
 * Private to the room.
 */
#ifndef HELOD_DECISION_SUM_H
#define HELOD_DECISION_SUM_H

#include "rule_set.h"
#include "settings.h"

/* A note has no points whatever the policy says: it tells of trouble, and trouble never counts. */
int sum_points(const struct policy *policy, size_t rule);
/* The score of the hits; what each of them counts, unless `counted` (by rule number, all zero) is NULL. */
int sum_score(const struct policy *policy, const struct rule_set *hits, int *counted);
/*
 * Bounds of the score over every way in which the `open` rules, which do not hit yet, may turn out: with all open
 * penalties and no open credit; with all open credits and no open penalty.
 */
int sum_highest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open);
int sum_lowest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open);
/* The highest threshold that the score reaches; NULL: none. */
const struct threshold *sum_reached(const struct policy *policy, int score);

#endif

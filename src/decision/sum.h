/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sum: the score of a set of hits under a policy, and the bounds of what it may become once more is known. Private to
 * the room.
 *
 * If one finding implies another, only the heavier of the two counts; if they are equal, the one that implies the
 * other. The heaviest finding of a family counts in full. Every other one adds the percentage in its row's `adds`. A
 * family adds at most its cap. Credits are added up in the same way, to at most policy->credit, and subtracted.
 *
 * The score is never below 0, nor below the points of a certain finding, nor below the sum of the lasting findings
 * alone: a credit excuses a doubt about who the client is, not what its name says.
 */
#ifndef HELOD_DECISION_SUM_H
#define HELOD_DECISION_SUM_H

#include "rule_set.h"
#include "settings.h"

/* A note has no points whatever the policy says: it reports trouble, and trouble never counts. */
int sum_points(const struct policy *policy, size_t rule);
/*
 * The score of the hits. `counted` (by rule number, all zero before; may be NULL) receives what each hit counted. These
 * numbers add up to the score.
 */
int sum_score(const struct policy *policy, const struct rule_set *hits, int *counted);
/*
 * Bounds of the score, whatever the open rules turn out to be. The highest score counts all open penalties and no open
 * credit, the lowest all open credits and no open penalty.
 */
int sum_highest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open);
int sum_lowest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open);
/* The rules of `set` that are not in `some`. */
struct rule_set sum_without(const struct rule_set *some, const struct rule_set *set);
/* The highest threshold that the score reaches; NULL: none. */
const struct threshold *sum_reached(const struct policy *policy, int score);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sum: the score of a set of hits under a policy, and the bounds of what it may become once more is known. Private to
 * the room.
 *
 * Of two findings of which one implies the other only the heavier counts; if they are equal, the one that implies the
 * other. In a family the heaviest counts in full, and of every other one the share that its row's `adds` says, all
 * together at most the family's cap. Credits are added up in the same way, all together at most policy->credit, and are
 * subtracted. The score is never below 0, nor below the points of a certain finding, nor below what the lasting
 * findings alone add up to: a credit excuses a doubt about who the client is, not what its name says.
 */
#ifndef HELOD_DECISION_SUM_H
#define HELOD_DECISION_SUM_H

#include "rule_set.h"
#include "settings.h"

/* A note has no points whatever the policy says: it reports trouble, and trouble never counts. */
int sum_points(const struct policy *policy, size_t rule);
/*
 * The score of the hits. Unless `counted` is NULL (by rule number, all zero before), it gets what each of them counted:
 * these numbers add up to the score.
 */
int sum_score(const struct policy *policy, const struct rule_set *hits, int *counted);
/*
 * Bounds of the score over every way in which the open rules may turn out: with all open penalties and no open credit;
 * with all open credits and no open penalty.
 */
int sum_highest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open);
int sum_lowest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open);
/* `set` without what is in `some`. */
struct rule_set sum_without(const struct rule_set *some, const struct rule_set *set);
/* The highest threshold that the score reaches; NULL: none. */
const struct threshold *sum_reached(const struct policy *policy, int score);

#endif

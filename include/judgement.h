/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judgement: the result of running the rules on the evidence under one policy. Pure: no I/O, no clock, no log, no
 * globals.
 *
 * The score counts the rules that answered YES. The OPEN rules bound what the score may become: `high` counts every
 * open penalty and no open credit, `low` every open credit and no open penalty. If an exemption could still turn out to
 * match, `low` is 0. Everything that depends on missing evidence follows from these three numbers:
 *
 *   - decided: `low` and `high` reach the same threshold, so more evidence cannot change the outcome;
 *   - doubt: the score reaches a rejection but `low` does not, so helod defers instead (policy_verdict()).
 */
#ifndef HELOD_JUDGEMENT_H
#define HELOD_JUDGEMENT_H

#include <stdbool.h>

#include "evidence.h"
#include "rule_set.h"
#include "verdict.h"

struct policy;

struct judgement {
    const struct policy *policy;
    struct rule_set hits; /* YES, the notes included */
    struct rule_set open; /* OPEN, of the rules that have points */
    int score, low, high; /* never below 0; low <= score <= high */
    int present_low;      /* `low` without the rules about earlier greetings (rule.past) */
    enum outcome outcome; /* of the threshold that the score reaches, before doubt and mode are applied */
    bool decided;
    bool partial;   /* set by gather: it stopped early because the outcome was decided */
    unsigned needs; /* enum need: the kinds of evidence that the open rules read */
};

/* Runs the rules that have points in the policy, and the notes. With evidence.skip set, the result is score 0. */
void judge_evidence(const struct policy *policy, const struct evidence *e, struct judgement *out);
/*
 * Updates the judgement after evidence was added. YES and NO are final, so only the rules that were OPEN run again, and
 * the notes.
 */
void judge_again(struct judgement *j, const struct evidence *e);

#endif

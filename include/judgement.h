/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judgement: what the rules make of the evidence under one policy. Pure: no I/O, no clock, no log, no globals.
 *
 * The score counts the rules that answered YES. The rules that are OPEN bound what it may become: `high` counts every
 * open penalty and no open credit, `low` every open credit and no open penalty. An exemption that could still turn out
 * to hold makes `low` 0. From these three numbers follows everything that depends on missing evidence:
 *
 *   - decided: `low` and `high` reach the same threshold, so more evidence cannot change the outcome;
 *   - doubt: the score is a rejection and `low` is not, so the rejection becomes a deferral (policy_verdict()).
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
    int present_low;      /* `low` without what is held against earlier greetings */
    enum outcome outcome; /* of the threshold that the score reaches, before doubt and mode */
    bool decided;
    bool partial;   /* set by gather: it stopped because the outcome was decided, with evidence left to get */
    unsigned needs; /* enum need: the kinds of evidence that the open rules look at */
};

/* Runs the rules that have points in the policy, and the notes. A greeting with a skip is decided with score 0. */
void judge_evidence(const struct policy *policy, const struct evidence *e, struct judgement *out);
/* The same once more is known. YES and NO are final, so it runs only the rules that were OPEN, and the notes. */
void judge_again(struct judgement *j, const struct evidence *e);

#endif

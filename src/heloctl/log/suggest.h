/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suggest: suggests a change of the policy that fits a log: other points for rules that decide against honest senders,
 * and the thresholds that go with them.
 */
#ifndef HELOD_SUGGEST_H
#define HELOD_SUGGEST_H

#include "patterns.h"
#include "summary.h"

enum { SUGGEST_CHANGES_MAX = RULES_MAX + THRESHOLDS_MAX, SUGGEST_TEXT_SIZE = 300 };

struct suggestion {
    struct policy policy; /* the default policy with the changes */
    unsigned count;       /* 0: nothing to change */
    struct {
        char what[SUGGEST_TEXT_SIZE], why[SUGGEST_TEXT_SIZE];
    } changes[SUGGEST_CHANGES_MAX];
    bool by_labels; /* judged by ham and spam; else by whether a client proves its HELO name */
    struct pattern_counts before, after;
};

void suggest(const struct summary *s, struct suggestion *out);
/* The points that differ from the defaults and all thresholds, in the policy file's syntax. */
void suggest_print_policy(const struct policy *policy, FILE *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * patterns: counts the judged greetings of a log by the set of rules that hit, so that another policy can judge all of
 * them in a moment. A log of millions of greetings has some thousands of patterns. Their number is bounded.
 */
#ifndef HELOD_PATTERNS_H
#define HELOD_PATTERNS_H

#include "logged.h"
#include "table.h"

enum { PATTERN_SCORES = 152 }; /* 0 to 150, and all above */

enum pattern_kind {
    PATTERN_HAM,    /* by the labels */
    PATTERN_SPAM,   /* by the labels */
    PATTERN_PROVED, /* without a label; something proves the HELO name */
    PATTERN_OTHER,
    PATTERN_KINDS
};

/* Weighed: each sender counts a limited number of times (summary.h). */
struct pattern_counts {
    uint64_t outcomes[PATTERN_KINDS][OUTCOME_COUNT], weighed_outcomes[PATTERN_KINDS][OUTCOME_COUNT];
    uint64_t scores[PATTERN_KINDS][PATTERN_SCORES], weighed_scores[PATTERN_KINDS][PATTERN_SCORES];
};

struct table *patterns_new(void);
void patterns_add(struct table *patterns, const struct logged *l, enum pattern_kind kind, bool weighed);
/* How this policy judges all of them. */
void patterns_judge(const struct table *patterns, const struct policy *policy, struct pattern_counts *out);

#endif

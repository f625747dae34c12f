/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict: the result of applying a policy to the evidence. Lives in the request's region.
 */
#ifndef HELOD_VERDICT_H
#define HELOD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence.h"
#include "reply.h"

struct policy;
struct threshold;

/* From the mildest to the harshest, so that outcomes can be compared. */
enum outcome { OUTCOME_DUNNO, OUTCOME_MARK, OUTCOME_DEFER, OUTCOME_REJECT, OUTCOME_COUNT };

struct finding {
    int16_t rule;       /* index into rules[] */
    int points;         /* in the policy */
    int counted;        /* what it added to the score, which is the sum of these. 0: another finding covers it */
    const char *detail; /* untrusted text; "" if there is none */
};

enum { VERDICT_FINDINGS_MAX = 64, VERDICT_ID_SIZE = 8 };

struct verdict {
    const struct policy *policy;
    enum skip skip;                    /* copied from the evidence; if set, no findings, and the outcome is DUNNO */
    int32_t exemption;                 /* number of the entry, or -1 */
    int score;                         /* after caps and credits, at least 0 */
    int doubt;                         /* if not 0, a rejection became a deferral. These points could be removed by
                                          missing evidence, or come from unsure rules, or come from rules about
                                          earlier greetings without which it would be a mark at most */
    enum limit limited;                /* the client's limit because of which alone it is deferred, or LIMIT_NONE */
    bool partial;                      /* gathering stopped early, so the score may differ from the complete one */
    int at_least;                      /* the lowest possible value of the complete score */
    const struct threshold *threshold; /* the highest reached; NULL: none */
    enum outcome judged;               /* by the thresholds, doubt and limits */
    enum outcome outcome;              /* after the mode was applied: policy_mode_outcome() */
    unsigned finding_count;
    struct finding findings[VERDICT_FINDINGS_MAX]; /* heaviest first */
    char id[VERDICT_ID_SIZE]; /* of the decision; set by the caller; appended to the text of a 4xx or 5xx reply */
};

const char *outcome_name(enum outcome outcome); /* "dunno", "mark", "defer", "reject" */
const char *skip_name(enum skip skip);          /* "", "exempt", "authenticated", … */
const char *limit_name(enum limit limit);       /* "", "stress", "client_rate", … */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict: what the policy says about the evidence. Lives in the request's region.
 */
#ifndef HELOD_VERDICT_H
#define HELOD_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence.h"
#include "reply.h"

struct policy;
struct threshold;

/* How bad, in the order of Postfix's harshness. Counted, logged and compared by this. */
enum outcome { OUTCOME_DUNNO, OUTCOME_MARK, OUTCOME_DEFER, OUTCOME_REJECT, OUTCOME_COUNT };

struct finding {
    int16_t rule;       /* index into rules[] */
    int points;         /* of the policy */
    int counted;        /* what it added to the score; the findings' add up to it. 0: another finding covers it */
    const char *detail; /* "" when none; unfiltered */
};

enum { VERDICT_FINDINGS_MAX = 64, VERDICT_ID_SIZE = 8 };

struct verdict {
    const struct policy *policy;
    enum skip skip;                    /* of the evidence: then there are no findings and the outcome is DUNNO */
    int32_t exemption;                 /* number of the entry, or -1 */
    int score;                         /* after caps and credits, at least 0 */
    int doubt;                         /* not 0: the score is a rejection, but missing evidence could have lowered it
                                          by this much, below one, or earlier greetings alone lifted a mark by this
                                          much: the rejection became a deferral */
    enum limit limited;                /* the client's limit that alone made a deferral of the outcome, or LIMIT_NONE */
    bool partial;                      /* gathering stopped early, so the score may differ from the complete one */
    int at_least;                      /* the lowest that the complete score can be */
    const struct threshold *threshold; /* the highest reached; NULL: none */
    enum outcome judged;               /* what the thresholds say */
    enum outcome outcome;              /* what the mode makes of it: monitor -> dunno, soft: reject -> defer */
    unsigned finding_count;
    struct finding findings[VERDICT_FINDINGS_MAX]; /* heaviest first */
    char id[VERDICT_ID_SIZE]; /* of the decision; ends the text of a 4xx or 5xx; set by who decides */
};

const char *outcome_name(enum outcome outcome); /* "dunno", "mark", "defer", "reject" */
const char *skip_name(enum skip skip);          /* "", "exempt", "authenticated", … */
const char *limit_name(enum limit limit);       /* "", "stress", "client_rate", … */

#endif

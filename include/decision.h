/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision: evidence and policy to verdict, verdict to reply. Pure: no I/O, no clock, no log, no globals.
 */
#ifndef HELOD_DECISION_H
#define HELOD_DECISION_H

#include <stdbool.h>

#include "evidence.h"
#include "region.h"
#include "rule_set.h"
#include "settings.h"
#include "text.h"
#include "verdict.h"

/* Sorts the rules into the policy's sets by the points that it gives. Call it again when these have changed. */
void decision_take_points(struct policy *policy);

/*
 * Runs the rules that have points in the policy, sums, compares. Never fails: what does not fit is left out, and
 * without memory the verdict is SKIP_TROUBLE, which is DUNNO. `out` is overwritten.
 *
 * The sum. Of two findings of which one implies the other only the heavier counts (equal: the one that implies). In a
 * family the heaviest counts in full, of every other its row's `adds` percent, all together at most the family's cap.
 * Credits are added up in the same way, at most policy->credit together, and are taken off. The points of a certain
 * finding are a floor. The score is at least 0.
 *
 * A rejection stands only when no outcome of the evidence that is unknown (not asked, temporary failure) would have
 * averted it; else it becomes a deferral (verdict.doubt). So a failure of the DNS or of a store never rejects.
 */
void decision_make(const struct policy *policy, const struct evidence *e, struct region *r, struct verdict *out);

/*
 * A judgement under one policy while the evidence still comes: a rule is asked once, and again only when something
 * that it needs has come.
 */
struct decision_course {
    const struct policy *policy;
    bool begun;
    struct rule_set hits;
    struct rule_set unsure;   /* that need evidence and do not hit */
    struct rule_set possible; /* of these: by what is known they still could */
    int score;                /* of the hits */
    enum outcome outcome;     /* that the thresholds give the score, before doubt and mode */
};
void decision_begin(struct decision_course *c, const struct policy *policy);
/* `news` (enum need) is all that may have changed since the call before. Only for evidence without a skip. */
void decision_go_on(struct decision_course *c, const struct evidence *e, unsigned news, struct region *r);
/*
 * True when no evidence that is still unknown (the kinds in `missing`, enum need, are yet to be asked for) could
 * change the threshold that is reached: then it need not be asked for. The shadow policy is a question of its own.
 */
bool decision_settled(const struct decision_course *c, const struct evidence *e, unsigned missing);

/*
 * Scores findings that were logged before (heloctl replay): `rule` of each finding, skip and doubt are taken from *v,
 * everything else is made anew under the policy; verdict.policy becomes it.
 */
void decision_rescore(const struct policy *policy, struct verdict *v);

/*
 * The reply for a verdict with its id set. `first` is false when this message (instance) has had its PREPEND, or when
 * Postfix would skip one: then DUNNO is answered in its place. Texts come from the region.
 */
struct reply decision_reply(const struct verdict *v, const struct evidence *e, bool first, struct region *r);

/* The advice of a finding with its macros filled in, plain ASCII. */
const char *decision_advice(const struct finding *f, const struct evidence *e, struct region *r);

/*
 * Checks a template of the policy file. False when it has an unknown macro, or one that is not closed: *unknown then
 * points into the text, at the name, which ends at the next '}' or at the text's end.
 */
bool decision_check_template(const char *text, const char **unknown);
/* Whether the template has the macro. */
bool decision_template_uses(const char *text, const char *macro);

/* The macros of templates, one complete row each, ended by a NULL name. `value` is decision's own. */
struct decision_values;
enum { DECISION_VALUE_SIZE = 64 };
struct decision_macro {
    const char *name, *summary;
    bool ours; /* the value is text of this program or of the policy file; else it is foreign */
    const char *(*value)(const struct decision_values *values, char scratch[DECISION_VALUE_SIZE]);
};
extern const struct decision_macro decision_macros[];

/*
 * Adds "name:points,name:points" of the findings, heaviest first, in at most `room` bytes; those that do not fit are
 * counted at the end: "name:points,+2".
 */
void decision_add_findings(const struct verdict *v, size_t room, struct text *t);

#endif

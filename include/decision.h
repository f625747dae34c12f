/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision: judgement and policy to verdict, verdict to reply. Pure: no I/O, no clock, no log, no globals.
 */
#ifndef HELOD_DECISION_H
#define HELOD_DECISION_H

#include <stdbool.h>

#include "evidence.h"
#include "judgement.h"
#include "region.h"
#include "settings.h"
#include "text.h"
#include "verdict.h"

/* Sorts the rules into the policy's sets by the points that it gives them. Call it again when these have changed. */
void policy_sort_rules(struct policy *policy);

/*
 * Makes the verdict of a judgement and of the evidence that it is of; `out` is overwritten. Never fails: what does not
 * fit is left out, and without memory the verdict is SKIP_TROUBLE, which is DUNNO.
 *
 * A rejection counts only when no outcome of the missing evidence would have prevented it; otherwise it becomes a
 * deferral (verdict.doubt). So a failure of DNS or of a store never rejects.
 *
 * The reverse holds where the client itself exceeds its limit (verdict.limited): if the lookups that the limit forbade
 * could have led to a deferral or a rejection, the greeting is deferred. A client gains nothing by exceeding its limit.
 */
void policy_verdict(const struct judgement *j, const struct evidence *e, struct region *r, struct verdict *out);

/*
 * Scores findings that were logged before (heloctl replay): `rule` of each finding, skip, doubt and limited are
 * taken from *v, everything else is worked out again under the policy; verdict.policy becomes it.
 */
void policy_rescore(const struct policy *policy, struct verdict *v);

/*
 * The reply for a verdict whose id is set. `first` is false when this message (instance) already had its PREPEND, or
 * when Postfix would ignore one: then the reply is DUNNO instead. Texts come from the region.
 */
struct reply decision_reply(const struct verdict *v, const struct evidence *e, bool first, struct region *r);

/* The advice of a finding with its macros filled in: plain ASCII. */
const char *decision_advice(const struct finding *f, const struct evidence *e, struct region *r);

/*
 * Checks a template of the policy file. False when it has an unknown macro, or one that is not closed: *unknown then
 * points into the text, at the name, which ends at the next '}' or at the text's end.
 */
bool template_check(const char *text, const char **unknown);
/* Whether the template has the macro. */
bool template_uses(const char *text, const char *macro);

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

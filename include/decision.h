/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision: turns a judgement into a verdict under a policy, and a verdict into a reply. Pure: no I/O, no clock, no
 * log, no globals.
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

/* Fills the policy's rule sets from its points. Call it again whenever the points have changed. */
void policy_sort_rules(struct policy *policy);

/*
 * Makes the verdict from a judgement and from the evidence that was judged; `out` is overwritten. It never fails:
 * findings that do not fit are left out, and when memory runs out the verdict is SKIP_TROUBLE, which means DUNNO.
 *
 * A rejection becomes a deferral (verdict.doubt) if any result of the missing evidence could have prevented it. So a
 * failure of DNS or of a store never rejects.
 *
 * The reverse holds where the client itself exceeds its limit (verdict.limited): if the lookups that the limit forbade
 * could have led to a deferral or a rejection, the greeting is deferred. A client gains nothing by exceeding its limit.
 */
void policy_verdict(const struct judgement *j, const struct evidence *e, struct region *r, struct verdict *out);

/*
 * Scores logged findings again under another policy (heloctl replay). The rule of each finding, skip, doubt and limited
 * are kept; everything else in *v is computed again, and v->policy is set to `policy`.
 */
void policy_rescore(const struct policy *policy, struct verdict *v);

/*
 * The reply for a verdict whose id is set. `first` is false if this message (instance) already got its PREPEND, or if
 * Postfix would ignore one; then DUNNO replaces a PREPEND. Texts are allocated from the region.
 */
struct reply decision_reply(const struct verdict *v, const struct evidence *e, bool first, struct region *r);

/* The advice to the sender for a finding, with its macros expanded, in plain ASCII. */
const char *decision_advice(const struct finding *f, const struct evidence *e, struct region *r);

/*
 * Checks a template of the policy file. Returns false if it contains an unknown or unterminated macro; *unknown then
 * points at the macro's name inside `text`. The name ends at the next '}' or at the end of the text.
 */
bool template_check(const char *text, const char **unknown);
/* Whether the template has the macro. */
bool template_uses(const char *text, const char *macro);

/* The macros of templates, one complete row each, ended by a NULL name. Only decision itself calls `value`. */
struct decision_values;
struct decision_macro {
    const char *name, *summary;
    bool ours; /* the value comes from helod or the policy file; false: from a client or from DNS, so untrusted */
    const char *(*value)(const struct decision_values *values);
};
extern const struct decision_macro decision_macros[];

/*
 * Appends the findings as "name:points,name:points", heaviest first, in at most `room` bytes. If some do not fit, the
 * list ends with how many were omitted: "name:points,+2".
 */
void decision_add_findings(const struct verdict *v, size_t room, struct text *t);

#endif

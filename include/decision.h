/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision: evidence and policy to verdict, verdict to reply. Pure: no I/O, no clock, no log, no globals.
 */
#ifndef HELOD_DECISION_H
#define HELOD_DECISION_H

#include <stdbool.h>

#include "evidence.h"
#include "region.h"
#include "settings.h"
#include "verdict.h"

/*
 * Runs the rules that have points in the policy, sums, compares. Never fails: what does not fit is left out, and
 * without memory the verdict is SKIP_TROUBLE, which is DUNNO. `out` is overwritten.
 */
void decision_make(const struct policy *policy, const struct evidence *e, struct region *r, struct verdict *out);

/*
 * True when no evidence that is still NOT_ASKED (of the kinds in `missing`, enum need) could change the outcome that
 * `so_far` has reached under the policy: then it need not be asked for.
 */
bool decision_settled(const struct policy *policy, const struct evidence *e, const struct verdict *so_far,
                      unsigned missing);

/* Scores findings that were logged before (heloctl replay): points are taken from the policy, not from the line. */
void decision_rescore(const struct policy *policy, struct verdict *v);

/*
 * The reply for a verdict with its id set. `first` is false when this message (instance) has had its PREPEND, or when
 * Postfix would skip one: then DUNNO is answered in its place. Texts come from the region.
 */
struct reply decision_reply(const struct verdict *v, const struct evidence *e, bool first, struct region *r);

/* The advice of a finding with its macros filled in, plain ASCII. */
const char *decision_advice(const struct finding *f, const struct evidence *e, struct region *r);

/* Checks a template of the policy file: false, with the unknown macro's name in *unknown, when it has one. */
bool decision_check_template(const char *text, const char **unknown);

/* The macros of templates, for documentation and checks; NULL-terminated name and summary pairs. */
struct decision_macro {
    const char *name, *summary;
};
extern const struct decision_macro decision_macros[];

#endif

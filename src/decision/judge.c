/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge: evidence to judgement. It runs every rule once, adds up those that answered YES, and bounds what the OPEN ones
 * could still change.
 *
 * That the bounds hold rests on what the tests hold every rule to: YES and NO are final. So whatever the missing
 * evidence turns out to be, the hits of the complete evidence are the hits of now and some of the open rules.
 */
#include "judgement.h"

#include "settings.h"
#include "sum.h"

void judge_evidence(const struct policy *policy, const struct evidence *e, struct judgement *out)
{
    const struct threshold *reached;

    *out = (struct judgement){.policy = policy, .decided = true};
    if (e->skip != SKIP_NONE)
        return;
    for (size_t i = rule_set_next(&policy->asked, 0); i < RULES_MAX; i = rule_set_next(&policy->asked, i + 1)) {
        enum answer answer = rules[i]->test(e);

        if (answer == YES) {
            rule_set_add(&out->hits, i);
        } else if (answer == OPEN && rules[i]->points != 0) {
            rule_set_add(&out->open, i);
            out->needs |= rules[i]->needs;
        }
    }
    out->score = out->low = out->high = sum_score(policy, &out->hits, NULL);
    if (!rule_set_is_empty(&out->open)) {
        out->low = sum_lowest(policy, &out->hits, &out->open);
        out->high = sum_highest(policy, &out->hits, &out->open);
    }
    if (e->exempt == OPEN)
        out->low = 0;
    reached = sum_reached(policy, out->score);
    out->outcome = reached ? reached->outcome : OUTCOME_DUNNO;
    out->decided = sum_reached(policy, out->low) == sum_reached(policy, out->high);
}

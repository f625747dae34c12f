/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge: evidence to judgement. It runs every rule once, adds up those that answered YES, and bounds what the OPEN ones
 * could still change.
 *
 * The bounds are valid because YES and NO are final, which the tests check for every rule. Whatever the missing
 * evidence turns out to be, the complete set of hits is the present hits plus some of the open rules.
 */
#include "judgement.h"

#include "settings.h"
#include "sum.h"

/*
 * Rules about earlier greetings never turn a mark into a rejection (policy_verdict()). So if they count, it must also
 * be decided whether the present greeting alone reaches a deferral.
 */
static bool present_is_decided(const struct rule_set *sure, struct judgement *out)
{
    const struct rule_set *past = &out->policy->past;
    struct rule_set hits = sum_without(past, sure), open = sum_without(past, &out->open);
    const struct threshold *low, *high;

    out->present_low = sum_lowest(out->policy, &hits, &open);
    low = sum_reached(out->policy, out->present_low);
    high = sum_reached(out->policy, sum_highest(out->policy, &hits, &open));
    return (low != NULL && low->outcome >= OUTCOME_DEFER) || high == NULL || high->outcome < OUTCOME_DEFER;
}

static void note_answer(size_t rule, enum answer answer, struct judgement *out)
{
    if (answer == YES) {
        rule_set_add(&out->hits, rule);
    } else if (rules[rule]->points != 0) {
        rule_set_add(&out->open, rule);
        out->needs |= rules[rule]->needs;
    }
}

/*
 * Asks these rules; the other rules keep their answers. Nearly all rules are asked, and nearly all answer NO, so this
 * goes through the words of the set instead of looking for the next rule each time.
 */
static void ask(const struct rule_set *asked, const struct evidence *e, struct judgement *out)
{
    out->open = (struct rule_set){{0}};
    out->needs = 0;
    for (size_t word = 0; word < RULE_SET_WORDS; word++) {
        for (uint64_t rest = asked->words[word]; rest != 0; rest &= rest - 1) {
            size_t rule = word * RULE_SET_WORD + (size_t)__builtin_ctzll(rest);
            enum answer answer = rules[rule]->test(e);

            if (answer != NO)
                note_answer(rule, answer, out);
        }
    }
}

/* Score, bounds and what follows from them. */
static void sum_up(const struct evidence *e, struct judgement *out)
{
    const struct policy *policy = out->policy;
    const struct rule_set counting = rule_set_both(&out->hits, &out->open);
    const struct rule_set past = rule_set_common(&counting, &policy->past);
    struct rule_set sure = out->hits;
    bool present_decided = true;
    const struct threshold *reached;

    out->score = out->low = out->high = sum_score(policy, &out->hits, NULL);
    if (e->reverse_silent) /* the only evidence that an unsure rule looks at */
        sure = sum_without(&policy->unsure, &out->hits);
    if (!rule_set_is_empty(&out->open) || e->reverse_silent) {
        out->low = sum_lowest(policy, &sure, &out->open);
        out->high = sum_highest(policy, &out->hits, &out->open);
    }
    out->present_low = out->low;
    if (!rule_set_is_empty(&past))
        present_decided = present_is_decided(&sure, out);
    if (e->exempt == OPEN)
        out->low = 0;
    reached = sum_reached(policy, out->score);
    out->outcome = reached ? reached->outcome : OUTCOME_DUNNO;
    out->decided = present_decided && sum_reached(policy, out->low) == sum_reached(policy, out->high);
}

void judge_evidence(const struct policy *policy, const struct evidence *e, struct judgement *out)
{
    const struct rule_set scored = rule_set_both(&policy->penalties, &policy->credits);
    const struct rule_set asked = rule_set_both(&scored, &policy->notes);

    *out = (struct judgement){.policy = policy, .decided = true};
    if (e->skip != SKIP_NONE)
        return;
    ask(&asked, e, out);
    sum_up(e, out);
}

void judge_again(struct judgement *j, const struct evidence *e)
{
    const struct policy *policy = j->policy;
    const struct rule_set asked = rule_set_both(&j->open, &policy->notes);

    if (e->skip != SKIP_NONE) {
        *j = (struct judgement){.policy = policy, .decided = true};
        return;
    }
    EACH_RULE (i, &policy->notes)
        rule_set_take_out(&j->hits, i);
    ask(&asked, e, j);
    sum_up(e, j);
}

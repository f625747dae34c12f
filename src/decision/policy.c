/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy: judgement to verdict. Lists the findings with the points that counted, finds the threshold, and applies doubt
 * and mode.
 */
#include <string.h>

#include "decision.h"
#include "sum.h"

static void add_if(bool wanted, struct rule_set *set, size_t rule)
{
    if (wanted)
        rule_set_add(set, rule);
}

void policy_sort_rules(struct policy *policy)
{
    policy->penalties = policy->credits = policy->notes = policy->implying = (struct rule_set){{0}};
    policy->past = policy->unsure = policy->lasting = policy->certain = (struct rule_set){{0}};
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *rule = rules[i];
        int points = sum_points(policy, i);

        add_if(points > 0, &policy->penalties, i);
        add_if(points > 0 && rule->past, &policy->past, i);
        add_if(points > 0 && rule->unsure, &policy->unsure, i);
        add_if(points > 0 && rule->lasting, &policy->lasting, i);
        add_if(points > 0 && rule->certain, &policy->certain, i);
        add_if(points < 0, &policy->credits, i);
        add_if(rule->points == 0, &policy->notes, i);
        add_if(!rule_set_is_empty(&rule->implies), &policy->implying, i);
    }
}

static enum outcome outcome_at(const struct policy *policy, int score)
{
    const struct threshold *t = sum_reached(policy, score);

    return t ? t->outcome : OUTCOME_DUNNO;
}

static int order(const struct finding *a, const struct finding *b)
{
    if (a->counted != b->counted)
        return b->counted - a->counted;
    if (a->points != b->points)
        return b->points - a->points;
    return a->rule - b->rule;
}

/* There are few findings and they are nearly in order, so this is an insertion sort. */
static void sort_findings(struct verdict *v)
{
    for (unsigned i = 1; i < v->finding_count; i++) {
        struct finding f = v->findings[i];
        unsigned at = i;

        for (; at > 0 && order(&v->findings[at - 1], &f) > 0; at--)
            v->findings[at] = v->findings[at - 1];
        v->findings[at] = f;
    }
}

/* Threshold, judged and outcome, from score, doubt and limited. */
static void conclude(const struct policy *policy, struct verdict *v)
{
    v->threshold = sum_reached(policy, v->score);
    v->judged = v->threshold ? v->threshold->outcome : OUTCOME_DUNNO;
    if (v->judged == OUTCOME_REJECT && v->doubt > 0 && outcome_at(policy, v->score - v->doubt) != OUTCOME_REJECT)
        v->judged = OUTCOME_DEFER;
    if (v->limited != LIMIT_NONE && v->judged >= OUTCOME_DEFER)
        v->limited = LIMIT_NONE;
    if (v->limited != LIMIT_NONE)
        v->judged = OUTCOME_DEFER;
    v->outcome = policy_mode_outcome(policy->mode, v->judged);
}

/* If the outcome is a rejection only because of unsure findings, it becomes a deferral. */
static void doubt_the_unsure(const struct policy *policy, int sure, struct verdict *v)
{
    if (outcome_at(policy, v->score) == OUTCOME_REJECT && outcome_at(policy, sure) != OUTCOME_REJECT &&
        v->score - sure > v->doubt)
        v->doubt = v->score - sure;
}

/*
 * Earlier greetings may be those of other hosts that used the same name or are behind the same NAT. If they alone turn
 * a mark into a rejection, it becomes a deferral.
 */
static void doubt_the_past(const struct policy *policy, int present, struct verdict *v)
{
    if (outcome_at(policy, v->score) == OUTCOME_REJECT && outcome_at(policy, present) < OUTCOME_DEFER &&
        v->score - present > v->doubt)
        v->doubt = v->score - present;
}

/* Points, counted parts and the score of the findings in *v. */
static void count_findings(const struct policy *policy, const struct rule_set *hits, struct verdict *v)
{
    int counted[RULES_MAX] = {0};

    v->score = sum_score(policy, hits, counted);
    for (unsigned i = 0; i < v->finding_count; i++) {
        struct finding *f = &v->findings[i];

        f->points = sum_points(policy, (size_t)f->rule);
        f->counted = counted[f->rule];
    }
    sort_findings(v);
}

/* Everything but the findings, which are written one by one. */
static void clear(struct verdict *v, const struct policy *policy)
{
    memset(v, 0, offsetof(struct verdict, findings));
    memset(v->id, 0, sizeof(v->id));
    v->policy = policy;
    v->exemption = -1;
}

static void list_findings(const struct judgement *j, const struct evidence *e, struct region *r, struct verdict *out)
{
    EACH_RULE (i, &j->hits) {
        const char *detail = rules[i]->detail ? rules[i]->detail(e, r) : NULL;

        if (out->finding_count == VERDICT_FINDINGS_MAX)
            return;
        out->findings[out->finding_count++] = (struct finding){.rule = (int16_t)i, .detail = detail ? detail : ""};
    }
}

void policy_verdict(const struct judgement *j, const struct evidence *e, struct region *r, struct verdict *out)
{
    const struct policy *policy = j->policy;

    clear(out, policy);
    out->skip = e->skip;
    if (e->skip == SKIP_EXEMPT)
        out->exemption = e->exemption;
    if (e->skip != SKIP_NONE)
        return;
    list_findings(j, e, r, out);
    if (region_failed(r)) {
        clear(out, policy);
        out->skip = SKIP_TROUBLE;
        return;
    }
    count_findings(policy, &j->hits, out);
    out->partial = j->partial;
    out->at_least = j->low;
    doubt_the_unsure(policy, j->low, out); /* kept only if it prevents a rejection, because only then it is logged */
    doubt_the_past(policy, j->present_low, out);
    if (limit_is_the_clients(e->limit) && outcome_at(policy, j->high) >= OUTCOME_DEFER)
        out->limited = e->limit;
    conclude(policy, out);
}

void policy_rescore(const struct policy *policy, struct verdict *v)
{
    struct rule_set hits = {{0}}, some;

    v->policy = policy;
    v->threshold = NULL;
    v->score = 0;
    v->judged = v->outcome = OUTCOME_DUNNO;
    if (v->skip != SKIP_NONE)
        return;
    for (unsigned i = 0; i < v->finding_count; i++)
        rule_set_add(&hits, (size_t)v->findings[i].rule);
    count_findings(policy, &hits, v);
    v->at_least = v->score;
    some = sum_without(&policy->unsure, &hits);
    doubt_the_unsure(policy, sum_score(policy, &some, NULL), v);
    some = sum_without(&policy->past, &some);
    doubt_the_past(policy, sum_score(policy, &some, NULL), v);
    conclude(policy, v);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * score: rules to findings to verdict, and whether more evidence could change it.
 *
 * That rests on two properties that the tests hold the catalogue to: a hit stays a hit whatever comes to be known, and
 * a rule whose needs are all known does not begin to hit. Between them lie the open rules, and of the score's bounds
 * over them (sum.h) hangs whether it is settled.
 */
#include <string.h>

#include "decision.h"
#include "sum.h"

static enum outcome outcome_at(const struct policy *policy, int score)
{
    const struct threshold *t = sum_reached(policy, score);

    return t ? t->outcome : OUTCOME_DUNNO;
}

static bool unknown(enum known known)
{
    return known == KNOWN_NOT_ASKED || known == KNOWN_TEMPERROR;
}

static bool some_name_unconfirmed(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (unknown(e->rdns[i].confirmed))
            return true;
    return false;
}

/* The kinds of evidence that are not, or not wholly, known. */
static unsigned unknown_needs(const struct evidence *e)
{
    unsigned needs = 0;
    bool verified = e->confirmed && name_equal(&e->confirmed->name, &e->helo);

    if (unknown(e->reverse) || e->rdns_partial)
        needs |= NEED_REVERSE | NEED_CONFIRM;
    if (some_name_unconfirmed(e))
        needs |= NEED_CONFIRM;
    if (unknown(e->helo_address) || (e->helo_address == KNOWN_PRESENT && unknown(e->helo_is_client)))
        needs |= NEED_HELO_ADDRESS;
    if (unknown(e->helo_mx))
        needs |= NEED_HELO_MX;
    /* A name that the reverse side verified is not asked for SPF on purpose: that is no doubt. */
    if (e->helo_spf ? e->helo_spf->result == SPF_TEMPERROR : !verified)
        needs |= NEED_HELO_SPF;
    if (!e->history.known)
        needs |= NEED_HISTORY;
    return needs;
}

static bool may_hit(size_t rule, const struct evidence *e)
{
    return !rules[rule]->possible || rules[rule]->possible(e);
}

/* The rules that the greeting meets and that count. */
static struct rule_set counting(const struct policy *policy, const struct evidence *e)
{
    const struct rule_set met = rules_met(e), count = rule_set_both(&policy->penalties, &policy->credits);

    return rule_set_common(&met, &count);
}

/* Of the rules those that need one of the kinds in `needs`. */
static struct rule_set needing(const struct rule_set *set, unsigned needs)
{
    struct rule_set kept = {{0}};

    for
        EACH_RULE(i, set)
    if (rules[i]->needs & needs)
        rule_set_add(&kept, i);
    return kept;
}

static int order(const struct finding *a, const struct finding *b)
{
    if (a->counted != b->counted)
        return b->counted - a->counted;
    if (a->points != b->points)
        return b->points - a->points;
    return a->rule - b->rule;
}

/* Few and nearly in order: an insertion sort. */
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

static void conclude(const struct policy *policy, struct verdict *v)
{
    v->threshold = sum_reached(policy, v->score);
    v->judged = v->threshold ? v->threshold->outcome : OUTCOME_DUNNO;
    if (v->judged == OUTCOME_REJECT && v->doubt > 0 && outcome_at(policy, v->score - v->doubt) != OUTCOME_REJECT)
        v->judged = OUTCOME_DEFER;
    v->outcome = policy_mode_outcome(policy->mode, v->judged);
}

/* Points, counted parts and the score of the findings in *v. */
static void sum_findings(const struct policy *policy, const struct rule_set *hits, struct verdict *v)
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

/* Keeps a doubt only where it averts a rejection: then it belongs in the log. */
static void weigh_doubt(const struct policy *policy, const struct evidence *e, const struct rule_set *hits,
                        struct verdict *v)
{
    struct rule_set met, open = {{0}};
    int lowest;

    if (outcome_at(policy, v->score) != OUTCOME_REJECT)
        return;
    met = counting(policy, e);
    met = needing(&met, unknown_needs(e));
    for
        EACH_RULE(i, &met)
    if (!rule_set_has(hits, i) && may_hit(i, e))
        rule_set_add(&open, i);
    lowest = sum_lowest(policy, hits, &open);
    if (lowest < v->score && outcome_at(policy, lowest) != OUTCOME_REJECT)
        v->doubt = v->score - lowest;
}

/* All but the findings, which are written one by one. */
static void clear(struct verdict *v, const struct policy *policy)
{
    memset(v, 0, offsetof(struct verdict, findings));
    memset(v->id, 0, sizeof(v->id));
    v->policy = policy;
    v->exemption = -1;
}

void decision_make(const struct policy *policy, const struct evidence *e, struct region *r, struct verdict *out)
{
    struct rule_set met, hits = {{0}};

    clear(out, policy);
    out->skip = e->skip;
    if (e->skip == SKIP_EXEMPT)
        out->exemption = e->exemption;
    if (e->skip != SKIP_NONE)
        return;
    met = rules_met(e);
    met = rule_set_common(&met, &policy->asked);
    for
        EACH_RULE(i, &met)
        {
            const char *detail = "";

            if (out->finding_count == VERDICT_FINDINGS_MAX || !rules[i]->test(e, &detail, r))
                continue;
            rule_set_add(&hits, i);
            out->findings[out->finding_count++] = (struct finding){.rule = (int16_t)i, .detail = detail};
        }
    if (region_failed(r)) {
        clear(out, policy);
        out->skip = SKIP_TROUBLE;
        return;
    }
    sum_findings(policy, &hits, out);
    weigh_doubt(policy, e, &hits, out);
    conclude(policy, out);
}

void decision_begin(struct decision_course *c, const struct policy *policy)
{
    *c = (struct decision_course){.policy = policy};
}

void decision_go_on(struct decision_course *c, const struct evidence *e, unsigned news, struct region *r)
{
    const struct rule_set met = c->begun ? needing(&c->unsure, news) : counting(c->policy, e);

    c->begun = true;
    for
        EACH_RULE(i, &met)
        {
            const char *detail;

            rule_set_take_out(&c->possible, i);
            if (rules[i]->test(e, &detail, r)) {
                rule_set_add(&c->hits, i);
                rule_set_take_out(&c->unsure, i);
            } else if (rules[i]->needs != 0) {
                rule_set_add(&c->unsure, i);
                if (may_hit(i, e))
                    rule_set_add(&c->possible, i);
            }
        }
    c->score = sum_score(c->policy, &c->hits, NULL);
    c->outcome = outcome_at(c->policy, c->score);
}

bool decision_settled(const struct decision_course *c, const struct evidence *e, unsigned missing)
{
    struct rule_set may_rise = needing(&c->possible, missing), may_fall;
    const struct threshold *highest, *lowest;

    highest = sum_reached(c->policy, sum_highest(c->policy, &c->hits, &may_rise));
    if (highest != sum_reached(c->policy, c->score))
        return false;
    may_fall = needing(&c->possible, missing | unknown_needs(e));
    lowest = sum_reached(c->policy, sum_lowest(c->policy, &c->hits, &may_fall));
    return highest == lowest;
}

void decision_rescore(const struct policy *policy, struct verdict *v)
{
    struct rule_set hits = {{0}};

    v->policy = policy;
    v->threshold = NULL;
    v->score = 0;
    v->judged = v->outcome = OUTCOME_DUNNO;
    if (v->skip != SKIP_NONE)
        return;
    for (unsigned i = 0; i < v->finding_count; i++)
        rule_set_add(&hits, (size_t)v->findings[i].rule);
    sum_findings(policy, &hits, v);
    conclude(policy, v);
}

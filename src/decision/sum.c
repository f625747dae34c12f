/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sum: silences what is implied, adds up families, caps and credits. The same arithmetic serves the verdict itself and
 * the bounds of what it might become.
 *
 * It only grows with further hits of one sign but for one thing, implication: so what is added for a bound may not
 * silence anything, and what is held back silences all it can.
 */
#include "sum.h"

#include "decision.h"

int sum_points(const struct policy *policy, size_t rule)
{
    return rules[rule]->points == 0 ? 0 : policy->points[rule];
}

void decision_take_points(struct policy *policy)
{
    policy->penalties = policy->credits = policy->asked = (struct rule_set){{0}};
    for (size_t i = 0; i < rules_count; i++) {
        int points = sum_points(policy, i);

        if (points != 0)
            rule_set_add(points > 0 ? &policy->penalties : &policy->credits, i);
        if (points != 0 || rules[i]->points == 0)
            rule_set_add(&policy->asked, i);
    }
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

/* The rules of a set by the sign of their points. */
struct signed_sets {
    struct rule_set penalties, credits;
};

static struct signed_sets by_sign(const struct policy *policy, const struct rule_set *set)
{
    return (struct signed_sets){rule_set_common(set, &policy->penalties), rule_set_common(set, &policy->credits)};
}

/*
 * Takes out of `hits` what counts nothing because one of `others` says the same and is at least as heavy; if equally
 * heavy, the one that implies stays. All of one sign.
 */
static void silence(const struct policy *policy, const struct rule_set *others, struct rule_set *hits, int sign)
{
    const struct rule_set loud = *others, all = rule_set_both(others, hits);

    for
        EACH_RULE(i, &all)
        {
            struct rule_set implied = rule_set_common(&rules[i]->implies, &all);

        for
            EACH_RULE(k, &implied)
            {
                bool implied_is_heavier = policy->points[k] * sign > policy->points[i] * sign;

                if (rule_set_has(&loud, implied_is_heavier ? k : i))
                    rule_set_take_out(hits, implied_is_heavier ? i : k);
            }
        }
}

/* The shares of a family's hits: the heaviest first, then the others in order, as far as there is room. */
static void share_out(const struct policy *policy, const struct rule_set *hits, size_t first, int room, int *counted)
{
    enum family family = rules[first]->family;
    int sign = policy->points[first] > 0 ? 1 : -1, most = 0;
    size_t top = first;

    for (size_t i = first; i < RULES_MAX && rules[i]->family == family; i = rule_set_next(hits, i + 1)) {
        if (policy->points[i] * sign > most) {
            most = policy->points[i] * sign;
            top = i;
        }
    }
    counted[top] = sign * smaller(most, room);
    room -= smaller(most, room);
    for (size_t i = first; i < RULES_MAX && rules[i]->family == family; i = rule_set_next(hits, i + 1)) {
        int part = smaller(policy->points[i] * sign * (int)rules[i]->adds / 100, room);

        if (i == top)
            continue;
        counted[i] = sign * part;
        room -= part;
    }
}

/* Hits of one sign that are rid of what is silenced: of each family the heaviest in full, of the others their share. */
static int add_up(const struct policy *policy, const struct rule_set *hits, int sign, int *counted)
{
    size_t rule = rule_set_next(hits, 0);
    int sum = 0;

    while (rule < RULES_MAX) {
        enum family family = rules[rule]->family;
        int room = larger(sign > 0 ? policy->caps[family] : policy->credit - sum, 0);
        int most = 0, of_most = 0, shares = 0;
        size_t first = rule;

        for (; rule < RULES_MAX && rules[rule]->family == family; rule = rule_set_next(hits, rule + 1)) {
            int points = policy->points[rule] * sign, share = points * (int)rules[rule]->adds / 100;

            shares += share;
            if (points > most) {
                most = points;
                of_most = share;
            }
        }
        sum += smaller(most - of_most + shares, room);
        if (counted)
            share_out(policy, hits, first, room, counted);
    }
    return sum;
}

/* The points of a certain finding stand, silenced or not. */
static int floor_of(const struct policy *policy, const struct rule_set *hits)
{
    int floor = 0;

    for
        EACH_RULE(i, hits)
    if (rules[i]->certain)
        floor = larger(floor, policy->points[i]);
    return floor;
}

/* All hits of one sign: what is implied is silent, the others are added up. */
static int heard(const struct policy *policy, struct rule_set *hits, int sign, int *counted)
{
    if (rule_set_is_empty(hits))
        return 0;
    silence(policy, hits, hits, sign);
    return add_up(policy, hits, sign, counted);
}

int sum_score(const struct policy *policy, const struct rule_set *hits, int *counted)
{
    struct signed_sets sets = by_sign(policy, hits);
    int floor = floor_of(policy, &sets.penalties);
    int positive = heard(policy, &sets.penalties, 1, counted), credit = heard(policy, &sets.credits, -1, counted);

    return larger(positive - credit, floor);
}

/* What is added may not silence anything; what is held back is silenced by all there may be. */
int sum_highest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open)
{
    struct rule_set all = rule_set_both(hits, open);
    struct signed_sets sets = by_sign(policy, &all);
    struct rule_set known = rule_set_common(&sets.penalties, hits), credits = rule_set_common(&sets.credits, hits);
    int floor = floor_of(policy, &sets.penalties);

    silence(policy, &known, &sets.penalties, 1);
    silence(policy, &sets.credits, &credits, -1);
    return larger(add_up(policy, &sets.penalties, 1, NULL) - add_up(policy, &credits, -1, NULL), floor);
}

int sum_lowest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open)
{
    struct rule_set all = rule_set_both(hits, open);
    struct signed_sets sets = by_sign(policy, &all);
    struct rule_set known = rule_set_common(&sets.credits, hits), penalties = rule_set_common(&sets.penalties, hits);
    int floor = floor_of(policy, &penalties);

    silence(policy, &known, &sets.credits, -1);
    silence(policy, &sets.penalties, &penalties, 1);
    return larger(add_up(policy, &penalties, 1, NULL) - add_up(policy, &sets.credits, -1, NULL), floor);
}

const struct threshold *sum_reached(const struct policy *policy, int score)
{
    const struct threshold *best = NULL;

    for (unsigned i = 0; i < policy->threshold_count; i++)
        if (score >= policy->thresholds[i].score)
            best = &policy->thresholds[i];
    return best;
}

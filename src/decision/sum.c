/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sum: suppresses what is implied, then adds up families, caps and credits. The same arithmetic makes the score and its
 * bounds.
 *
 * One more penalty never lowers the score, and one more credit never raises it, except that it may suppress another hit
 * that it implies. A bound must allow for that. So the open rules that it counts suppress nothing, and the open rules
 * that it does not count suppress every hit that they imply.
 */
#include "sum.h"

#include "decision.h"

int sum_points(const struct policy *policy, size_t rule)
{
    return rules[rule]->points == 0 ? 0 : policy->points[rule];
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
 * Removes from `hits` each one that does not count beside one of `others`, because one of the two implies the other and
 * that one is at least as heavy. If both are equally heavy, the one that implies the other stays. All have one sign.
 */
static void suppress_implied(const struct policy *policy, const struct rule_set *others, struct rule_set *hits,
                             int sign)
{
    const struct rule_set by = *others, all = rule_set_both(others, hits);
    const struct rule_set implying = rule_set_common(&all, &policy->implying);

    EACH_RULE (i, &implying) {
        struct rule_set implied = rule_set_common(&rules[i]->implies, &all);

        EACH_RULE (k, &implied) {
            bool implied_is_heavier = policy->points[k] * sign > policy->points[i] * sign;

            if (rule_set_has(&by, implied_is_heavier ? k : i))
                rule_set_take_out(hits, implied_is_heavier ? i : k);
        }
    }
}

/* Fills in what each hit of a family counts: the heaviest first, then the others in order, up to the cap. */
static void share_out(const struct policy *policy, const struct rule_set *hits, size_t first, int room, int *counted)
{
    enum family family = rule_families[first];
    int sign = policy->points[first] > 0 ? 1 : -1, most = 0;
    size_t top = first;

    for (size_t i = first; i < RULES_MAX && rule_families[i] == family; i = rule_set_next(hits, i + 1)) {
        if (policy->points[i] * sign > most) {
            most = policy->points[i] * sign;
            top = i;
        }
    }
    counted[top] = sign * smaller(most, room);
    room -= smaller(most, room);
    for (size_t i = first; i < RULES_MAX && rule_families[i] == family; i = rule_set_next(hits, i + 1)) {
        int part = smaller(policy->points[i] * sign * (int)rules[i]->adds / 100, room);

        if (i == top)
            continue;
        counted[i] = sign * part;
        room -= part;
    }
}

/* Adds up hits of one sign, without those that are suppressed: family by family, as sum.h says. */
static int add_up(const struct policy *policy, const struct rule_set *hits, int sign, int *counted)
{
    size_t rule = rule_set_next(hits, 0);
    int sum = 0;

    while (rule < RULES_MAX) {
        enum family family = rule_families[rule];
        int room = larger(sign > 0 ? policy->caps[family] : policy->credit - sum, 0);
        int most = 0, of_most = 0, shares = 0;
        size_t first = rule;

        for (; rule < RULES_MAX && rule_families[rule] == family; rule = rule_set_next(hits, rule + 1)) {
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

/* The points of a certain finding are a floor, suppressed or not. */
static int floor_of(const struct policy *policy, const struct rule_set *hits)
{
    const struct rule_set certain = rule_set_common(hits, &policy->certain);
    int floor = 0;

    EACH_RULE (i, &certain)
        floor = larger(floor, policy->points[i]);
    return floor;
}

/* The sum of the lasting ones among these penalties, none of which is suppressed. */
static int lasting_of(const struct policy *policy, const struct rule_set *penalties)
{
    const struct rule_set lasting = rule_set_common(penalties, &policy->lasting);

    return add_up(policy, &lasting, 1, NULL);
}

/*
 * The score from penalties and credits, none of which is suppressed. Without a credit the floor of the lasting
 * penalties cannot matter: they are some of the penalties, so their sum is not larger.
 */
static int balance(const struct policy *policy, const struct rule_set *penalties, int positive, int credit, int floor)
{
    if (credit > 0)
        floor = larger(floor, lasting_of(policy, penalties));
    return larger(positive - credit, floor);
}

/* The sum of all hits of one sign. */
static int sum_side(const struct policy *policy, struct rule_set *hits, int sign, int *counted)
{
    if (rule_set_is_empty(hits))
        return 0;
    suppress_implied(policy, hits, hits, sign);
    return add_up(policy, hits, sign, counted);
}

/*
 * If a floor raised the score by `missing` points, the parts must still add up to the score. First the credits count
 * less, because the floor kept them from counting in full. What is missing then comes from a certain finding whose
 * family's cap is lower than its points, so the heaviest certain finding gets the rest.
 */
static void lift_parts(const struct policy *policy, const struct rule_set *penalties, const struct rule_set *credits,
                       int missing, int *counted)
{
    size_t top = RULES_MAX;

    EACH_RULE (i, credits) {
        int back = smaller(missing, -counted[i]);

        counted[i] += back;
        missing -= back;
    }
    EACH_RULE (i, penalties)
        if (rules[i]->certain && (top == RULES_MAX || policy->points[i] > policy->points[top]))
            top = i;
    if (top < RULES_MAX)
        counted[top] += missing;
}

int sum_score(const struct policy *policy, const struct rule_set *hits, int *counted)
{
    struct signed_sets sets = by_sign(policy, hits);
    const struct rule_set penalties = sets.penalties;
    int floor, positive, credit, score;

    if (rule_set_is_empty(&penalties))
        return 0; /* credits alone count nothing */
    floor = floor_of(policy, &penalties);
    positive = sum_side(policy, &sets.penalties, 1, counted);
    credit = sum_side(policy, &sets.credits, -1, counted);
    score = balance(policy, &sets.penalties, positive, credit, floor);
    if (counted && score > positive - credit)
        lift_parts(policy, &penalties, &sets.credits, score - (positive - credit), counted);
    return score;
}

int sum_highest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open)
{
    struct rule_set all = rule_set_both(hits, open);
    struct signed_sets sets = by_sign(policy, &all);
    struct rule_set known = rule_set_common(&sets.penalties, hits), credits = rule_set_common(&sets.credits, hits);
    int floor;

    if (rule_set_is_empty(&sets.penalties))
        return 0;
    floor = floor_of(policy, &sets.penalties);
    suppress_implied(policy, &known, &sets.penalties, 1);
    suppress_implied(policy, &sets.credits, &credits, -1);
    return balance(policy, &sets.penalties, add_up(policy, &sets.penalties, 1, NULL),
                   add_up(policy, &credits, -1, NULL), floor);
}

int sum_lowest(const struct policy *policy, const struct rule_set *hits, const struct rule_set *open)
{
    struct rule_set all = rule_set_both(hits, open);
    struct signed_sets sets = by_sign(policy, &all);
    struct rule_set known = rule_set_common(&sets.credits, hits), penalties = rule_set_common(&sets.penalties, hits);
    int floor;

    if (rule_set_is_empty(&penalties))
        return 0;
    floor = floor_of(policy, &penalties);
    suppress_implied(policy, &known, &sets.credits, -1);
    suppress_implied(policy, &sets.penalties, &penalties, 1);
    return balance(policy, &penalties, add_up(policy, &penalties, 1, NULL), add_up(policy, &sets.credits, -1, NULL),
                   floor);
}

struct rule_set sum_without(const struct rule_set *some, const struct rule_set *set)
{
    struct rule_set rest = *set;

    for (size_t i = 0; i < RULE_SET_WORDS; i++)
        rest.words[i] &= ~some->words[i];
    return rest;
}

const struct threshold *sum_reached(const struct policy *policy, int score)
{
    const struct threshold *best = NULL;

    for (unsigned i = 0; i < policy->threshold_count; i++)
        if (score >= policy->thresholds[i].score)
            best = &policy->thresholds[i];
    return best;
}

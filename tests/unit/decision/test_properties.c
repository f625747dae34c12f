/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties over random evidence. A greeting is made up in full; then some kinds of its evidence are hidden, as not
 * asked for or as failed, in the ways in which gather leaves them. Held to be true of every pair:
 *
 *   - a rule that hits with less evidence hits with all of it, unless it is a note;
 *   - a rule that the greeting cannot meet by its traits neither hits nor may;
 *   - a rule that says it is out of the question does not hit with all of it;
 *   - hiding what a rule does not need changes nothing for it;
 *   - what decision_settled() calls settled stays so, whatever the hidden evidence turns out to be;
 *   - a judgement that went on with the evidence is the one that is made of it at once;
 *   - no failure makes a rejection.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decision.h"
#include "evidence_builder.h"
#include "policy_builder.h"
#include "random_evidence.h"

enum { ROUNDS = 40000, COMPLETIONS = 4 };

static struct policy policy;

static bool hits(size_t rule, const struct evidence *e)
{
    const char *detail = "";

    return rules[rule]->test(e, &detail, region);
}

static void show(const struct evidence *e)
{
    print_error("    helo=%s reverse=%d names=%u fcrdns=%d address=%d is_client=%d mx=%d spf=%d history=%d\n",
                e->helo.text, (int)e->reverse, e->rdns_count, (int)e->fcrdns, (int)e->helo_address,
                (int)e->helo_is_client, (int)e->helo_mx, e->helo_spf ? (int)e->helo_spf->result : -1, e->history.known);
}

static void rules_are_sure(void **state)
{
    unsigned wrong = 0;

    (void)state;
    random_begin(1);
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;

        random_facts(full);
        less = random_hidden(full, random_needs(), false);
        for (size_t i = 0; i < rules_count; i++) {
            bool with_less = hits(i, less), with_all = hits(i, full);

            if (rules[i]->points == 0)
                continue;
            if (with_less && !with_all) {
                print_error("%s hits and is taken back\n", rules[i]->name);
            } else if (!with_less && with_all && rules[i]->possible && !rules[i]->possible(less)) {
                print_error("%s was out of the question and hits\n", rules[i]->name);
            } else {
                continue;
            }
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
}

static void needs_are_honest(void **state)
{
    unsigned wrong = 0;

    (void)state;
    random_begin(2);
    for (unsigned round = 0; round < ROUNDS / 10 && wrong < 5; round++) {
        struct evidence *full = random_greeting();

        random_facts(full);
        for (size_t i = 0; i < rules_count; i++) {
            unsigned other = ~rules[i]->needs & (NEED_DNS | NEED_HISTORY);
            const struct evidence *less;

            if (rules[i]->needs & NEED_CONFIRM)
                other &= ~(unsigned)NEED_REVERSE;
            less = random_hidden(full, other, false);
            if (rules[i]->points == 0 || hits(i, less) == hits(i, full))
                continue;
            print_error("%s looks at what it does not say it needs\n", rules[i]->name);
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
}

/* Of the greeting alone, and of what is known when some of the evidence is: no rule that is left out hits, or may. */
static void traits_are_honest(void **state)
{
    unsigned wrong = 0;

    (void)state;
    random_begin(6);
    for (unsigned round = 0; round < ROUNDS / 4 && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        const struct rule_set local = rules_met(full);
        struct rule_set met;

        random_facts(full);
        less = random_hidden(full, random_needs(), false);
        met = rules_met(less);
        for (size_t i = 0; i < rules_count; i++) {
            if (rule_set_has(&local, i) && rule_set_has(&met, i))
                continue;
            if (!hits(i, full) && !hits(i, less) && !(rules[i]->possible && rules[i]->possible(less)))
                continue;
            print_error("%s hits or may without its traits\n", rules[i]->name);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
}

/* Points and caps of a random policy: the properties hang on no default. */
static void random_policy(void)
{
    policy = builder_policy();
    for (size_t i = 0; i < rules_count; i++)
        if (rules[i]->points != 0 && random_below(3) == 0)
            policy.points[i] = rules[i]->points < 0 ? -(int)random_below(40) : (int)random_below(120);
    if (random_below(2))
        policy.caps[random_below(FAMILY_COUNT)] = (int)random_below(120);
    policy.credit = (int)random_below(80);
    decision_take_points(&policy);
}

static struct verdict judge(const struct evidence *e)
{
    struct verdict v;

    decision_make(&policy, e, region, &v);
    return v;
}

static struct decision_course course_of(const struct evidence *e)
{
    struct decision_course course;

    decision_begin(&course, &policy);
    decision_go_on(&course, e, 0, region);
    return course;
}

static void settled_stays_settled(void **state)
{
    unsigned wrong = 0, settled = 0;

    (void)state;
    random_begin(3);
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        unsigned needs = random_needs();
        struct decision_course course;
        struct verdict before;

        random_policy();
        random_facts(full);
        less = evidence_unasked(full, needs);
        before = judge(less);
        course = course_of(less);
        if (!decision_settled(&course, less, needs)) {
            region_reset(region);
            continue;
        }
        settled++;
        for (unsigned i = 0; i < COMPLETIONS; i++) {
            const struct evidence *more = random_completed(less, needs);
            struct verdict after = judge(more);

            if (after.judged == before.judged && after.threshold == before.threshold)
                continue;
            print_error("settled at %d (%s), then %d (%s)\n", before.score, outcome_name(before.judged), after.score,
                        outcome_name(after.judged));
            show(less);
            show(more);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
    assert_true(settled > ROUNDS / 50); /* else nothing was shown */
}

/* Judged bit by bit, or all at once: the same. */
static void courses_meet(void **state)
{
    unsigned wrong = 0;

    (void)state;
    random_begin(7);
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        unsigned needs = random_needs(), missing = random_needs();
        struct decision_course anew, course;
        struct verdict v;

        random_policy();
        random_facts(full);
        less = evidence_unasked(full, needs);
        course = course_of(less);
        decision_go_on(&course, full, needs, region);
        anew = course_of(full);
        v = judge(full);
        if (v.score != course.score || anew.score != course.score ||
            memcmp(&course.hits, &anew.hits, sizeof(anew.hits)) != 0 ||
            memcmp(&course.possible, &anew.possible, sizeof(anew.possible)) != 0 ||
            decision_settled(&course, full, missing) != decision_settled(&anew, full, missing)) {
            print_error("%d bit by bit, %d at once, %d the verdict\n", course.score, anew.score, v.score);
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
}

static void no_failure_rejects(void **state)
{
    unsigned wrong = 0, put_off = 0;

    (void)state;
    random_begin(4);
    for (unsigned round = 0; round < ROUNDS * 2 && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        struct verdict with_all, with_less;

        random_policy();
        random_facts(full);
        less = random_hidden(full, random_needs(), true);
        with_all = judge(full);
        with_less = judge(less);
        put_off += with_less.doubt > 0;
        if (with_all.judged != OUTCOME_REJECT && with_less.judged == OUTCOME_REJECT) {
            print_error("rejected at %d for a failure, else %d\n", with_less.score, with_all.score);
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
    assert_true(put_off > 0);
}

/* What was logged is enough to judge it again. */
static void rescored_the_same(void **state)
{
    (void)state;
    random_begin(5);
    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        struct evidence *e = random_greeting();
        struct verdict v, again;

        random_policy();
        random_facts(e);
        v = judge(random_hidden(e, random_needs(), false));
        memset(&again, 0, sizeof(again));
        again.doubt = v.doubt;
        again.finding_count = v.finding_count;
        for (unsigned i = 0; i < v.finding_count; i++)
            again.findings[v.finding_count - 1 - i].rule = v.findings[i].rule;
        decision_rescore(&policy, &again);
        assert_int_equal(again.score, v.score);
        assert_int_equal(again.outcome, v.outcome);
        assert_ptr_equal(again.threshold, v.threshold);
        for (unsigned i = 0; i < v.finding_count; i++)
            assert_int_equal(again.findings[i].rule, v.findings[i].rule);
        region_reset(region);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_sure),    cmocka_unit_test(needs_are_honest),
        cmocka_unit_test(traits_are_honest), cmocka_unit_test(settled_stays_settled),
        cmocka_unit_test(courses_meet),      cmocka_unit_test(no_failure_rejects),
        cmocka_unit_test(rescored_the_same),
    };
    return cmocka_run_group_tests_name("decision properties", tests, builder_start, builder_stop);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties over random evidence. A greeting is made up in full; then some kinds of its evidence are hidden, as not
 * asked for or as failed, in the ways in which gather leaves them. Held to be true of every pair:
 *
 *   - what a rule answers with less evidence, YES or NO, it answers with all of it, unless it is a note;
 *   - the identity that is proved never falls, and the best that could be proved never rises;
 *   - hiding what a rule does not need changes nothing for it;
 *   - the score lies within the bounds of the judgement before, whatever the hidden evidence turns out to be, and what
 *     was decided stays so;
 *   - a judgement that continued is the one that is made at once;
 *   - no failure makes a rejection;
 *   - the points of the findings add up to the score.
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

static enum answer ask(size_t rule, const struct evidence *e)
{
    return rules[rule]->test(e);
}

static void show(const struct evidence *e)
{
    print_error("    helo=%s reverse=%d names=%u fcrdns=%d address=%d is_client=%d mx=%d spf=%d history=%d\n",
                e->helo.text, (int)e->reverse, e->rdns_count, (int)e->fcrdns, (int)e->helo_address,
                (int)e->helo_is_client, (int)e->helo_mx, e->helo_spf ? (int)e->helo_spf->result : -1, e->history.known);
}

static void answers_are_final(void **state)
{
    unsigned wrong = 0, open = 0;

    (void)state;
    random_begin(1);
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;

        random_facts(full);
        less = random_hidden(full, random_needs(), false);
        for (size_t i = 0; i < rules_count; i++) {
            enum answer before = ask(i, less), after = ask(i, full);

            open += before == OPEN;
            if (rules[i]->points == 0 || before == OPEN || before == after)
                continue;
            print_error("%s answers %d, and %d with all evidence\n", rule_names[i], (int)before, (int)after);
            show(less);
            show(full);
            wrong++;
        }
        if (less->identity > full->identity || full->identity_at_best > less->identity_at_best) {
            print_error("identity %d..%d, and %d..%d with all evidence\n", (int)less->identity,
                        (int)less->identity_at_best, (int)full->identity, (int)full->identity_at_best);
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
    assert_true(open > ROUNDS); /* otherwise nothing was shown */
}

/* With all evidence there is nothing left to wait for. */
static void nothing_stays_open(void **state)
{
    unsigned wrong = 0;

    (void)state;
    random_begin(6);
    for (unsigned round = 0; round < ROUNDS / 4 && wrong < 5; round++) {
        struct evidence *full = random_greeting();

        random_facts(full);
        for (size_t i = 0; i < rules_count; i++) {
            if (ask(i, full) != OPEN)
                continue;
            print_error("%s is open with all evidence\n", rule_names[i]);
            show(full);
            wrong++;
        }
        if (full->identity != full->identity_at_best) {
            print_error("identity is open with all evidence\n");
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
}

/* Whether a rule that reads this kind is OPEN without it. If so, random_evidence.c knows how to hide the kind. */
static bool opens(unsigned need, const struct evidence *less)
{
    for (size_t i = 0; i < rules_count; i++)
        if ((rules[i]->needs & need) && ask(i, less) == OPEN)
            return true;
    return false;
}

/*
 * The other tests hide evidence kind by kind, and promise for instance that a failed lookup never rejects. They
 * would all pass for a new kind that random_evidence.c never hides.
 */
static void every_kind_can_be_hidden(void **state)
{
    unsigned every = random_every_need(), failed = 0, unasked = 0;

    (void)state;
    assert_int_equal(every & (every + 1), 0); /* random_needs() counts on it */
    random_begin(7);
    for (unsigned round = 0; round < ROUNDS && (failed & unasked) != every; round++) {
        struct evidence *full = random_greeting();

        random_facts(full);
        for (unsigned need = 1; need <= every; need <<= 1) {
            failed |= opens(need, random_hidden(full, need, true)) ? need : 0;
            unasked |= opens(need, evidence_unasked(full, need)) ? need : 0;
        }
        region_reset(region);
    }
    if (failed != every)
        print_error("random_hidden() in random_evidence.c does not hide these of enum need: %#x\n", every & ~failed);
    if (unasked != every)
        print_error("evidence_unasked() in random_evidence.c does not hide these of enum need: %#x\n",
                    every & ~unasked);
    assert_true(failed == every && unasked == every);
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
            unsigned other = ~rules[i]->needs & random_every_need();
            const struct evidence *less;

            if (rules[i]->needs & NEED_CONFIRM)
                other &= ~(unsigned)NEED_REVERSE;
            less = random_hidden(full, other, false);
            if (rules[i]->points == 0 || ask(i, less) == ask(i, full))
                continue;
            print_error("%s looks at what it does not say it needs\n", rule_names[i]);
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
}

/* Random points and caps: the properties do not depend on the defaults. */
static void random_policy(void)
{
    policy = builder_policy();
    for (size_t i = 0; i < rules_count; i++)
        if (rules[i]->points != 0 && random_below(3) == 0)
            policy.points[i] = rules[i]->points < 0 ? -(int)random_below(40) : (int)random_below(120);
    if (random_below(2))
        policy.caps[random_below(FAMILY_COUNT)] = (int)random_below(120);
    policy.credit = (int)random_below(80);
    policy_sort_rules(&policy);
}

static struct verdict judge(const struct evidence *e)
{
    struct verdict v;

    builder_verdict(&policy, e, region, &v);
    return v;
}

static struct judgement judgement_of(const struct evidence *e)
{
    struct judgement j;

    judge_evidence(&policy, e, &j);
    return j;
}

static void bounds_hold(void **state)
{
    unsigned wrong = 0, decided = 0;

    (void)state;
    random_begin(3);
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        unsigned needs = random_needs();
        struct judgement before;

        random_policy();
        random_facts(full);
        less = evidence_unasked(full, needs);
        before = judgement_of(less);
        decided += before.decided;
        for (unsigned i = 0; i < COMPLETIONS; i++) {
            const struct evidence *more = random_completed(less, needs);
            struct verdict first = judge(less), after = judge(more);
            bool changed = after.judged != first.judged || after.threshold != first.threshold;

            if (before.low <= before.score && before.score <= before.high && before.low <= after.score &&
                after.score <= before.high && !(before.decided && changed))
                continue;
            print_error("%d (%d..%d%s, %s), then %d (%s)\n", before.score, before.low, before.high,
                        before.decided ? ", decided" : "", outcome_name(first.judged), after.score,
                        outcome_name(after.judged));
            show(less);
            show(more);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
    assert_true(decided > ROUNDS / 50 && decided < ROUNDS); /* otherwise nothing was shown */
}

/* Judged again once more is known, or judged at once: the same. */
static void judging_again_is_the_same(void **state)
{
    unsigned wrong = 0;

    (void)state;
    random_begin(9);
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        struct judgement again, anew;

        random_policy();
        random_facts(full);
        less = random_hidden(full, random_needs(), false);
        again = judgement_of(less);
        judge_again(&again, full);
        anew = judgement_of(full);
        if (memcmp(&again.hits, &anew.hits, sizeof(anew.hits)) != 0 || again.score != anew.score ||
            again.low != anew.low || again.high != anew.high || again.decided != anew.decided) {
            print_error("score %d after %d, and %d at once\n", again.score, judgement_of(less).score, anew.score);
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
}

/* The points of the findings add up to the score; a finding that another one covers counts 0. */
static void points_add_up(void **state)
{
    unsigned wrong = 0, covered = 0;

    (void)state;
    random_begin(7);
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *e = random_greeting();
        struct verdict v;
        int sum = 0;

        random_policy();
        random_facts(e);
        v = judge(e);
        for (unsigned i = 0; i < v.finding_count; i++) {
            sum += v.findings[i].counted;
            covered += v.findings[i].counted == 0 && v.findings[i].points > 0;
            wrong += (v.findings[i].counted < 0) != (v.findings[i].points < 0) && v.findings[i].counted != 0;
        }
        if (sum != v.score) {
            print_error("score %d, the findings add up to %d\n", v.score, sum);
            show(e);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
    assert_true(covered > 0);
}

/* While an exemption may still turn out to hold, nothing is rejected. */
static void possible_exemption_never_rejects(void **state)
{
    unsigned deferred = 0;

    (void)state;
    random_begin(8);
    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        struct evidence *e = random_greeting();
        struct verdict v;

        random_policy();
        random_facts(e);
        e->exempt = OPEN;
        v = judge(e);
        assert_int_not_equal(v.judged, OUTCOME_REJECT);
        deferred += v.doubt > 0;
        assert_true(v.score < 30 || !judgement_of(e).decided);
        region_reset(region);
    }
    assert_true(deferred > 0);
}

static void no_failure_rejects(void **state)
{
    unsigned wrong = 0, deferred = 0;

    (void)state;
    random_begin(4);
    for (unsigned round = 0; round < ROUNDS * 2 && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        struct verdict with_all, with_less;

        random_policy();
        random_facts(full);
        less = random_hidden(full, random_needs(), true);
        less->reverse_silent = less->reverse == KNOWN_TEMPERROR && random_below(2);
        with_all = judge(full);
        with_less = judge(less);
        deferred += with_less.doubt > 0;
        if (with_all.judged != OUTCOME_REJECT && with_less.judged == OUTCOME_REJECT) {
            print_error("rejected at %d for a failure, else %d\n", with_less.score, with_all.score);
            show(less);
            show(full);
            wrong++;
        }
        region_reset(region);
    }
    assert_int_equal(wrong, 0);
    assert_true(deferred > 0);
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
        policy_rescore(&policy, &again);
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
        cmocka_unit_test(answers_are_final),
        cmocka_unit_test(nothing_stays_open),
        cmocka_unit_test(every_kind_can_be_hidden),
        cmocka_unit_test(needs_are_honest),
        cmocka_unit_test(bounds_hold),
        cmocka_unit_test(judging_again_is_the_same),
        cmocka_unit_test(points_add_up),
        cmocka_unit_test(possible_exemption_never_rejects),
        cmocka_unit_test(no_failure_rejects),
        cmocka_unit_test(rescored_the_same),
    };
    return cmocka_run_group_tests_name("decision properties", tests, builder_start, builder_stop);
}

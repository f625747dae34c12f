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

#include "evidence_builder.h"
#include "decision.h"
#include "policy_builder.h"

enum { ROUNDS = 40000, COMPLETIONS = 4 };

static uint64_t seed;
static struct region *region;
static struct policy policy;

/* splitmix64: the same numbers everywhere, so that a failure repeats. */
static unsigned below(unsigned n)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) % n);
}

#define PICK(list) list[below(sizeof(list) / sizeof(list[0]))]

static const char *const helos[] = {
    "mail.blau.com", "mail.blau.com", "dsl-25-1-2-3.rot.com", "w7.rot.com", "gross.com", "co.uk", "mail", "localhost",
    "pc.lan", "[25.1.2.3]", "[26.1.1.1]", "25.1.2.3", "a?b", "mx.gelb.de", "x.notatld", "",
};
static const char *const reverse_names[] = {
    "mail.blau.com", "o1.blau.com", "dsl-25-1-2-3.rot.com", "w7.rot.com", "a.gelb.de", "mx.gelb.de", "localhost",
    "m1.gross.com",
};
static const char *const addresses[] = {"25.1.2.3", "25.1.2.9", "26.1.1.1", "127.0.0.1", "2a00:1::1"};
static const char *const senders[] = {"", "a@blau.com", "a@rot.com", "a@violett.net"};
static const char *const recipients[] = {"", "b@blau.com", "b@rot.com", "b@gelb.de"};

static unsigned random_naming(void)
{
    return below(3) ? 0 : below(1u << 8);
}

static void random_reverse(struct evidence *e)
{
    e->rdns_count = below(4);
    e->reverse = e->rdns_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        const char *text = PICK(reverse_names);

        name_parse(&e->rdns[i].name, text, strlen(text), builder_names(), region);
        e->rdns[i].naming = (struct naming){random_naming(), ""};
        e->rdns[i].confirmed = below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
        e->rdns[i].has_address = e->rdns[i].confirmed == KNOWN_PRESENT || below(2);
    }
}

static void random_forward(struct evidence *e)
{
    e->helo_address_count = below(3);
    e->helo_address = e->helo_address_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    e->helo_is_client = KNOWN_ABSENT;
    for (unsigned i = 0; i < e->helo_address_count; i++) {
        const char *text = PICK(addresses);

        address_parse(&e->helo_addresses[i], text, strlen(text));
    }
    e->helo_nxdomain = e->helo_address == KNOWN_ABSENT && below(2);
    if (e->helo_address == KNOWN_ABSENT && !e->helo_nxdomain)
        e->helo_mx = below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
}

static void random_spf(struct evidence *e)
{
    static const enum spf_result results[] = {SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_PERMERROR};
    struct spf_outcome *spf = region_alloc(region, sizeof(*spf));

    spf->record = spf->term = spf->domain = spf->reason = spf->explanation = "";
    spf->result = PICK(results);
    spf->deny_all = spf->result == SPF_FAIL && below(2);
    e->helo_spf = spf;
}

static void random_history(struct evidence *e)
{
    struct history_facts *h = &e->history;

    h->known = true;
    h->domains = below(12);
    h->networks = below(30);
    h->good = below(8);
    h->good_days = below(5);
    h->verified_other = below(3) == 0;
}

static bool askable(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE;
}

static bool verified(const struct evidence *e)
{
    return e->confirmed && name_equal(&e->confirmed->name, &e->helo);
}

/* What the DNS, SPF and the store would say of this greeting. */
static void make_up(struct evidence *e)
{
    random_reverse(e);
    if (askable(e))
        random_forward(e);
    random_history(e);
    builder_conclude(e);
    if (askable(e) && !verified(e))
        random_spf(e);
}

/* The local facts alone. */
static struct evidence *random_greeting(void)
{
    char line[256];
    struct evidence *e;

    snprintf(line, sizeof(line), "helo=%s sender=%s rcpt=%s proto=%s", PICK(helos), PICK(senders), PICK(recipients),
             below(3) ? "ESMTP" : "SMTP");
    e = builder_evidence(line, region);
    e->helo_naming.flags = random_naming();
    if (strcmp(e->helo.text, "gross.com") == 0) {
        static const char *const domains[] = {"gross.com", NULL};

        e->helo_provider = domains;
    }
    e->helo_is_ours = askable(e) && below(20) == 0;
    return e;
}

static enum known hidden(bool failed)
{
    return failed || below(2) ? KNOWN_TEMPERROR : KNOWN_NOT_ASKED;
}

/* Of the PTR names none is left, or the one that Postfix gave. */
static void hide_reverse(struct evidence *e, bool failed)
{
    struct evidence_rdns kept;

    if (e->rdns_count == 0 || below(2)) {
        e->rdns_count = 0;
        e->reverse = hidden(failed);
        return;
    }
    kept = e->rdns[below(e->rdns_count)];
    if (kept.confirmed != KNOWN_PRESENT)
        kept.confirmed = hidden(failed);
    e->rdns[0] = kept;
    e->rdns_count = 1;
    e->rdns_partial = true;
}

static void hide_confirmations(struct evidence *e, bool failed)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (below(2))
            e->rdns[i].confirmed = hidden(failed);
}

static void hide_forward(struct evidence *e, bool failed)
{
    struct address other;

    if (!askable(e))
        return;
    address_parse(&other, "2a00:1::1", 9);
    if (e->helo_address == KNOWN_PRESENT && below(3) == 0 && address_equal(&e->helo_addresses[0], &other)) {
        e->helo_address_count = 1; /* the client's family alone is hidden */
        e->helo_is_client = hidden(failed);
        return;
    }
    e->helo_address_count = 0;
    e->helo_nxdomain = false;
    e->helo_address = e->helo_is_client = hidden(failed);
    if (e->helo_mx != KNOWN_NOT_ASKED)
        e->helo_mx = KNOWN_NOT_ASKED; /* asked for only once there is no address */
}

static void hide_spf(struct evidence *e, bool failed)
{
    static const struct spf_outcome temperror = {.result = SPF_TEMPERROR, .record = "", .term = "", .domain = "",
                                                 .reason = "", .explanation = ""};

    if (e->helo_spf)
        e->helo_spf = hidden(failed) == KNOWN_TEMPERROR ? &temperror : NULL;
}

static void hide_history(struct evidence *e)
{
    struct history_limits limits = e->history.limits;

    e->history = (struct history_facts){.limits = limits};
}

/* A copy of the evidence without the kinds in `needs`. The confirmation of a hidden name is hidden with it. */
static struct evidence *hide(const struct evidence *full, unsigned needs, bool failed)
{
    struct evidence *e = region_alloc(region, sizeof(*e));

    *e = *full;
    if (needs & NEED_REVERSE)
        hide_reverse(e, failed);
    else if (needs & NEED_CONFIRM)
        hide_confirmations(e, failed);
    if (needs & NEED_HELO_ADDRESS)
        hide_forward(e, failed);
    if ((needs & NEED_HELO_MX) && e->helo_mx != KNOWN_NOT_ASKED)
        e->helo_mx = hidden(failed);
    if (needs & NEED_HELO_SPF)
        hide_spf(e, failed);
    if (needs & NEED_HISTORY)
        hide_history(e);
    builder_conclude(e);
    if (verified(e))
        e->helo_spf = NULL;
    return e;
}

static unsigned random_needs(void)
{
    unsigned needs = 1 + below((1u << 6) - 1);

    return needs & NEED_REVERSE ? needs | NEED_CONFIRM : needs & NEED_HELO_ADDRESS ? needs | NEED_HELO_MX : needs;
}

static bool hits(size_t rule, const struct evidence *e)
{
    const char *detail = "";

    return rules[rule]->test(e, &detail, region);
}

static void show(const struct evidence *e)
{
    print_error("    helo=%s reverse=%d names=%u fcrdns=%d address=%d is_client=%d mx=%d spf=%d history=%d\n",
                e->helo.text,
                (int)e->reverse, e->rdns_count, (int)e->fcrdns, (int)e->helo_address, (int)e->helo_is_client,
                (int)e->helo_mx, e->helo_spf ? (int)e->helo_spf->result : -1, e->history.known);
}

static void rules_are_sure(void **state)
{
    unsigned wrong = 0;

    (void)state;
    seed = 1;
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;

        make_up(full);
        less = hide(full, random_needs(), false);
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
    seed = 2;
    for (unsigned round = 0; round < ROUNDS / 10 && wrong < 5; round++) {
        struct evidence *full = random_greeting();

        make_up(full);
        for (size_t i = 0; i < rules_count; i++) {
            unsigned other = ~rules[i]->needs & (NEED_DNS | NEED_HISTORY);
            const struct evidence *less;

            if (rules[i]->needs & NEED_CONFIRM)
                other &= ~(unsigned)NEED_REVERSE;
            less = hide(full, other, false);
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
    seed = 6;
    for (unsigned round = 0; round < ROUNDS / 4 && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        const struct rule_set local = rules_met(full);
        struct rule_set met;

        make_up(full);
        less = hide(full, random_needs(), false);
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
        if (rules[i]->points != 0 && below(3) == 0)
            policy.points[i] = rules[i]->points < 0 ? -(int)below(40) : (int)below(120);
    if (below(2))
        policy.caps[below(FAMILY_COUNT)] = (int)below(120);
    policy.credit = (int)below(80);
    decision_take_points(&policy);
}

static struct verdict judge(const struct evidence *e)
{
    struct verdict v;

    decision_make(&policy, e, region, &v);
    return v;
}

/* The hidden evidence turns out in some other way: what is known stays, what is not is made up again, or fails. */
static struct evidence *complete(const struct evidence *known, unsigned needs)
{
    struct evidence *e = region_alloc(region, sizeof(*e)), *other = region_alloc(region, sizeof(*e));

    *e = *other = *known;
    make_up(other);
    if (needs & NEED_REVERSE) {
        unsigned kept = known->rdns_partial ? known->rdns_count : 0;

        e->rdns_partial = false;
        e->rdns_count = kept + other->rdns_count;
        for (unsigned i = 0; i < other->rdns_count; i++)
            e->rdns[kept + i] = other->rdns[i];
        e->reverse = e->rdns_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    }
    if (needs & NEED_CONFIRM)
        for (unsigned i = 0; i < e->rdns_count; i++)
            if (e->rdns[i].confirmed == KNOWN_NOT_ASKED || e->rdns[i].confirmed == KNOWN_TEMPERROR)
                e->rdns[i].confirmed = below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
    if (needs & NEED_HELO_ADDRESS) {
        e->helo_address = other->helo_address;
        e->helo_is_client = other->helo_is_client;
        e->helo_nxdomain = other->helo_nxdomain;
        e->helo_address_count = other->helo_address_count;
        memcpy(e->helo_addresses, other->helo_addresses, sizeof(e->helo_addresses));
        e->helo_mx = other->helo_mx;
    } else if ((needs & NEED_HELO_MX) && e->helo_address == KNOWN_ABSENT && !e->helo_nxdomain) {
        e->helo_mx = below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
    }
    if (needs & NEED_HISTORY)
        e->history = other->history;
    builder_conclude(e);
    if ((needs & NEED_HELO_SPF) && askable(e) && !verified(e))
        random_spf(e);
    return below(3) ? e : hide(e, needs & random_needs(), true);
}

/* Wholly hidden kinds, as gather has them before it asks. */
static struct evidence *unasked(const struct evidence *full, unsigned needs)
{
    struct evidence *e = region_alloc(region, sizeof(*e));

    *e = *full;
    if (needs & NEED_REVERSE) {
        e->rdns_count = 0;
        e->reverse = KNOWN_NOT_ASKED;
    }
    if (needs & NEED_CONFIRM)
        for (unsigned i = 0; i < e->rdns_count; i++)
            e->rdns[i].confirmed = KNOWN_NOT_ASKED;
    if (needs & NEED_HELO_ADDRESS) {
        e->helo_address = e->helo_is_client = e->helo_mx = KNOWN_NOT_ASKED;
        e->helo_nxdomain = false;
        e->helo_address_count = 0;
    }
    if (needs & NEED_HELO_MX)
        e->helo_mx = KNOWN_NOT_ASKED;
    if (needs & NEED_HELO_SPF)
        e->helo_spf = NULL;
    if (needs & NEED_HISTORY)
        hide_history(e);
    builder_conclude(e);
    return e;
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
    seed = 3;
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        unsigned needs = random_needs();
        struct decision_course course;
        struct verdict before;

        random_policy();
        make_up(full);
        less = unasked(full, needs);
        before = judge(less);
        course = course_of(less);
        if (!decision_settled(&course, less, needs)) {
            region_reset(region);
            continue;
        }
        settled++;
        for (unsigned i = 0; i < COMPLETIONS; i++) {
            const struct evidence *more = complete(less, needs);
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
    seed = 7;
    for (unsigned round = 0; round < ROUNDS && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        unsigned needs = random_needs(), missing = random_needs();
        struct decision_course anew, course;
        struct verdict v;

        random_policy();
        make_up(full);
        less = unasked(full, needs);
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
    seed = 4;
    for (unsigned round = 0; round < ROUNDS * 2 && wrong < 5; round++) {
        struct evidence *full = random_greeting(), *less;
        struct verdict with_all, with_less;

        random_policy();
        make_up(full);
        less = hide(full, random_needs(), true);
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
    seed = 5;
    for (unsigned round = 0; round < ROUNDS / 4; round++) {
        struct evidence *e = random_greeting();
        struct verdict v, again;

        random_policy();
        make_up(e);
        v = judge(hide(e, random_needs(), false));
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

static int start(void **state)
{
    (void)state;
    builder_start();
    region = region_new(1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    region_free(region);
    builder_stop();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_sure),        cmocka_unit_test(needs_are_honest),
        cmocka_unit_test(traits_are_honest),
        cmocka_unit_test(settled_stays_settled), cmocka_unit_test(no_failure_rejects),
        cmocka_unit_test(courses_meet),
        cmocka_unit_test(rescored_the_same),
    };
    return cmocka_run_group_tests_name("decision properties", tests, start, stop);
}

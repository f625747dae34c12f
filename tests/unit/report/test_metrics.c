/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counters, gauges, histograms; and that the rows are whole and fit the exposition format's rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "metrics.h"
#include "verdict.h"

static void test_rows(void **state)
{
    (void)state;
    for (unsigned i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = &metric_rows[i];
        size_t n = strlen(row->name);

        print_message("# %s\n", row->name);
        assert_int_equal(row->id, i);
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz_"), n);
        assert_memory_equal(row->name, "helod_", 6);
        assert_true(row->help[strlen(row->help) - 1] == '.');
        assert_int_equal(strcmp(row->type, "counter") == 0, n > 6 && strcmp(row->name + n - 6, "_total") == 0);
        assert_true(row->labels != NULL || row->numbers == 1);
        assert_int_equal(row->by == NULL, row->bys == 1);
        assert_int_equal(row->by == NULL, row->by_name == NULL);
        for (unsigned other = 0; other < i; other++)
            assert_string_not_equal(row->name, metric_rows[other].name);
        for (const struct metric_label *l = row->labels; l != NULL && l->name != NULL; l++)
            for (unsigned number = 0; row->id != METRIC_FINDINGS && number < row->numbers; number++)
                assert_true(l->value(number) != NULL && l->value(number)[0] != '\0');
    }
}

static void test_counters(void **state)
{
    struct metrics *m = metrics_new();

    (void)state;
    metrics_add(m, METRIC_SKIPPED, SKIP_EXEMPT, 2);
    metrics_add(m, METRIC_SKIPPED, SKIP_EXEMPT, 1);
    metrics_add(m, METRIC_SKIPPED, SKIP_COUNT, 1); /* past the end: nowhere */
    metrics_set(m, METRIC_CONNECTIONS, 7);
    metrics_set(m, METRIC_CONNECTIONS, 5);
    assert_int_equal(metrics_get(m, METRIC_SKIPPED, SKIP_EXEMPT), 3);
    assert_int_equal(metrics_get(m, METRIC_SKIPPED, SKIP_COUNT), 0);
    assert_int_equal(metrics_get(m, METRIC_CONNECTIONS, 0), 5);
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        for (unsigned label = 0; label < metric_rows[i].numbers; label++)
            if (i != METRIC_CONNECTIONS && i != METRIC_BUILD && !(i == METRIC_SKIPPED && label == SKIP_EXEMPT))
                assert_int_equal(metrics_get(m, i, label), 0);
    metrics_free(m);
}

static void test_histogram(void **state)
{
    static const uint64_t values[] = {0, 1, 9, 10, 100, 100000};
    struct metrics *m = metrics_new();
    struct metrics_histogram h;
    uint64_t total = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        metrics_observe(m, METRIC_SCORE, values[i]);
    metrics_read_histogram(m, METRIC_SCORE, &h);
    for (unsigned i = 0; i <= h.bound_count; i++)
        total += h.buckets[i];
    assert_int_equal(total, 6);
    assert_int_equal(metrics_get(m, METRIC_SCORE, 0), 6);
    assert_int_equal(h.sum, 100120);
    assert_int_equal(h.bounds[0], 0);
    assert_int_equal(h.buckets[0], 1); /* a bound belongs to its bucket */
    assert_int_equal(h.bounds[1], 9);  /* the next bucket begins with a threshold */
    assert_int_equal(h.buckets[1], 2);
    assert_int_equal(h.buckets[h.bound_count], 1);
    for (unsigned i = 1; i < h.bound_count; i++)
        assert_true(h.bounds[i - 1] < h.bounds[i]);
    metrics_free(m);
}

/* Policies: a number each, kept; past the end all are "other". */
static void test_policies(void **state)
{
    struct metrics *m = metrics_new();
    const struct metric_row *row = &metric_rows[METRIC_DECISIONS];
    unsigned a = metrics_policy(m, "a"), b = metrics_policy(m, "b"), last = 0;
    char name[16];

    (void)state;
    assert_int_not_equal(a, b);
    assert_int_equal(metrics_policy(m, "a"), a);
    metrics_add_by(m, METRIC_DECISIONS, a, OUTCOME_MARK, 2);
    metrics_add_by(m, METRIC_DECISIONS, b, OUTCOME_MARK, 3);
    assert_int_equal(metrics_get_by(m, METRIC_DECISIONS, a, OUTCOME_MARK), 2);
    assert_int_equal(metrics_get_by(m, METRIC_DECISIONS, b, OUTCOME_MARK), 3);
    assert_int_equal(metrics_get(m, METRIC_DECISIONS, OUTCOME_MARK), 5);
    assert_string_equal(row->by_name(m, a), "a");
    assert_null(row->by_name(m, 2));
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "p%u", i);
        last = metrics_policy(m, name);
        assert_true(last < row->bys);
    }
    assert_string_equal(row->by_name(m, last), "other");
    assert_string_equal(row->by_name(m, a), "a");
    metrics_free(m);
}

/* The value of a row's label `name` for a number. */
static const char *label_value(const struct metric_row *row, const char *name, unsigned number)
{
    for (const struct metric_label *l = row->labels; l->name != NULL; l++)
        if (strcmp(l->name, name) == 0)
            return l->value(number);
    return "";
}

/* Every mode and judgement has one series, whose action is what that mode answers. */
static void test_decisions(void **state)
{
    static const struct {
        enum policy_mode mode;
        const char *name, *actions[OUTCOME_COUNT];
    } cases[] = {
        {MODE_ENFORCE, "enforce", {"dunno", "mark", "defer", "reject"}},
        {MODE_SOFT, "soft", {"dunno", "mark", "defer", "defer"}},
        {MODE_MONITOR, "monitor", {"dunno", "dunno", "dunno", "dunno"}},
    };
    const struct metric_row *row = &metric_rows[METRIC_DECISIONS];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned judged = 0; judged < OUTCOME_COUNT; judged++) {
            unsigned number = metrics_decision(cases[i].mode, (enum outcome)judged);

            assert_true(number < row->numbers);
            assert_string_equal(label_value(row, "mode", number), cases[i].name);
            assert_string_equal(label_value(row, "judged", number), outcome_name((enum outcome)judged));
            assert_string_equal(label_value(row, "action", number), cases[i].actions[judged]);
        }
    }
    row = &metric_rows[METRIC_SHADOW];
    assert_string_equal(label_value(row, "judged", metrics_shadow(OUTCOME_MARK, OUTCOME_REJECT)), "mark");
    assert_string_equal(label_value(row, "shadow_judged", metrics_shadow(OUTCOME_MARK, OUTCOME_REJECT)), "reject");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),     cmocka_unit_test(test_counters),  cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_policies), cmocka_unit_test(test_decisions),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

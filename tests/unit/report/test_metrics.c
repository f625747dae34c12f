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
        assert_true(row->label != NULL || row->labels == 1);
        assert_int_equal(row->label == NULL, row->label_name == NULL);
        assert_int_equal(row->by == NULL, row->bys == 1);
        assert_int_equal(row->by == NULL, row->by_name == NULL);
        for (unsigned other = 0; other < i; other++)
            assert_string_not_equal(row->name, metric_rows[other].name);
        for (unsigned label = 0; row->label_name != NULL && row->id != METRIC_FINDINGS && label < row->labels; label++)
            assert_true(row->label_name(label) != NULL && row->label_name(label)[0] != '\0');
    }
}

static void test_counters(void **state)
{
    struct metrics *m = metrics_new();

    (void)state;
    metrics_add(m, METRIC_DECISIONS, OUTCOME_REJECT, 2);
    metrics_add(m, METRIC_DECISIONS, OUTCOME_REJECT, 1);
    metrics_add(m, METRIC_DECISIONS, OUTCOME_COUNT, 1); /* past the end: nowhere */
    metrics_set(m, METRIC_CONNECTIONS, 7);
    metrics_set(m, METRIC_CONNECTIONS, 5);
    assert_int_equal(metrics_get(m, METRIC_DECISIONS, OUTCOME_REJECT), 3);
    assert_int_equal(metrics_get(m, METRIC_DECISIONS, OUTCOME_COUNT), 0);
    assert_int_equal(metrics_get(m, METRIC_CONNECTIONS, 0), 5);
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        for (unsigned label = 0; label < metric_rows[i].labels; label++)
            if (i != METRIC_CONNECTIONS && i != METRIC_BUILD && !(i == METRIC_DECISIONS && label == OUTCOME_REJECT))
                assert_int_equal(metrics_get(m, i, label), 0);
    metrics_free(m);
}

static void test_histogram(void **state)
{
    static const uint64_t values[] = {0, 1, 10, 11, 100, 100000};
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
    assert_int_equal(h.sum, 100122);
    assert_int_equal(h.bounds[0], 0);
    assert_int_equal(h.buckets[0], 1); /* a bound belongs to its bucket */
    assert_int_equal(h.bounds[1], 10);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_histogram),
        cmocka_unit_test(test_policies),
    };

    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}

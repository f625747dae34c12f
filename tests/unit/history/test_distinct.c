/* SPDX-License-Identifier: BSD-2-Clause */
/* test_distinct: exact to 16, estimated above, in a window that slides; and bytes that are no set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "distinct.h"

enum { START = 1767225600, WINDOW = 7 * 86400 };

static struct distinct_window window = {.now = START, .length = WINDOW, .key = {1, 2}};

static void add(struct distinct **set, unsigned first, unsigned count)
{
    char text[64];

    for (unsigned i = first; i < first + count; i++) {
        snprintf(text, sizeof(text), "name-%u.example", i);
        distinct_add(set, text, &window);
    }
}

static void exact_to_sixteen(void **state)
{
    struct distinct *set = NULL;

    (void)state;
    window.now = START;
    assert_int_equal(distinct_count(set, &window), 0);
    for (unsigned i = 1; i <= DISTINCT_EXACT; i++) {
        add(&set, 0, i);
        add(&set, 0, i);
        assert_int_equal(distinct_count(set, &window), i);
        assert_true(distinct_is_exact(set));
    }
    add(&set, 16, 1);
    assert_false(distinct_is_exact(set));
    assert_in_range(distinct_count(set, &window), 14, 20);
    distinct_free(set);
}

static void the_window_slides(void **state)
{
    struct distinct *set = NULL;

    (void)state;
    for (unsigned day = 0; day < 30; day++) {
        window.now = START + day * 86400;
        add(&set, day, 1);
        assert_int_equal(distinct_count(set, &window), day < 7 ? day + 1 : 7);
    }
    window.now += WINDOW;
    assert_int_equal(distinct_count(set, &window), 0);
    distinct_free(set);
}

/* What is seen again is as young as its last time. */
static void seen_again_stays(void **state)
{
    struct distinct *set = NULL;

    (void)state;
    window.now = START;
    add(&set, 0, 3);
    window.now = START + WINDOW - 1;
    add(&set, 1, 1);
    window.now = START + WINDOW;
    assert_int_equal(distinct_count(set, &window), 1);
    distinct_free(set);
}

static const struct {
    unsigned count, low, high; /* 1.04 / 8 is the error of 64 registers; three times that is allowed */
} estimates[] = {{20, 16, 25}, {50, 38, 63}, {100, 70, 140}, {1000, 650, 1400}, {100000, 62000, 140000}};

static void estimated_above(void **state)
{
    (void)state;
    window.now = START;
    for (size_t i = 0; i < sizeof(estimates) / sizeof(estimates[0]); i++) {
        struct distinct *set = NULL;

        add(&set, 0, estimates[i].count);
        add(&set, 0, estimates[i].count);
        print_message("%u distinct are estimated as %u\n", estimates[i].count, distinct_count(set, &window));
        assert_in_range(distinct_count(set, &window), estimates[i].low, estimates[i].high);
        assert_true(distinct_memory(set) < 512);
        distinct_free(set);
    }
}

/* A steady stream of 100 a day: about 700 in a week; nothing is left a week after its end: exact again. */
static void a_sketch_slides(void **state)
{
    struct distinct *set = NULL;

    (void)state;
    for (unsigned day = 0; day < 40; day++) {
        window.now = START + day * 86400;
        add(&set, day * 100, 100);
        if (day >= 7)
            assert_in_range(distinct_count(set, &window), 400, 1000);
    }
    window.now += WINDOW + WINDOW / 16;
    assert_int_equal(distinct_count(set, &window), 0);
    add(&set, 5, 2);
    assert_true(distinct_is_exact(set));
    assert_int_equal(distinct_count(set, &window), 2);
    distinct_free(set);
}

static void bytes_and_back(void **state)
{
    (void)state;
    window.now = START;
    for (unsigned count = 0; count < 40; count += 13) {
        struct distinct *set = NULL, *again;
        const uint8_t *bytes;
        size_t n;

        add(&set, 0, count);
        bytes = distinct_bytes(set, &n);
        assert_true(distinct_from_bytes(&again, bytes, n));
        assert_int_equal(distinct_count(again, &window), distinct_count(set, &window));
        distinct_free(again);
        for (size_t cut = 1; cut < n && count > 0; cut++) {
            bool is_set = distinct_from_bytes(&again, bytes, cut);

            assert_true(!is_set || distinct_is_exact(again)); /* cut between two texts */
            distinct_free(again);
        }
        distinct_free(set);
    }
}

static void no_sets(void **state)
{
    static const struct {
        const char *name;
        uint8_t bytes[12];
        size_t n;
    } rows[] = {
        {"empty exact set", "e", 1},
        {"unknown form", "x\0\0\0\0\1a", 7},
        {"text past the end", "e\0\0\0\0\5a", 7},
        {"NUL in a text", "e\0\0\0\0\2a\0", 8},
        {"sketch too short", "s\1\0\0", 4},
    };
    struct distinct *set;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (distinct_from_bytes(&set, rows[i].bytes, rows[i].n))
            fail_msg("taken: %s", rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_to_sixteen), cmocka_unit_test(the_window_slides), cmocka_unit_test(seen_again_stays),
        cmocka_unit_test(estimated_above),  cmocka_unit_test(a_sketch_slides),   cmocka_unit_test(bytes_and_back),
        cmocka_unit_test(no_sets),
    };

    return cmocka_run_group_tests_name("distinct", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* test_distinct: an exact count up to the bound, never more, in a window that slides; hostile bytes. */
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

static struct distinct_window window = {.now = START, .length = WINDOW};

static void add(struct distinct **set, unsigned first, unsigned count)
{
    char text[64];

    for (unsigned i = first; i < first + count; i++) {
        snprintf(text, sizeof(text), "name-%u.example", i);
        distinct_add(set, text, &window);
    }
}

/* Adding everything again must not change the count either. */
static void exact_up_to_the_bound(void **state)
{
    struct distinct *set = NULL;

    (void)state;
    window.now = START;
    assert_int_equal(distinct_count(set, &window), 0);
    for (unsigned i = 1; i <= 3 * DISTINCT_MAX; i++) {
        add(&set, 0, i);
        add(&set, 0, i);
        assert_int_equal(distinct_count(set, &window), i < DISTINCT_MAX ? i : DISTINCT_MAX);
    }
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

/* A text that is seen again is as young as its last time. */
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

static char walked[1024];

static void note_text(void *arg, const char *text, size_t n, uint32_t seen)
{
    (void)arg;
    snprintf(walked + strlen(walked), sizeof(walked) - strlen(walked), "%.*s@%u ", (int)n, text, seen - START);
}

/* A full set keeps the newest texts, and the walk can be limited to the last of them. */
static void the_oldest_goes(void **state)
{
    struct distinct *set = NULL;

    (void)state;
    for (unsigned i = 0; i < DISTINCT_MAX + 10; i++) {
        window.now = START + i;
        add(&set, i, 1);
    }
    walked[0] = '\0';
    distinct_walk(set, &window, 2, note_text, NULL);
    assert_string_equal(walked, "name-72.example@72 name-73.example@73 ");
    window.now = START + 10 + WINDOW - 1; /* the ten texts that made room are gone, the next one is still live */
    assert_int_equal(distinct_count(set, &window), DISTINCT_MAX);
    window.now++;
    assert_int_equal(distinct_count(set, &window), DISTINCT_MAX - 1);
    distinct_free(set);
}

static void the_longest_texts(void **state)
{
    struct distinct *set = NULL, *again;
    char text[DISTINCT_TEXT_MAX + 1];
    const uint8_t *bytes;
    size_t n;

    (void)state;
    window.now = START;
    for (int i = 0; i < 2 * DISTINCT_MAX; i++) {
        memset(text, 1 + i, DISTINCT_TEXT_MAX);
        text[DISTINCT_TEXT_MAX] = '\0';
        distinct_add(&set, text, &window);
    }
    bytes = distinct_bytes(set, &n);
    assert_int_equal(n, DISTINCT_BYTES_MAX);
    assert_true(distinct_from_bytes(&again, bytes, n));
    assert_int_equal(distinct_count(again, &window), DISTINCT_MAX);
    distinct_free(again);
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
            if (distinct_from_bytes(&again, bytes, cut)) /* cut between two texts */
                assert_in_range(distinct_count(again, &window), 1, count - 1);
            distinct_free(again);
        }
        distinct_free(set);
    }
}

static void not_a_set(void **state)
{
    static const struct {
        const char *name;
        uint8_t bytes[12];
        size_t n;
    } rows[] = {
        {"half a head", "\0\0\0", 3},
        {"text past the end", "\0\0\0\0\5a", 6},
        {"NUL in a text", "\0\0\0\0\2a\0", 7},
    };
    uint8_t too_many[(DISTINCT_MAX + 1) * 5] = {0};
    struct distinct *set;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (distinct_from_bytes(&set, rows[i].bytes, rows[i].n))
            fail_msg("accepted: %s", rows[i].name);
    assert_false(distinct_from_bytes(&set, too_many, sizeof(too_many)));
    assert_true(distinct_from_bytes(&set, too_many, sizeof(too_many) - 5));
    distinct_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_up_to_the_bound),
        cmocka_unit_test(the_window_slides),
        cmocka_unit_test(seen_again_stays),
        cmocka_unit_test(the_oldest_goes),
        cmocka_unit_test(the_longest_texts),
        cmocka_unit_test(bytes_and_back),
        cmocka_unit_test(not_a_set),
    };

    return cmocka_run_group_tests_name("distinct", tests, NULL, NULL);
}

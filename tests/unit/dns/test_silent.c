/* SPDX-License-Identifier: BSD-2-Clause */
/* Reverse zones that their owner lets fail are found, and no zone that fails with the resolver is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "silent.h"

#define LAME "5.113.0.203.in-addr.arpa"

enum { MINUTE_MS = 60000, BEGAN = 500000, OTHERS = 3 };

static struct silent *fresh(void)
{
    struct silent *s = calloc(1, sizeof(*s));

    assert_true(silent_init(s));
    s->key = (struct hash_key){1, 2}; /* the same zones share a place by chance in every run */
    return s;
}

/* In each of these minutes the same other zones are looked up. */
static void others(struct silent *s, unsigned from, unsigned to, bool failed)
{
    char name[64];

    for (unsigned minute = from; minute < to; minute++)
        for (unsigned i = 0; i < OTHERS; i++) {
            snprintf(name, sizeof(name), "7.%u.51.198.in-addr.arpa", i);
            silent_count(s, name, failed, (uint64_t)(BEGAN + minute) * MINUTE_MS);
        }
}

/* The zone fails in this minute. */
static bool fails(struct silent *s, unsigned minute)
{
    uint64_t now = (uint64_t)(BEGAN + minute) * MINUTE_MS;

    silent_count(s, LAME, true, now);
    return silent_is(s, LAME, now);
}

static void test_third_over_an_hour(void **state)
{
    struct silent *s = fresh();

    (void)state;
    others(s, 0, 200, false);
    assert_false(fails(s, 10));
    assert_false(fails(s, 12)); /* a retry is no further failure */
    assert_false(fails(s, 40));
    assert_false(fails(s, 55));
    assert_true(fails(s, 75));
    assert_true(fails(s, 76));
    silent_count(s, "9.113.0.203.in-addr.arpa", false, (uint64_t)(BEGAN + 80) * MINUTE_MS); /* another host of it */
    assert_false(fails(s, 110));
    free(s);
}

static void test_three_within_an_hour(void **state)
{
    struct silent *s = fresh();

    (void)state;
    others(s, 0, 200, false);
    assert_false(fails(s, 10) || fails(s, 30) || fails(s, 50) || fails(s, 69));
    assert_true(fails(s, 71));
    free(s);
}

static void test_a_day_apart(void **state)
{
    struct silent *s = fresh();

    (void)state;
    others(s, 0, 4000, false);
    assert_false(fails(s, 10) || fails(s, 1500) || fails(s, 3000) || fails(s, 3100));
    assert_true(fails(s, 3200));
    free(s);
}

static void test_nobody_else_asked(void **state)
{
    struct silent *s = fresh();

    (void)state;
    for (unsigned minute = 0; minute < 600; minute++)
        assert_false(fails(s, minute));
    silent_count(s, "mail.kiln-street.net", true, 0); /* no reverse name */
    free(s);
}

static void test_long_outage(void **state)
{
    struct silent *s = fresh();

    (void)state;
    others(s, 0, 20, false);
    others(s, 20, 400, true);
    others(s, 400, 500, false);
    for (unsigned minute = 20; minute < 400; minute++)
        assert_false(fails(s, minute));
    free(s);
}

/*
 * Outages of random length at random times over ten days. A zone whose every lookup falls into an outage, and never
 * into the time between, is the worst that can meet an honest host.
 */
static void test_random_outages(void **state)
{
    unsigned begins = 0, failures = 0;

    (void)state;
    srand(5);
    for (unsigned round = 0; round < 40; round++) {
        struct silent *s = fresh();
        unsigned minute = 0;

        while (minute < 10 * 24 * 60) {
            unsigned well = 1 + (unsigned)rand() % 120, ill = 1 + (unsigned)rand() % 60;

            others(s, minute, minute + well, false);
            minute += well;
            begins++;
            for (unsigned end = minute + ill; minute < end; minute++) {
                others(s, minute, minute + 1, true);
                failures += rand() % 3 == 0;
                if (rand() % 3 == 0)
                    assert_false(fails(s, minute));
            }
        }
        free(s);
    }
    assert_true(begins > 1000 && failures > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_third_over_an_hour), cmocka_unit_test(test_three_within_an_hour),
        cmocka_unit_test(test_a_day_apart),        cmocka_unit_test(test_nobody_else_asked),
        cmocka_unit_test(test_long_outage),        cmocka_unit_test(test_random_outages),
    };

    return cmocka_run_group_tests_name("silent", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The resolver guard: when it suspends, when it lets one request try, when it resumes. And the rate by network.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "rate.h"

static void test_changes(void **state)
{
    /* Rows are steps of one life, five seconds each. */
    static const struct {
        const char *name;
        int trouble;
        unsigned percent;
        enum guard_change change;
        enum guard_probe probe;
    } rows[] = {
        {"too few lookups to tell", -1, 50, GUARD_SAME, GUARD_PROBE_FAILED},
        {"just under the limit", 49, 50, GUARD_SAME, GUARD_PROBE_FAILED},
        {"switched off", 100, 0, GUARD_SAME, GUARD_PROBE_FAILED},
        {"the names of clients fail, but the probe is answered", 100, 50, GUARD_SAME, GUARD_PROBE_ANSWERED},
        {"or is under way", 100, 50, GUARD_SAME, GUARD_PROBE_OPEN},
        {"at the limit", 50, 50, GUARD_SUSPENDED, GUARD_PROBE_FAILED},
        {"said once", 90, 50, GUARD_SAME, GUARD_PROBE_FAILED},
        {"better, but not half as bad", 25, 50, GUARD_SAME, GUARD_PROBE_FAILED},
        {"better", 24, 50, GUARD_RESUMED, GUARD_PROBE_FAILED},
        {"said once", 24, 50, GUARD_SAME, GUARD_PROBE_FAILED},
        {"again", 80, 50, GUARD_SUSPENDED, GUARD_PROBE_FAILED},
        {"nothing is known of a probe", 80, 50, GUARD_SAME, GUARD_PROBE_OPEN},
        {"only the names of clients fail", 80, 50, GUARD_RESUMED, GUARD_PROBE_ANSWERED},
        {"again", 80, 50, GUARD_SUSPENDED, GUARD_PROBE_FAILED},
        {"switched off by a reload", 80, 0, GUARD_RESUMED, GUARD_PROBE_FAILED},
    };
    struct guard g = {.suspended = false};
    uint64_t now = 1000;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++, now += 5000) {
        print_message("# %s\n", rows[i].name);
        assert_int_equal(guard_update(&g, rows[i].trouble, rows[i].probe, rows[i].percent, now), rows[i].change);
    }
}

static void test_not_for_ever(void **state)
{
    struct guard g = {.suspended = false};

    (void)state;
    assert_int_equal(guard_update(&g, 100, GUARD_PROBE_FAILED, 50, 1000), GUARD_SUSPENDED);
    /* Nobody asks any more, so nothing can be told: after a quiet minute it is tried again. */
    assert_int_equal(guard_update(&g, -1, GUARD_PROBE_FAILED, 50, 2000), GUARD_SAME);
    assert_int_equal(guard_update(&g, 100, GUARD_PROBE_FAILED, 50, 50000), GUARD_SAME);
    assert_int_equal(guard_update(&g, -1, GUARD_PROBE_FAILED, 50, 55000), GUARD_SAME);
    assert_int_equal(guard_update(&g, -1, GUARD_PROBE_FAILED, 50, 114999), GUARD_SAME);
    assert_int_equal(guard_update(&g, -1, GUARD_PROBE_FAILED, 50, 115000), GUARD_RESUMED);
}

static void test_probes(void **state)
{
    struct guard g = {.suspended = false};
    unsigned through = 0;

    (void)state;
    struct address network = {.family = ADDRESS_IPV4};

    assert_false(guard_holds_back(&g, &network, 0));
    guard_update(&g, 100, GUARD_PROBE_FAILED, 50, 0);
    for (uint64_t now = 1; now <= 10000; now++) {
        network.bytes[0] = (uint8_t)(now / 100);
        through += !guard_holds_back(&g, &network, now);
    }
    assert_int_equal(through, 10);
}

/* One network that greets all the time gets few of the probes; the others get theirs. */
static void test_probes_of_one_network(void **state)
{
    const struct address greedy = {.family = ADDRESS_IPV4, .bytes = {45, 9, 9}};
    struct address honest = {.family = ADDRESS_IPV4, .bytes = {203, 0, 0}};
    unsigned of_greedy = 0, of_honest = 0;
    struct guard g = {.suspended = false};

    (void)state;
    guard_update(&g, 100, GUARD_PROBE_FAILED, 50, 0);
    for (uint64_t now = 1; now <= 60000; now++) {
        of_greedy += !guard_holds_back(&g, &greedy, now);
        honest.bytes[1] = (uint8_t)(now / 1000);
        of_honest += now % 1000 == 500 && !guard_holds_back(&g, &honest, now);
    }
    assert_in_range(of_greedy, 1, 4);
    assert_true(of_honest > 10 * of_greedy);
}

static struct address address(const char *text)
{
    struct address a;

    assert_true(address_parse(&a, text, strlen(text)));
    return a;
}

/* How many of `times` requests are within the rate of 120 a minute, of which 2 make a host busy. */
static int within(struct rates *r, const char *client, int times, uint64_t now_ms)
{
    const struct address a = address(client);
    int count = 0;

    while (times-- > 0)
        count += !rates_exceeded(r, &a, 120, now_ms);
    return count;
}

static void test_rate(void **state)
{
    static const struct address none = {.family = ADDRESS_NONE};
    const struct address client = address("203.0.113.5");
    struct rates *r = rates_new();

    (void)state;
    assert_int_equal(within(r, "203.0.113.5", 200, 1000), 2 + 120);
    assert_int_equal(within(r, "203.0.113.77", 200, 1000), 2); /* quiet at first, then busy as well */
    assert_int_equal(within(r, "203.0.114.5", 100, 1000), 100);
    assert_int_equal(within(r, "cb00:71::", 100, 1000), 100); /* the same bytes, but IPv6 */
    assert_int_equal(within(r, "203.0.113.5", 100, 61000), 100);
    for (int i = 0; i < 200; i++) {
        assert_false(rates_exceeded(r, &none, 120, 1000));
        assert_false(rates_exceeded(r, &client, 0, 1000));
    }
    assert_int_equal(within(r, "2001:db8:1:2::1", 100, 1000) + within(r, "2001:db8:1:2::2", 100, 1000), 2 + 120);
    assert_int_equal(within(r, "2001:db8:1:3::1", 200, 1000), 2);
    rates_free(r);
}

/* One host of a network, or several that send a lot, take nothing from a neighbour that sends little. */
static void test_rate_neighbours(void **state)
{
    struct rates *r = rates_new();
    char text[ADDRESS_TEXT_SIZE];
    int quiet = 0;

    (void)state;
    for (int i = 1; i <= 40; i++) {
        snprintf(text, sizeof(text), "203.0.113.%d", i);
        within(r, text, 1000, 1000);
    }
    assert_int_equal(within(r, "203.0.113.99", 2, 1000), 2);
    for (int i = 100; i < 200; i++) {
        snprintf(text, sizeof(text), "203.0.113.%d", i);
        quiet += within(r, text, 1, 1000);
    }
    assert_int_equal(quiet, 120 - 2 * 40 - 2); /* so all hosts of a network have at most twice its rate */
    rates_free(r);
}

/* A flood of other networks never makes an honest one look busy. */
static void test_rate_flood(void **state)
{
    struct address flood = {.family = ADDRESS_IPV4};
    struct rates *r = rates_new();
    unsigned wrongly = 0;

    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        memcpy(flood.bytes, (uint8_t[]){(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}, 3);
        wrongly += rates_exceeded(r, &flood, 1, 1000);
    }
    assert_int_equal(wrongly, 0);
    rates_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes),    cmocka_unit_test(test_not_for_ever),
        cmocka_unit_test(test_probes),     cmocka_unit_test(test_probes_of_one_network),
        cmocka_unit_test(test_rate),       cmocka_unit_test(test_rate_neighbours),
        cmocka_unit_test(test_rate_flood),
    };

    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}

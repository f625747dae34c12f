/* SPDX-License-Identifier: BSD-2-Clause */
/* test_log_time: what stands in front of the lines of common loggers, and inside theirs that write JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "log_time.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* 2026-03-01T00:00:00Z; local time is two hours ahead. */
enum { NOW = 1772323200, DAY = 86400, HOUR = 3600 };

static int set_zone(void **state)
{
    (void)state;
    setenv("TZ", "EET-2", 1);
    tzset();
    return 0;
}

static void prefixes(void **state)
{
    static const struct {
        const char *line;
        time_t when; /* 0: none */
    } rows[] = {
        {"2026-01-31T12:00:00Z x", 1769860800},
        {"2026-01-31T12:00:00.123456Z x", 1769860800},
        {"2026-01-31T12:00:00+01:00 x", 1769860800 - HOUR},
        {"2026-01-31T12:00:00.5-0330 x", 1769860800 + 3 * HOUR + 1800},
        {"2026-01-31 12:00:00 x", 1769860800 - 2 * HOUR},
        {"2026-01-31 12:00:00", 1769860800 - 2 * HOUR},
        {"Jan 31 12:00:00 host helod[1]: x", 1769860800 - 2 * HOUR},
        {"Feb  1 12:00:00 host helod[1]: x", 1769860800 + DAY - 2 * HOUR},
        {"Feb 01 12:00:00 host x", 1769860800 + DAY - 2 * HOUR},
        {"Mar  1 23:00:00 host x", NOW + 21 * HOUR},             /* a clock ahead of ours */
        {"Mar  3 12:00:00 host x", NOW - 363 * DAY + 10 * HOUR}, /* of last year */
        {"Dec 31 23:59:59 host x", NOW - 59 * DAY - 2 * HOUR - 1},
        {"<22>Jan 31 12:00:00 host x", 1769860800 - 2 * HOUR},
        {"<22>1 2026-01-31T12:00:00Z host helod 1 - - x", 1769860800},
        {"1769860800 x", 1769860800},
        {"1769860800.123 x", 1769860800},
        {"1769860800123 x", 1769860800},
        {"1769860800123456 x", 1769860800},
        {"", 0},
        {"x", 0},
        {"<22>", 0},
        {"<22", 0},
        {"<22>1 ", 0},
        {"Jan", 0},
        {"Jan 31 12:00:0", 0},
        {"Jan 32 12:00:00 x", 0},
        {"Jan 31 24:00:00 x", 0},
        {"Jan 31 12:60:00 x", 0},
        {"Foo 31 12:00:00 x", 0},
        {"Jan-31 12:00:00 x", 0},
        {"2026-01-31", 0},
        {"2026-01-31T", 0},
        {"2026-01-31T12:00", 0},
        {"2026-01-31T12:00:61Z", 0},
        {"2026-13-31T12:00:00Z", 0},
        {"2026-00-31T12:00:00Z", 0},
        {"2026-01-00T12:00:00Z", 0},
        {"2026-01-32T12:00:00Z", 0},
        {"2026-01-31T25:00:00Z", 0},
        {"2026-01-31T12:00:00+25:00", 0},
        {"2026-01-31T12:00:00+01:6", 0},
        {"2026-01-31T12:00:00+", 0},
        {"2026/01/31 12:00:00", 0},
        {"176986080 x", 0},
        {"17698608001 x", 0},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct log_time t = {.now = NOW};
        size_t n = strlen(rows[i].line);
        char *copy = malloc(n + 1); /* of its very size: nothing past it may be read */
        time_t when;

        memcpy(copy, rows[i].line, n);
        when = log_time_read(&t, copy, n);
        if (when != rows[i].when)
            fail_msg("\"%s\": %lld, expected %lld", rows[i].line, (long long)when, (long long)rows[i].when);
        free(copy);
    }
}

/* One reader over many lines: what it keeps of one never makes another wrong. */
static void neighbours(void **state)
{
    static const struct {
        const char *line;
        time_t when;
    } rows[] = {
        {"Jan 31 12:00:00 a", 1769860800 - 2 * HOUR},
        {"Jan 31 12:00:00 b", 1769860800 - 2 * HOUR},
        {"Jan 31 12:00:01 c", 1769860801 - 2 * HOUR},
        {"Jan 31", 0},
        {"Jan 31 12:00:01 d", 1769860801 - 2 * HOUR},
        {"2026-01-31T12:00:00Z", 1769860800},
        {"2026-01-31T12:00:00+01:00", 1769857200},
        {"nothing at all, and long enough", 0},
        {"1769860800 e", 1769860800},
        {"1769860801 f", 1769860801},
        {"", 0},
    };
    struct log_time t = {.now = NOW};

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        time_t when = log_time_read(&t, rows[i].line, strlen(rows[i].line));

        if (when != rows[i].when)
            fail_msg("\"%s\": %lld, expected %lld", rows[i].line, (long long)when, (long long)rows[i].when);
    }
}

static void fields(void **state)
{
    static const struct {
        const char *line;
        time_t when;
    } rows[] = {
        {"__REALTIME_TIMESTAMP=1769860800123456", 1769860800},
        {"{\"__REALTIME_TIMESTAMP\":\"1769860800123456\",\"MESSAGE\":\"x\"}", 1769860800},
        {"{\"__REALTIME_TIMESTAMP\" : \"1769860800123456\"}", 1769860800},
        {"{\"time\":\"2026-01-31T12:00:00Z\"}", 1769860800},
        {"{\"timestamp\": 1769860800123}", 1769860800},
        {"{\"@timestamp\":\"2026-01-31T12:00:00.000Z\"}", 1769860800},
        {"{\"ts\":1769860800.25}", 1769860800},
        {"{\"time\":", 0},
        {"{\"time\":\"\"}", 0},
        {"{\"times\":\"2026-01-31T12:00:00Z\"}", 0},
        {"__MONOTONIC_TIMESTAMP=1769860800123456", 0},
        {"", 0},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct log_time t = {.now = NOW};
        time_t when = log_time_read_field(&t, rows[i].line, strlen(rows[i].line));

        if (when != rows[i].when)
            fail_msg("%s: %lld, expected %lld", rows[i].line, (long long)when, (long long)rows[i].when);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prefixes),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(fields),
    };

    return cmocka_run_group_tests_name("log_time", tests, set_zone, NULL);
}

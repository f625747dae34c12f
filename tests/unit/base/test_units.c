/* SPDX-License-Identifier: BSD-2-Clause */
/* test_units: durations, sizes, dates and nearest names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "units.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static const struct {
    const char *in;
    bool ok;
    uint64_t value;
} durations[] = {
    {"250ms", true, 250},
    {"8s", true, 8000},
    {"8", true, 8000},
    {"5m", true, 300000},
    {"2h", true, 7200000},
    {"7d", true, 604800000},
    {"0", true, 0},
    {"18446744073709551615ms", true, UINT64_MAX},
    {"18446744073709551616ms", false, 0},
    {"18446744073709551615s", false, 0},
    {"", false, 0},
    {"s", false, 0},
    {"-1s", false, 0},
    {"+1s", false, 0},
    {" 1s", false, 0},
    {"1 s", false, 0},
    {"1S", false, 0},
    {"1s ", false, 0},
    {"1.5s", false, 0},
    {"1x", false, 0},
};

static const struct {
    const char *in;
    bool ok;
    uint64_t value;
} sizes[] = {
    {"512", true, 512},
    {"64k", true, 65536},
    {"16m", true, 16777216},
    {"1g", true, 1073741824},
    {"17179869184g", false, 0},
    {"17179869183g", true, 17179869183u << 30},
    {"", false, 0},
    {"k", false, 0},
    {"1kb", false, 0},
};

static void durations_and_sizes(void **state)
{
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < ROWS(durations); i++) {
        value = 0;
        if (units_duration(durations[i].in, &value) != durations[i].ok || value != durations[i].value)
            fail_msg("duration %s", durations[i].in);
    }
    for (size_t i = 0; i < ROWS(sizes); i++) {
        value = 0;
        if (units_size(sizes[i].in, &value) != sizes[i].ok || value != sizes[i].value)
            fail_msg("size %s", sizes[i].in);
    }
}

static void duration_text(void **state)
{
    static const struct {
        uint64_t ms;
        const char *text;
    } rows[] = {{0, "0s"},      {250, "250ms"},  {8000, "8s"},      {8001, "8001ms"}, {60000, "1m"},
                {90000, "90s"}, {7200000, "2h"}, {604800000, "7d"}, {1000, "1s"},     {90000000, "25h"}};
    char out[24];
    uint64_t back;

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_string_equal(units_duration_text(rows[i].ms, out), rows[i].text);
        assert_true(units_duration(out, &back));
        assert_true(back == rows[i].ms);
    }
    assert_true(strlen(units_duration_text(UINT64_MAX, out)) < 24);
}

static void dates(void **state)
{
    static const struct {
        const char *in;
        time_t end; /* 0: refused */
    } rows[] = {
        {"1970-01-01", 86400},
        {"2026-11-22", 1795392000},
        {"2024-02-29", 1709251200},
        {"2025-02-29", 0},
        {"2100-02-29", 0},
        {"2026-04-31", 0},
        {"2026-13-01", 0},
        {"2026-00-10", 0},
        {"2026-01-00", 0},
        {"2026-1-1", 0},
        {"2026/01/01", 0},
        {"2026-01-01 ", 0},
        {"2026-01-1x", 0},
        {"", 0},
        {"20260101", 0},
        {"2026-12-31", 1798761600},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        time_t end = 0;
        bool ok = units_date(rows[i].in, &end);
        if (ok != (rows[i].end != 0) || end != rows[i].end)
            fail_msg("%s: %lld", rows[i].in, (long long)end);
    }
}

/* Every day of 200 years, against the C library. */
static void all_dates(void **state)
{
    (void)state;
    for (time_t day = 0; day < (time_t)200 * 366 * 86400; day += 86400) {
        char text[16];
        time_t end = 0;
        struct tm tm;

        assert_non_null(gmtime_r(&day, &tm));
        strftime(text, sizeof text, "%Y-%m-%d", &tm);
        if (!units_date(text, &end) || end != day + 86400)
            fail_msg("%s: %lld", text, (long long)end);
    }
}

static void nearest(void **state)
{
    static const char *const names[] = {"helo_not_fqdn", "helo_bad_syntax", "rdns_missing", "mode", "score", "timeout"};
    static const struct {
        const char *word, *meant;
    } rows[] = {
        {"helo_not_fdqn", "helo_not_fqdn"},
        {"helo_notfqdn", "helo_not_fqdn"},
        {"rdns_mising", "rdns_missing"},
        {"mdoe", "mode"},
        {"sore", "score"},
        {"timeuot", "timeout"},
        {"xyzzy", NULL},
        {"", NULL},
        {"m", NULL},
        {"helo_something_else", NULL},
        {"mode", "mode"},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        const char *got = units_nearest(rows[i].word, names, ROWS(names));
        if ((got == NULL) != (rows[i].meant == NULL) || (got != NULL && strcmp(got, rows[i].meant) != 0))
            fail_msg("%s: %s", rows[i].word, got == NULL ? "none" : got);
    }
    assert_null(units_nearest("a-word-that-is-much-longer-than-sixty-four-bytes-and-so-is-none-of-ours", names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_and_sizes), cmocka_unit_test(duration_text), cmocka_unit_test(dates),
        cmocka_unit_test(all_dates),           cmocka_unit_test(nearest),
    };
    return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}

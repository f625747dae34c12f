/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units: reads durations, sizes and dates as people write them, and finds the name that a mistyped word was meant to
 * be.
 *
 * Promises: a text is accepted only as a whole. A value that does not fit its type is rejected and never wraps.
 */
#include "units.h"

#include <stdio.h>
#include <string.h>

struct unit {
    const char *suffix;
    uint64_t factor;
};

/* Largest first: units_duration_text() uses the first that divides the duration. */
static const struct unit durations[] = {
    {"d", UINT64_C(86400000)}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"", 1000}, {"ms", 1}, {NULL, 0},
};

static const struct unit sizes[] = {
    {"g", UINT64_C(1) << 30}, {"m", UINT64_C(1) << 20}, {"k", UINT64_C(1) << 10}, {"", 1}, {NULL, 0},
};

static bool parse_with_units(const char *s, const struct unit *units, uint64_t *value)
{
    uint64_t n = 0;
    const char *p = s;

    for (; *p >= '0' && *p <= '9'; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (n > (UINT64_MAX - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    if (p == s)
        return false;
    for (; units->suffix != NULL; units++) {
        if (strcmp(p, units->suffix) != 0)
            continue;
        if (n > UINT64_MAX / units->factor)
            return false;
        *value = n * units->factor;
        return true;
    }
    return false;
}

bool units_number(const char *s, uint64_t *n)
{
    static const struct unit none[] = {{"", 1}, {NULL, 0}};

    return parse_with_units(s, none, n);
}

bool units_duration(const char *s, uint64_t *ms)
{
    return parse_with_units(s, durations, ms);
}

bool units_size(const char *s, uint64_t *bytes)
{
    return parse_with_units(s, sizes, bytes);
}

const char *units_duration_text(uint64_t ms, char out[24])
{
    const struct unit *unit = durations;

    while (unit->factor > 1 && (unit->suffix[0] == '\0' || ms == 0 || ms % unit->factor != 0))
        unit++;
    if (ms == 0)
        snprintf(out, 24, "0s");
    else
        snprintf(out, 24, "%llu%s", (unsigned long long)(ms / unit->factor), unit->suffix);
    return out;
}

/* `width` digits, or -1. */
static int parse_digits(const char *s, int width)
{
    int n = 0;

    for (int i = 0; i < width; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        n = n * 10 + (s[i] - '0');
    }
    return n;
}

/* Counts days up to the first of a month. Years begin in March here, so that the leap day is the last day of one. */
static long days_before(int year, int month)
{
    int y = year - (month <= 2), m = (month + 9) % 12;

    return 365L * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10;
}

/* timegm(3) would cost as much as the rest of an exempt file's line. */
bool units_date(const char *s, time_t *end)
{
    int year, month, mday;
    long before;

    if (strlen(s) != 10 || s[4] != '-' || s[7] != '-')
        return false;
    year = parse_digits(s, 4);
    month = parse_digits(s + 5, 2);
    mday = parse_digits(s + 8, 2);
    if (year < 1970 || month < 1 || month > 12 || mday < 1)
        return false;
    before = days_before(year, month);
    if (before + mday > days_before(month == 12 ? year + 1 : year, month % 12 + 1))
        return false;
    *end = (time_t)(before + mday - days_before(1970, 1)) * 86400;
    return true;
}

enum { WORD_MAX = 64 };

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits between two words: insert, delete, replace, swap neighbours. Both at most WORD_MAX long. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= b_length; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *spare = before;
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = min(min(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min(row[j], before[j - 2] + 1);
        }
        before = above;
        above = row;
        row = spare;
    }
    return above[b_length];
}

const char *units_nearest(const char *word, const char *const *names, size_t n)
{
    size_t length = strlen(word);
    size_t best_distance = min((length + 2) / 3, 3) + 1; /* a third of the word may be wrong, three letters at most */
    const char *best = NULL;

    if (length > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t name_length = strlen(names[i]);
        size_t d = name_length > WORD_MAX ? best_distance : distance(word, length, names[i], name_length);
        if (d < best_distance && d < length) {
            best_distance = d;
            best = names[i];
        }
    }
    return best;
}

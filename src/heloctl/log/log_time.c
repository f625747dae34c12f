/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_time: reads the time in front of a log line. Promises to look at nothing past it, and 0 for what is no time.
 */
#include "log_time.h"

#include <string.h>

enum { DAY = 86400 };

/* Reads `digits` digits at *p, which make a number of at most `max`. */
static bool number_to(const char **p, const char *end, unsigned digits, int max, int *out)
{
    int value = 0;

    for (unsigned i = 0; i < digits; i++) {
        if (*p == end || **p < '0' || **p > '9')
            return false;
        value = value * 10 + (*(*p)++ - '0');
    }
    *out = value;
    return value <= max;
}

static bool literal(const char **p, const char *end, char c)
{
    return *p < end && *(*p)++ == c;
}

static bool clock_part(const char **p, const char *end, struct tm *tm)
{
    return number_to(p, end, 2, 23, &tm->tm_hour) && literal(p, end, ':') && number_to(p, end, 2, 59, &tm->tm_min) &&
           literal(p, end, ':') && number_to(p, end, 2, 60, &tm->tm_sec);
}

/* What follows the seconds: a fraction, then Z, +hh:mm, +hhmm, or nothing. */
static time_t zoned(const char *p, const char *end, struct tm *tm)
{
    int hours, minutes, sign;

    while (p < end && (*p == '.' || (*p >= '0' && *p <= '9')))
        p++;
    if (p < end && *p == 'Z')
        return timegm(tm);
    if (p < end && (*p == '+' || *p == '-')) {
        sign = *p++ == '-' ? -1 : 1;
        if (!number_to(&p, end, 2, 23, &hours))
            return 0;
        if (p < end && *p == ':')
            p++;
        if (!number_to(&p, end, 2, 59, &minutes))
            return 0;
        return timegm(tm) - sign * (hours * 3600 + minutes * 60);
    }
    tm->tm_isdst = -1;
    return mktime(tm);
}

static time_t iso_date(const char *p, const char *end)
{
    struct tm tm = {0};

    if (!number_to(&p, end, 4, 9999, &tm.tm_year) || !literal(&p, end, '-') || !number_to(&p, end, 2, 12, &tm.tm_mon) ||
        !literal(&p, end, '-') || !number_to(&p, end, 2, 31, &tm.tm_mday) || tm.tm_mon == 0 || tm.tm_mday == 0 ||
        p == end || (*p != 'T' && *p != ' '))
        return 0;
    p++;
    if (!clock_part(&p, end, &tm))
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return zoned(p, end, &tm);
}

/* "Jan  2 03:04:05": local, without a year. */
static time_t bsd_date(const char *p, const char *end, time_t now)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm = {0}, today;
    time_t when;

    if (end - p < 15)
        return 0;
    for (tm.tm_mon = 0; tm.tm_mon < 12 && memcmp(p, months + tm.tm_mon * 3, 3) != 0;)
        tm.tm_mon++;
    if (tm.tm_mon == 12 || p[3] != ' ')
        return 0;
    p += 4;
    if (*p == ' ' ? !(p++, number_to(&p, end, 1, 9, &tm.tm_mday)) : !number_to(&p, end, 2, 31, &tm.tm_mday))
        return 0;
    if (!literal(&p, end, ' ') || !clock_part(&p, end, &tm) || !localtime_r(&now, &today))
        return 0;
    tm.tm_year = today.tm_year;
    tm.tm_isdst = -1;
    when = mktime(&tm);
    if (when <= now + DAY)
        return when;
    tm.tm_year--;
    tm.tm_isdst = -1;
    return mktime(&tm);
}

/* Seconds; milliseconds or microseconds where there are too many digits for them. */
static time_t unix_time(const char *p, const char *end)
{
    unsigned long long value = 0;
    unsigned digits = 0;

    for (; p < end && *p >= '0' && *p <= '9' && digits < 16; p++, digits++)
        value = value * 10 + (unsigned)(*p - '0');
    if (digits == 16)
        return (time_t)(value / 1000000);
    if (digits == 13)
        return (time_t)(value / 1000);
    return digits == 10 ? (time_t)value : 0;
}

static time_t any_time(struct log_time *t, const char *p, const char *end)
{
    time_t when;

    if (t->now == 0)
        t->now = time(NULL);
    when = bsd_date(p, end, t->now);
    if (when == 0)
        when = iso_date(p, end);
    return when != 0 ? when : unix_time(p, end);
}

/* Past "<134>" and the version of RFC 5424. */
static const char *after_priority(const char *p, const char *end)
{
    const char *close = p < end && *p == '<' ? memchr(p, '>', (size_t)(end - p)) : NULL;

    if (!close)
        return p;
    p = close + 1;
    return end - p > 2 && p[0] == '1' && p[1] == ' ' ? p + 2 : p;
}

time_t log_time_read(struct log_time *t, const char *line, size_t n)
{
    const char *end = line + n, *p = after_priority(line, end);
    size_t size = (size_t)(end - p) < LOG_TIME_PREFIX ? (size_t)(end - p) : LOG_TIME_PREFIX;

    /* A prefix may differ in its fraction alone; then it is read anew, which is right and only slower. */
    if (t->prefix_size > 0 && size >= t->prefix_size && memcmp(p, t->prefix, t->prefix_size) == 0)
        return t->when;
    t->when = any_time(t, p, end);
    t->prefix_size = t->when != 0 && p[0] >= 'A' ? 15 : 0;
    memcpy(t->prefix, p, t->prefix_size);
    return t->when;
}

time_t log_time_read_field(struct log_time *t, const char *line, size_t n)
{
    static const char *const keys[] = {"__REALTIME_TIMESTAMP", "\"time\"", "\"timestamp\"", "\"@timestamp\"", "\"ts\""};
    const char *end = line + n;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *p = memmem(line, n, keys[i], strlen(keys[i]));

        if (!p)
            continue;
        p += strlen(keys[i]);
        while (p < end && memchr("\": =", *p, 4))
            p++;
        return any_time(t, p, end);
    }
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_time: reads the time at the beginning of a log line. Promises to read nothing past the line, and to return 0 for
 * text that is no time.
 */
#include "log_time.h"

#include <stdlib.h>
#include <string.h>

enum { DAY = 86400, TEXT_SIZE = 48, BSD_SIZE = 15, ISO_SIZE = 19 };

/* What follows the seconds: a fraction, then Z, +hh:mm, +hhmm, or nothing, which is local time. */
static time_t zoned(const char *p, struct tm *tm)
{
    long ahead;

    p += strspn(p, ".0123456789");
    if (*p == 'Z' || *p == '+' || *p == '-') {
        if (!strptime(p, "%z", tm) || labs(tm->tm_gmtoff) >= DAY)
            return 0;
        ahead = tm->tm_gmtoff; /* timegm() changes it */
        return timegm(tm) - ahead;
    }
    tm->tm_isdst = -1;
    return mktime(tm);
}

/* "2026-01-31T12:00:00" and "2026-01-31 12:00:00". */
static time_t iso_date(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, text[10] == 'T' ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);

    return end == text + ISO_SIZE && tm.tm_sec <= 60 ? zoned(end, &tm) : 0;
}

/* "Jan  2 03:04:05": local time, without a year. */
static time_t bsd_date(const char *text, time_t now)
{
    struct tm tm = {0}, today;
    time_t when;

    if (strptime(text, "%b %d %H:%M:%S", &tm) != text + BSD_SIZE || !localtime_r(&now, &today))
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

/* The number of digits shows whether these are seconds, milliseconds or microseconds. */
static time_t unix_time(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    long long value = strtoll(text, NULL, 10);

    return (time_t)(digits == 16 ? value / 1000000 : digits == 13 ? value / 1000 : digits == 10 ? value : 0);
}

static time_t any_time(struct log_time *t, const char *p, const char *end)
{
    char text[TEXT_SIZE] = "";
    size_t n = (size_t)(end - p) < TEXT_SIZE ? (size_t)(end - p) : TEXT_SIZE - 1;
    time_t when;

    memcpy(text, p, n);
    if (t->now == 0)
        t->now = time(NULL);
    when = bsd_date(text, t->now);
    if (when == 0)
        when = iso_date(text);
    return when != 0 ? when : unix_time(text);
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

    /* Only prefixes like "Jan  2 03:04:05" are kept. Others may have a fraction, and differ on every line. */
    if (t->prefix_size > 0 && size >= t->prefix_size && memcmp(p, t->prefix, t->prefix_size) == 0)
        return t->when;
    t->when = any_time(t, p, end);
    t->prefix_size = t->when != 0 && p[0] >= 'A' ? BSD_SIZE : 0;
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

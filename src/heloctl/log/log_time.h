/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_time: when a line was logged, from the line's prefix.
 */
#ifndef HELOD_LOG_TIME_H
#define HELOD_LOG_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { LOG_TIME_PREFIX = 24 };

/* The last prefix and its time, because neighbouring lines mostly have the same second. All zero to begin with. */
struct log_time {
    time_t now; /* gives the year to prefixes without one; 0: now */
    char prefix[LOG_TIME_PREFIX];
    size_t prefix_size;
    time_t when;
};

/*
 * The time at the beginning of a line: "2026-01-31T12:00:00.123+01:00", "Jan 31 12:00:00" (this year or the last one,
 * never more than a day ahead), "1769857200.123"; each also after an RFC 3164 or RFC 5424 priority. A time without a
 * zone is local time. 0: the line has no time.
 */
time_t log_time_read(struct log_time *t, const char *line, size_t n);
/*
 * The same of a JSON line or of a field of `journalctl -o export`: seconds, milliseconds, microseconds, or a date.
 * 0: the field has no time.
 */
time_t log_time_read_field(struct log_time *t, const char *line, size_t n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: messages for the admin, one line each, at most 900 bytes. Format strings are constants. Control and 8-bit bytes
 * are escaped here even if the caller has escaped them already. Low-level rooms do not log: they return an error text.
 */
#ifndef HELOD_LOG_H
#define HELOD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO };

enum log_sink {
    LOG_SINK_STDERR,  /* lines that begin with the time or, under systemd (JOURNAL_STREAM), with a <n> priority */
    LOG_SINK_SYSLOG,  /* LOG_MAIL, LOG_PID */
    LOG_SINK_JOURNAL, /* systemd's, with the line's fields: log_direct() */
    LOG_SINK_FILE,    /* JSON lines: log_direct() */
    LOG_SINK_DISCARD, /* tests, fuzzers */
};

enum { LOG_LINE_SIZE = 900 };

/* `ident` must stay valid. May be called again to change the sink. */
void log_open(enum log_sink sink, const char *ident);
/* One field of a line, for sinks that store fields. The value of a number is its digits. */
struct log_field {
    const char *name, *value;
    bool number;
};
/* A sink with fields. Every text must stay valid. */
struct log_target {
    enum log_sink sink; /* LOG_SINK_JOURNAL or LOG_SINK_FILE */
    const char *ident;
    const char *path; /* the file; of the journal's socket, NULL for the system's */
};
/* Switches to the target. Returns false with errno if it cannot be opened; the old sink stays in use. */
bool log_direct(const struct log_target *target);
/* Reopens the log file by its name after logrotate has moved it. False: that failed, and the old file stays in use. */
bool log_reopen(void);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * Writes a finished line (a decision) unchanged, in one write. The caller has filtered it. In a file the fields, if
 * there are any, replace the line; syslog and stderr take the line alone.
 */
void log_line_fields(enum log_level level, const char *line, size_t n, const struct log_field *fields, size_t count);
/* Whether the sink stores fields. */
bool log_keeps_fields(void);
/*
 * Between log_hold() and log_release(), lines to syslog are buffered; log_release() sends them together and in order.
 * If the buffer fills up, it is sent earlier. Calls do not nest: one log_release() ends any number of log_hold().
 * Lines to other sinks are never buffered.
 */
void log_hold(void);
void log_release(void);
/* Lines lost since the start because the log service was down or too slow. */
uint64_t log_lost(void);

/*
 * A budget for one kind of message: `burst` messages at once, then one every `seconds`. Suppressed messages are
 * counted, and the next one that is logged says how many there were. Use one static struct per kind, with zero
 * counters.
 */
struct log_limit {
    unsigned burst, seconds;
    /* private */
    uint64_t next_ms;
    unsigned spent;
    uint64_t held_back;
};
void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

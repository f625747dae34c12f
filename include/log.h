/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: messages for the admin. Fixed format strings, one line each, at most 900 bytes, control and 8-bit bytes
 * escaped here once more whatever the caller did. Libraries do not log: they return an error text.
 */
#ifndef HELOD_LOG_H
#define HELOD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_sink {
    LOG_SINK_STDERR,  /* lines with a time in front; with <n> priorities instead when under systemd (JOURNAL_STREAM) */
    LOG_SINK_SYSLOG,  /* LOG_MAIL, LOG_PID */
    LOG_SINK_JOURNAL, /* systemd's, with the line's fields: log_direct() */
    LOG_SINK_FILE,    /* JSON lines: log_direct() */
    LOG_SINK_DISCARD, /* tests, fuzzers */
};

enum { LOG_LINE_SIZE = 900 };

/* `ident` must stay valid. May be called again to change sink or level. */
void log_open(enum log_sink sink, enum log_level max_level, const char *ident);
/* One field of a line, for the sinks that keep fields. A number's value is its digits. */
struct log_field {
    const char *name, *value;
    bool number;
};
/* A sink with fields. Every text must stay valid. */
struct log_target {
    enum log_sink sink; /* LOG_SINK_JOURNAL or LOG_SINK_FILE */
    enum log_level max_level;
    const char *ident;
    const char *path; /* the file; of the journal's socket, NULL for the system's */
};
/* False with errno: it cannot be opened, and everything stays as it was. */
bool log_direct(const struct log_target *target);
/* Opens the file once more under its name, after logrotate has moved it. False: the old one stays. */
bool log_reopen(void);
void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A finished line (a decision) that is already filtered: written as it is, in one write. */
void log_line(enum log_level level, const char *line, size_t n);
/* The same with its fields. In a file they replace the line; syslog and stderr take the line alone. */
void log_line_fields(enum log_level level, const char *line, size_t n, const struct log_field *fields, size_t count);
/* Whether the sink keeps fields. */
bool log_keeps_fields(void);
/*
 * Lines to syslog wait from log_hold() to log_release() and leave then, together and in order; others leave when
 * there is no more room. Each ends what the other began, however often it was called. Lines to other sinks never
 * wait.
 */
void log_hold(void);
void log_release(void);
/* Lines lost since the start because their reader was down or too slow. */
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

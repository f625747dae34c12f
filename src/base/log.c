/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log: one line for each message, to stderr, syslog, the journal or a file.
 *
 * Promises: a line is one write, at most LOG_LINE_SIZE bytes after its prefix, and holds nothing but 0x20..0x7e; a
 * finished line is not formatted again, and sending it allocates no memory. A line that cannot be written without
 * waiting is lost and counted. Once there is room, the number of lost lines is logged, at most once a second.
 */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#include "clock.h"
#include "log_fields.h"
#include "log_syslog.h"
#include "text.h"

enum { PREFIX_SIZE = 96, TELL_MS = 1000, OUTPUT_PARTS = 3 };

enum output_kind { OUTPUT_FILE, OUTPUT_PIPE, OUTPUT_SOCKET };

static const struct level_row {
    int priority;
    const char *journal; /* sd-daemon(3) */
    const char *word;    /* also written in the text, because syslog files do not show priorities */
    const char *name;
} levels[] = {
    [LOG_LEVEL_ERROR] = {LOG_ERR, "<3>", "error: ", "error"},
    [LOG_LEVEL_WARNING] = {LOG_WARNING, "<4>", "warning: ", "warning"},
    [LOG_LEVEL_INFO] = {LOG_INFO, "<6>", "", "info"},
};

static struct {
    enum log_sink sink;
    const char *ident;
    bool journal; /* stderr is the journal's stream */
    enum output_kind stderr_kind;
    time_t prefix_time; /* the second for which `prefix` was formatted */
    size_t prefix_length;
    char prefix[PREFIX_SIZE];
    unsigned long long lost, untold;
    uint64_t tell_ms; /* when lost lines may be reported again */
} state = {.sink = LOG_SINK_STDERR, .ident = "helod", .prefix_time = -1};

static enum output_kind output_kind_of(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || S_ISREG(st.st_mode))
        return OUTPUT_FILE;
    return S_ISSOCK(st.st_mode) ? OUTPUT_SOCKET : OUTPUT_PIPE; /* a stopped terminal blocks like a full pipe */
}

/* Without waiting; false: there was no room. Regular files are written directly, because they never block. */
static bool write_parts(int fd, enum output_kind kind, struct iovec parts[OUTPUT_PARTS])
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = OUTPUT_PARTS};
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    if (kind == OUTPUT_SOCKET)
        return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    /* A pipe that is ready for writing accepts PIPE_BUF bytes, and every line is shorter. */
    if (kind == OUTPUT_PIPE && (poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0))
        return false;
    return writev(fd, parts, OUTPUT_PARTS) >= 0;
}

/*
 * systemd passes the device and inode of the stream, so a child with another stderr can see that it is not the
 * journal.
 */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat st;

    if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    return strcmp(stream, own) == 0;
}

void log_open(enum log_sink sink, const char *ident)
{
    log_release();
    log_syslog_stop();
    if (sink != LOG_SINK_JOURNAL && sink != LOG_SINK_FILE)
        log_fields_close();
    state.sink = sink;
    state.ident = ident;
    state.journal = sink == LOG_SINK_STDERR && stderr_is_journal();
    state.stderr_kind = output_kind_of(STDERR_FILENO);
    state.prefix_time = -1;
    state.tell_ms = 0;
    if (sink == LOG_SINK_SYSLOG)
        log_syslog_start("/dev/log", ident);
}

bool log_direct(const struct log_target *target)
{
    if (!log_fields_open(target))
        return false;
    log_open(target->sink, target->ident);
    return true;
}

bool log_reopen(void)
{
    return state.sink != LOG_SINK_FILE || log_fields_reopen();
}

/* "2026-01-31T12:00:00Z helod[123]: ", formatted once per second. */
static void make_prefix(time_t now)
{
    struct text t;
    char date[CLOCK_TEXT_SIZE];

    if (now == state.prefix_time)
        return;
    text_init(&t, state.prefix, sizeof state.prefix);
    text_addf(&t, "%s %s[%ld]: ", clock_text(now, date), state.ident, (long)getpid());
    state.prefix_length = t.used;
    state.prefix_time = now;
}

static bool write_stderr(enum log_level level, const char *line, size_t n)
{
    struct iovec parts[OUTPUT_PARTS];

    if (state.journal) {
        parts[0] = (struct iovec){(void *)(uintptr_t)levels[level].journal, 3};
    } else {
        make_prefix(clock_wall());
        parts[0] = (struct iovec){state.prefix, state.prefix_length};
    }
    parts[1] = (struct iovec){(void *)(uintptr_t)line, n};
    parts[2] = (struct iovec){(void *)(uintptr_t) "\n", 1};
    return write_parts(STDERR_FILENO, state.stderr_kind, parts);
}

static bool write_line(enum log_level level, const char *line, size_t n, const struct log_field *fields, size_t count)
{
    const struct log_entry entry = {levels[level].priority, levels[level].name, line, n, fields, count};

    switch (state.sink) {
    case LOG_SINK_SYSLOG:
        return log_syslog_send(entry.priority, line, n);
    case LOG_SINK_JOURNAL:
        return log_fields_to_journal(&entry);
    case LOG_SINK_FILE:
        return log_fields_to_file(&entry);
    default:
        return write_stderr(level, line, n);
    }
}

/* Not after each line that gets through, or a slow reader would get more reports about lost lines than lines. */
static void tell_lost(void)
{
    uint64_t now = clock_ms();
    char line[64];
    int n;

    if (now < state.tell_ms)
        return;
    n = snprintf(line, sizeof line, "warning: %llu log lines were lost", state.untold);
    if (!write_line(LOG_LEVEL_WARNING, line, (size_t)n, NULL, 0))
        return;
    state.untold = 0;
    state.tell_ms = now + TELL_MS;
}

bool log_keeps_fields(void)
{
    return state.sink == LOG_SINK_JOURNAL || state.sink == LOG_SINK_FILE;
}

void log_line_fields(enum log_level level, const char *line, size_t n, const struct log_field *fields, size_t count)
{
    if (state.sink == LOG_SINK_DISCARD)
        return;
    if (n > LOG_LINE_SIZE)
        n = LOG_LINE_SIZE;
    if (state.untold > 0 && !log_syslog_holds())
        tell_lost();
    if (write_line(level, line, n, fields, count))
        return;
    state.lost++;
    state.untold++;
}

void log_hold(void)
{
    if (state.sink == LOG_SINK_SYSLOG)
        log_syslog_hold();
}

void log_release(void)
{
    unsigned lost;

    if (!log_syslog_holds())
        return;
    lost = log_syslog_release();
    state.lost += lost;
    state.untold += lost;
    if (state.untold > 0)
        tell_lost();
}

uint64_t log_lost(void)
{
    return state.lost;
}

/* Backslashes stay, so that escaped text is not escaped again. */
static void add_printable(struct text *t, const char *s)
{
    for (; *s != '\0' && !t->full; s++) {
        unsigned char byte = (unsigned char)*s;
        if (byte >= 0x20 && byte <= 0x7e)
            text_add_char(t, *s);
        else if (t->size - 1 - t->used >= 4)
            text_addf(t, "\\x%02x", byte);
        else
            t->full = true;
    }
}

static void log_message(enum log_level level, uint64_t held_back, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static void log_message(enum log_level level, uint64_t held_back, const char *format, va_list args)
{
    char raw[LOG_LINE_SIZE + 1], line[LOG_LINE_SIZE + 1], tail[64] = "";
    struct text raw_text, text;

    if (state.sink == LOG_SINK_DISCARD)
        return;
    if (held_back > 0)
        snprintf(tail, sizeof tail, " (%llu more like this)", (unsigned long long)held_back);
    text_init(&raw_text, raw, sizeof raw);
    text_addv(&raw_text, format, args);
    text_init(&text, line, sizeof line - strlen(tail));
    text_add(&text, levels[level].word);
    add_printable(&text, raw);
    text.size = sizeof line;
    text.full = false;
    text_add(&text, tail);
    log_line_fields(level, line, text.used, NULL, 0);
}

#define LOG_AT(level)                                                                                                  \
    do {                                                                                                               \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        log_message(level, 0, format, args);                                                                           \
        va_end(args);                                                                                                  \
    } while (0)

void log_error(const char *format, ...)
{
    LOG_AT(LOG_LEVEL_ERROR);
}

void log_warning(const char *format, ...)
{
    LOG_AT(LOG_LEVEL_WARNING);
}

void log_info(const char *format, ...)
{
    LOG_AT(LOG_LEVEL_INFO);
}

/* next_ms is the time at which the budget grows by one message again. */
static bool limit_allows(struct log_limit *limit)
{
    uint64_t now = clock_ms();
    uint64_t period = (uint64_t)limit->seconds * 1000;

    if (limit->spent > 0 && now >= limit->next_ms) {
        uint64_t back = period == 0 ? limit->spent : 1 + (now - limit->next_ms) / period;
        limit->spent = back >= limit->spent ? 0 : limit->spent - (unsigned)back;
        limit->next_ms += back * period;
    }
    if (limit->spent >= limit->burst) {
        limit->held_back++;
        return false;
    }
    if (limit->spent == 0)
        limit->next_ms = now + period;
    limit->spent++;
    return true;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
    va_list args;

    if (!limit_allows(limit))
        return;
    va_start(args, format);
    log_message(level, limit->held_back, format, args);
    va_end(args);
    limit->held_back = 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_syslog: sends lines to /dev/log in the form of RFC 3164: "<22>Jan 31 12:00:00 helod[123]: text". It does not
 * use syslog(3), which formats every line again and blocks in send() while the reader of /dev/log is stopped. That
 * would block every request of every Postfix.
 *
 * Promises: each line is one message, and sending never waits for room. The text before the message is formatted
 * once per second. If the socket is gone, it is tried again after a pause that doubles, so a missing syslog daemon
 * costs almost nothing. Held lines are sent by one system call, because a reader that wakes for each line would
 * preempt helod.
 */
#include "log_syslog.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "text.h"

enum { HEAD_SIZE = 128, IDENT_MAX = 60, PAUSE_FIRST_MS = 10, PAUSE_MAX_MS = 1000 };
/* A socket's queue has ten places by default, so an empty one has room for this many lines. */
enum { HELD_MAX = 8 };

static struct {
    const char *path, *ident;
    int fd;
    bool stream;
    uint64_t pause_ms, again_ms; /* the pause before the next attempt to connect, and when it ends */
    time_t head_time;            /* the second and the priority for which `head` was formatted */
    int head_priority;
    size_t head_size;
    char head[HEAD_SIZE];
} to = {.fd = -1};

/* Held lines, each complete with its head. */
static struct {
    bool on;
    unsigned count, lost; /* lost: not reported yet */
    struct iovec lines[HELD_MAX];
    struct mmsghdr messages[HELD_MAX];
    char bytes[HELD_MAX][HEAD_SIZE + LOG_LINE_SIZE];
} held;

static bool connect_as(int type)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    if (strlen(to.path) >= sizeof(at.sun_path))
        return false;
    memcpy(at.sun_path, to.path, strlen(to.path) + 1);
    to.stream = type == SOCK_STREAM;
    to.fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (to.fd < 0)
        return false;
    if (connect(to.fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
        return true;
    log_syslog_stop();
    return false;
}

static bool pause_after_failure(void)
{
    to.pause_ms = to.pause_ms == 0 ? PAUSE_FIRST_MS : to.pause_ms * 2;
    if (to.pause_ms > PAUSE_MAX_MS)
        to.pause_ms = PAUSE_MAX_MS;
    to.again_ms = clock_ms() + to.pause_ms;
    return false;
}

static bool is_connected(void)
{
    if (to.fd >= 0)
        return true;
    if (to.pause_ms > 0 && clock_ms() < to.again_ms)
        return false;
    return connect_as(SOCK_DGRAM) || (errno == EPROTOTYPE && connect_as(SOCK_STREAM)) || pause_after_failure();
}

void log_syslog_start(const char *path, const char *ident)
{
    log_syslog_stop();
    to.path = path;
    to.ident = ident;
    to.pause_ms = 0;
    to.head_size = 0;
    (void)is_connected();
}

void log_syslog_stop(void)
{
    int why = errno;

    if (to.fd >= 0)
        close(to.fd);
    to.fd = -1;
    errno = why;
}

/* Local time, as syslog(3) uses it, with English month names in every locale. */
static void make_head(time_t now, int priority)
{
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct text t;
    struct tm tm = {0};

    (void)localtime_r(&now, &tm);
    text_init(&t, to.head, sizeof(to.head));
    text_addf(&t, "<%d>%s %2d %02d:%02d:%02d %.*s[%ld]: ", LOG_MAIL | priority, months[tm.tm_mon], tm.tm_mday,
              tm.tm_hour, tm.tm_min, tm.tm_sec, IDENT_MAX, to.ident, (long)getpid());
    to.head_size = t.used;
    to.head_time = now;
    to.head_priority = priority;
}

/* 0, or errno. */
static int send_parts(struct iovec head, const char *line, size_t n)
{
    struct iovec parts[] = {
        head, {(char *)(size_t)line, n}, {(char *)(size_t) "", to.stream}, /* a NUL ends a line in a stream */
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = sizeof(parts) / sizeof(parts[0])};
    ssize_t sent = sendmsg(to.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0)
        return errno;
    /* A stream may accept half a line; then reconnect, so that the next line starts cleanly. */
    return (size_t)sent == head.iov_len + n + to.stream ? 0 : EPIPE;
}

static bool send_now(struct iovec head, const char *line, size_t n)
{
    /* Two attempts, because the reader may have restarted since the last line. */
    for (int attempt = 0; attempt < 2; attempt++) {
        int why;

        if (!is_connected())
            return false;
        why = send_parts(head, line, n);
        if (why == 0) {
            to.pause_ms = 0;
            return true;
        }
        if (why == EAGAIN || why == ENOBUFS)
            return false;
        log_syslog_stop();
    }
    return pause_after_failure();
}

/* Sends as many lines as possible together. Returns 0 if the first must be sent alone: to a stream, or to reconnect. */
static unsigned send_together(unsigned first)
{
    int sent;

    if (to.fd < 0 || to.stream)
        return 0;
    sent = sendmmsg(to.fd, held.messages + first, held.count - first, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? 0 : (unsigned)sent;
}

static void send_held(void)
{
    for (unsigned at = 0; at < held.count;) {
        unsigned sent = send_together(at);

        if (sent == 0) {
            held.lost += !send_now((struct iovec){0}, held.lines[at].iov_base, held.lines[at].iov_len);
            sent = 1;
        }
        at += sent;
    }
    held.count = 0;
}

static void hold(const char *line, size_t n)
{
    char *at;

    if (held.count == HELD_MAX)
        send_held();
    at = held.bytes[held.count];
    memcpy(at, to.head, to.head_size);
    memcpy(at + to.head_size, line, n);
    held.lines[held.count] = (struct iovec){at, to.head_size + n};
    held.messages[held.count].msg_hdr = (struct msghdr){.msg_iov = &held.lines[held.count], .msg_iovlen = 1};
    held.count++;
}

bool log_syslog_send(int priority, const char *line, size_t n)
{
    time_t now = clock_wall();

    if (to.head_size == 0 || now != to.head_time || priority != to.head_priority)
        make_head(now, priority);
    if (!held.on || n > LOG_LINE_SIZE)
        return send_now((struct iovec){to.head, to.head_size}, line, n);
    hold(line, n);
    return true;
}

void log_syslog_hold(void)
{
    held.on = true;
}

bool log_syslog_holds(void)
{
    return held.on;
}

unsigned log_syslog_release(void)
{
    unsigned lost;

    send_held();
    lost = held.lost;
    held.on = false;
    held.lost = 0;
    return lost;
}

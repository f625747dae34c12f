/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_output: writes without waiting. syslog(3) is not used: it sleeps in send() for as long as the reader of /dev/log
 * is stopped, and with it every question of every Postfix.
 */
#include "log_output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

enum { HEAD_SIZE = 128 };

static struct {
    const char *path, *ident;
    int fd;
    bool stream;
    time_t stamp_time; /* the second that `stamp` was made for */
    char stamp[32];
} to = {.fd = -1, .stamp_time = -1};

enum output_kind output_kind(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || S_ISREG(st.st_mode))
        return OUTPUT_FILE;
    return S_ISSOCK(st.st_mode) ? OUTPUT_SOCKET : OUTPUT_PIPE; /* a terminal can be stopped as a pipe can be full */
}

bool output_write(int fd, enum output_kind kind, struct iovec parts[OUTPUT_PARTS])
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = OUTPUT_PARTS};
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    if (kind == OUTPUT_SOCKET)
        return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    /* A pipe that polls writable takes PIPE_BUF bytes, and no line is as long. */
    if (kind == OUTPUT_PIPE && (poll(&room, 1, 0) != 1 || (room.revents & POLLOUT) == 0))
        return false;
    return writev(fd, parts, OUTPUT_PARTS) >= 0;
}

void syslog_stop(void)
{
    if (to.fd >= 0)
        close(to.fd);
    to.fd = -1;
}

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
    close(to.fd);
    to.fd = -1;
    return false;
}

static bool is_connected(void)
{
    return to.fd >= 0 || connect_as(SOCK_DGRAM) || (errno == EPROTOTYPE && connect_as(SOCK_STREAM));
}

void syslog_start(const char *path, const char *ident)
{
    syslog_stop();
    to.path = path;
    to.ident = ident;
    to.stamp_time = -1;
    (void)is_connected();
}

/* "Jan 31 12:00:00", local time as syslog(3) has it; made once a second. */
static const char *stamp(void)
{
    time_t now = clock_wall();
    struct tm tm;

    if (now != to.stamp_time) {
        if (localtime_r(&now, &tm) == NULL || strftime(to.stamp, sizeof(to.stamp), "%b %e %H:%M:%S", &tm) == 0)
            to.stamp[0] = '\0';
        to.stamp_time = now;
    }
    return to.stamp;
}

bool syslog_send(int priority, const char *line, size_t n)
{
    char head[HEAD_SIZE];
    int head_n = snprintf(head, sizeof(head), "<%d>%s %.60s[%ld]: ", LOG_MAIL | priority, stamp(), to.ident,
                          (long)getpid());
    struct iovec parts[OUTPUT_PARTS] = {
        {head, (size_t)head_n}, {(char *)(size_t)line, n}, {(char *)(size_t)"", 0},
    };

    /* Twice: the reader may have been started anew since the last line. */
    for (int attempt = 0; attempt < 2; attempt++) {
        if (!is_connected())
            return false;
        parts[OUTPUT_PARTS - 1].iov_len = to.stream; /* a NUL ends a line in a stream */
        if (output_write(to.fd, OUTPUT_SOCKET, parts))
            return true;
        if (errno == EAGAIN || errno == ENOBUFS)
            return false;
        syslog_stop();
    }
    return false;
}

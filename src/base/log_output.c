/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_output: writes to any kind of descriptor without waiting.
 */
#include "log_output.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum output_kind log_output_kind(int fd)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || S_ISREG(st.st_mode))
        return OUTPUT_FILE;
    return S_ISSOCK(st.st_mode) ? OUTPUT_SOCKET : OUTPUT_PIPE; /* a stopped terminal blocks like a full pipe */
}

bool log_output_write(int fd, enum output_kind kind, struct iovec parts[OUTPUT_PARTS])
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

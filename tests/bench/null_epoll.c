/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * null_epoll: answers DUNNO to whatever ends in an empty line, with nothing but system calls: the floor of the machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.h"

enum { EVENTS = 256 };

static void answer(int fd)
{
    static const char dunno[] = "action=DUNNO\n\n";
    char bytes[8192];
    ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

    if (n <= 0)
        close(fd);
    else if (n >= 2 && memcmp(bytes + n - 2, "\n\n", 2) == 0 && send(fd, dunno, sizeof(dunno) - 1, MSG_NOSIGNAL) < 0)
        close(fd);
}

int main(int argc, char **argv)
{
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN};
    int listener, epoll = epoll_create1(0);

    if (argc != 2 || epoll < 0)
        return 64;
    listener = endpoint_listen(argv[1]);
    event.data.fd = listener;
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.fd != listener) {
                answer(events[i].data.fd);
                continue;
            }
            event.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
            if (event.data.fd >= 0)
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
        }
    }
}

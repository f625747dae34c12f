/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * null_libevent: answers DUNNO to whatever ends in an empty line, with libevent's bufferevents, as its book has it: the
 * reference that the daemon's figures are ratios to.
 *
 *     null_libevent [-l bytes] ENDPOINT
 *
 * With -l it sends a line of so many bytes to /dev/log for each request, in the one system call that it takes: no
 * server that logs its decisions can do less.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "endpoint.h"

enum { LINE_MAX_SIZE = 4096 };

static struct {
    int fd; /* of /dev/log, connected */
    size_t size;
    char bytes[LINE_MAX_SIZE];
} line;

static void on_read(struct bufferevent *bev, void *arg)
{
    static const char dunno[] = "action=DUNNO\n\n";
    struct evbuffer *in = bufferevent_get_input(bev);
    struct evbuffer_ptr end;

    (void)arg;
    while (end = evbuffer_search(in, "\n\n", 2, NULL), end.pos >= 0) {
        evbuffer_drain(in, (size_t)end.pos + 2);
        if (line.size > 0)
            send(line.fd, line.bytes, line.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        bufferevent_write(bev, dunno, sizeof(dunno) - 1);
    }
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    (void)what;
    (void)arg;
    bufferevent_free(bev);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer, int size, void *arg)
{
    struct bufferevent *bev = bufferevent_socket_new(arg, fd, BEV_OPT_CLOSE_ON_FREE);

    (void)listener;
    (void)peer;
    (void)size;
    if (bev == NULL)
        abort();
    bufferevent_setcb(bev, on_read, NULL, on_event, NULL);
    bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void read_line_size(const char *text)
{
    static const char head[] = "<22>Jan 31 12:00:00 null[1]: ";

    line.size = strtoul(text, NULL, 10);
    line.fd = endpoint_connect_datagram("unix:/dev/log");
    if (line.size < sizeof(head) || line.size > LINE_MAX_SIZE || line.fd < 0) {
        fprintf(stderr, "null_libevent: no line of %s bytes to /dev/log\n", text);
        exit(1);
    }
    memset(line.bytes, 'x', line.size);
    memcpy(line.bytes, head, sizeof(head) - 1);
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    int fd, letter;

    while ((letter = getopt(argc, argv, "l:")) != -1) {
        if (letter != 'l')
            return 64;
        read_line_size(optarg);
    }
    if (optind + 1 != argc || base == NULL)
        return 64;
    signal(SIGPIPE, SIG_IGN); /* who asks may leave without waiting */
    fd = endpoint_listen(argv[optind]);
    evutil_make_socket_nonblocking(fd);
    if (evconnlistener_new(base, on_accept, base, LEV_OPT_CLOSE_ON_FREE, 0, fd) == NULL)
        return 1;
    return event_base_dispatch(base);
}

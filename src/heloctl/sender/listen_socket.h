/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen_socket: the places where heloctl listen accepts connections, as a person writes them.
 */
#ifndef HELOD_LISTEN_SOCKET_H
#define HELOD_LISTEN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/listener.h>

enum { LISTEN_SOCKETS_MAX = 8, LISTEN_TEXT_SIZE = 300 };

struct listen_sockets {
    struct evconnlistener *all[LISTEN_SOCKETS_MAX];
    char places[LISTEN_SOCKETS_MAX][LISTEN_TEXT_SIZE]; /* "127.0.0.1:2525" */
    size_t count;
};

/*
 * Opens "ADDRESS:PORT", "ADDRESS", "NAME:PORT", ":PORT", "PORT" or NULL for everywhere. Without a port it is 25, and
 * 2525 where 25 is taken or not permitted. False with a text in error; *usage: it is the argument that is wrong.
 */
bool listen_sockets_open(struct listen_sockets *sockets, struct event_base *base, const char *where,
                         evconnlistener_cb accepted, void *arg, char error[LISTEN_TEXT_SIZE], bool *usage);
void listen_sockets_close(struct listen_sockets *sockets);

#endif

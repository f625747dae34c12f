/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint: makes one listening socket from its text in the policy file.
 */
#ifndef HELOD_ENDPOINT_H
#define HELOD_ENDPOINT_H

#include <stdbool.h>
#include <sys/types.h>

struct server_settings;

struct endpoint {
    int fd;
    const char *path; /* of a unix socket, inside the text; NULL for TCP */
    dev_t device;     /* of the socket file that we made */
    ino_t inode;
    bool is_taken; /* after a failure: another socket already has this TCP port */
};

/*
 * "inet:HOST:PORT" or "unix:PATH" to a listening, non-blocking socket. A unix socket has the settings' owner, group
 * and mode before anybody can connect; a stale socket with this path is replaced; one that is in use, and any other
 * file, is not. False with a text in error.
 */
bool endpoint_open(struct endpoint *e, const char *where, const struct server_settings *settings, char *error,
                   size_t error_size);
/*
 * A TCP socket stops listening but keeps its port, so that one of another address can be opened on it: 127.0.0.1:P
 * and 0.0.0.0:P exclude each other. endpoint_listen() listens again, once the other one is closed. False: not a TCP
 * socket.
 */
bool endpoint_rest(struct endpoint *e);
bool endpoint_listen(struct endpoint *e);
/* Closes; removes the socket file if it is still ours. */
void endpoint_close(struct endpoint *e);

#endif

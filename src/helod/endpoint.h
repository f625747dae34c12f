/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint: makes one listening socket from its text in the policy file.
 */
#ifndef HELOD_ENDPOINT_H
#define HELOD_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct server_settings;

struct endpoint {
    int fd;
    const char *path; /* of a unix socket, inside the text; NULL for TCP */
    dev_t device;     /* of the socket file that we made */
    ino_t inode;
};

/*
 * "inet:HOST:PORT" or "unix:PATH" to a listening, non-blocking socket. A unix socket has the settings' owner, group and
 * mode before anybody can connect; a stale one in its place is replaced, one that is in use and any other file are left
 * alone. False with a text in error.
 */
bool endpoint_open(struct endpoint *e, const char *where, const struct server_settings *settings, char *error,
                   size_t error_size);
/* Closes; removes the socket file if it is still ours. */
void endpoint_close(struct endpoint *e);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * running: requests to the helod that runs on this host, over a socket of its `status { listen }`.
 */
#ifndef HELOD_RUNNING_H
#define HELOD_RUNNING_H

#include "ctl.h"

enum { RUNNING_BODY_MAX = 4 << 20 };

/* The first status socket in the settings that begins with the prefix ("unix:", "inet:"); NULL: none. */
const char *running_place(const struct settings *settings, const char *kind);
/* Whether something accepts connections at "unix:PATH". */
bool running_listens(const char *place);
/*
 * The socket to use: what -s says, or else the policy file's first unix socket, or else its first address. NULL if
 * there is none; then the error has been reported, and *status is the exit status.
 */
const char *running_find(struct ctl *ctl, int *status);
/*
 * Sends one request. Returns the HTTP status and the NUL-terminated body, which the caller frees. 0 and NULL if there
 * is no answer; then the error has been reported.
 */
int running_ask(const struct ctl *ctl, const char *place, const char *method, const char *path, char **body);

/* Makes the helod at this status socket reload its policy file, and prints the result. Returns the exit status. */
int running_reload(struct ctl *ctl, const char *place);

#endif

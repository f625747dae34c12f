/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * running: questions to the helod that runs here, over a socket of its `status { listen }`.
 */
#ifndef HELOD_RUNNING_H
#define HELOD_RUNNING_H

#include "ctl.h"

enum { RUNNING_BODY_MAX = 4 << 20, RUNNING_PLACE_SIZE = 256 };

/* The first of the status sockets that begins so ("unix:", "inet:"), out of the settings; NULL: none. */
const char *running_place(const struct settings *settings, const char *kind);
/* Whether somebody accepts connections at "unix:PATH". */
bool running_listens(const char *place);
/*
 * Where to ask: what -s says, else the policy file's first unix socket, else its first address. False when there is
 * none; the error has been reported, and *status is the exit status.
 */
bool running_find(struct ctl *ctl, char place[RUNNING_PLACE_SIZE], int *status);
/*
 * One request. Returns the HTTP status and the body, NUL-terminated, which the caller frees; 0 and NULL when nobody
 * answers; the error has been reported.
 */
int running_ask(const struct ctl *ctl, const char *place, const char *method, const char *path, char **body);

/* What `heloctl reload` does, for a verb that has its options. Returns the exit status. (stats.c) */
int running_reload(struct ctl *ctl);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status: the HTTP server for the status page, for programs that read the metrics, and for heloctl. The table in
 * pages.c lists what it serves.
 */
#ifndef HELOD_STATUS_H
#define HELOD_STATUS_H

#include <stdbool.h>
#include <stddef.h>

struct server;
struct settings;
struct status;

struct status *status_new(struct server *s); /* NULL: no memory. The event base must exist. */
/* Stops listening, closes the connections, removes the socket files. NULL is allowed. */
void status_free(struct status *all);
/* Call it every second: listens again after descriptors ran out. */
void status_tick(struct status *all);
/*
 * Opens the sockets that `settings` lists and that are not open yet. Closes nothing yet. False, with a text in error
 * and everything as before, when a socket cannot be opened. status_commit() makes the change effective,
 * status_abort() undoes it.
 */
bool status_prepare(struct status *all, const struct settings *settings, char *error, size_t error_size);
void status_commit(struct status *all);
void status_abort(struct status *all);

#endif

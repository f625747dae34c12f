/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status: the listener for people and programs that watch helod, and for heloctl. One HTTP request a connection; what
 * can be asked for is the table in pages.c.
 */
#ifndef HELOD_STATUS_H
#define HELOD_STATUS_H

#include <stdbool.h>
#include <stddef.h>

struct server;
struct settings;
struct status;

struct status *status_new(struct server *s); /* NULL: no memory */
/* Stops listening, hangs up, removes the socket files. */
void status_free(struct status *all);
/*
 * Opens what `settings` lists and is not open; nothing is closed yet. False, with a text in error and everything as
 * before, when a socket cannot be opened. status_commit() lets the change count, status_abort() forgets it.
 */
bool status_prepare(struct status *all, const struct settings *settings, char *error, size_t error_size);
void status_commit(struct status *all);
void status_abort(struct status *all);
bool status_listens(const struct status *all);

#endif

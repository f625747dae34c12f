/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener: the sockets on which Postfix finds us.
 */
#ifndef HELOD_LISTENER_H
#define HELOD_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

struct listeners;
struct server;
struct settings;

struct listeners *listeners_new(struct server *s); /* NULL: no memory */
/* Stops listening, and removes the socket files that we made. */
void listeners_free(struct listeners *all);

/* Sockets that the service manager holds for us (LISTEN_FDS): then the settings' `listen` is not used. Call once,
 * before any fork; false with a text in error when they are none that we can use. */
bool listeners_inherit(struct listeners *all, char *error, size_t error_size);
/*
 * Opens what `settings` lists and is not open; nothing is closed and nothing accepted yet. Raises the limit of open
 * files as far as it may for max_connections. False, with a text in error and everything as before, when a socket
 * cannot be opened. listeners_commit() lets the change count, listeners_abort() forgets it.
 */
bool listeners_prepare(struct listeners *all, const struct settings *settings, char *error, size_t error_size);
/* Accepts on the new ones, and closes those that are not listed any more. */
void listeners_commit(struct listeners *all);
void listeners_abort(struct listeners *all);
/* Takes who has knocked already, then stops listening. */
void listeners_stop(struct listeners *all);
/* A connection was closed: there may be room for another. */
void listeners_room(struct listeners *all);
size_t listeners_count(const struct listeners *all);

#endif

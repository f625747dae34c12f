/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acceptor: accepts connections from Postfix on the sockets of server.listen.
 */
#ifndef HELOD_ACCEPTOR_H
#define HELOD_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>

struct acceptor;
struct server;
struct settings;

struct acceptor *acceptor_new(struct server *s); /* NULL: no memory */
/* Stops listening, and removes the socket files that helod made. */
void acceptor_free(struct acceptor *all);

/*
 * Takes over the sockets that the service manager passed (LISTEN_FDS); the policy file's `listen` is then ignored.
 * Call it once, before any fork. False with a text in error if they cannot be used.
 */
bool acceptor_inherit(struct acceptor *all, char *error, size_t error_size);
/*
 * Opens the sockets that `settings` lists and that are not open yet. Closes and accepts nothing yet. Raises the limit
 * of open files for max_connections as far as permitted. False, with a text in error and everything as before, when a
 * socket cannot be opened, or the limit of open files is too low to work at all. acceptor_commit() makes the change
 * effective, acceptor_abort() undoes it.
 */
bool acceptor_prepare(struct acceptor *all, const struct settings *settings, char *error, size_t error_size);
void acceptor_commit(struct acceptor *all);
void acceptor_abort(struct acceptor *all);
/* Accepts the connections that are already waiting, then stops listening. */
void acceptor_stop(struct acceptor *all);
/* Whether the service manager holds the sockets, so that whoever connects while helod restarts only waits. */
bool acceptor_is_inherited(const struct acceptor *all);
/* Call this when a connection was closed or became idle: there may be room for a waiting one. */
void acceptor_room(struct acceptor *all);
size_t acceptor_count(const struct acceptor *all);

#endif

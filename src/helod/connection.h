/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection: the connection of one Postfix smtpd, which sends one request at a time.
 */
#ifndef HELOD_CONNECTION_H
#define HELOD_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

struct connection;
struct connections;
struct server;

struct connections *connections_new(struct server *s); /* NULL: no memory */
/* Closes all of them, even those with requests in flight. */
void connections_free(struct connections *all);
size_t connections_count(const struct connections *all);
/* Closes those without a request for the settings' idle time. */
void connections_sweep(struct connections *all);
/* While helod stops: closes the idle ones at once, and from now on each other one after its answer. */
void connections_drain(struct connections *all);
/*
 * Closes one connection to make room for the one just opened: the oldest of those that never sent a request, or else
 * the one that has been idle longest. False when all of them are in use.
 */
bool connections_make_room(struct connections *all);
/* Takes over the descriptor. False if there is no memory; then the descriptor is closed. */
bool connection_open(struct connections *all, int fd);

/*
 * For pending.c: the answer to the request in flight, at most REPLY_SIZE bytes. It is sent at the end of this turn of
 * the event loop, after the lines that were logged until then.
 */
void connection_answer(struct connection *c, const char *bytes, size_t n);
/* The same, but sends at once; true if the kernel accepted all of it. */
bool connection_answer_now(struct connection *c, const char *bytes, size_t n);
/* After an answer that came later than the call of pending_begin(): resumes reading. May end the connection. */
void connection_go_on(struct connection *c);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client_waiting: counts the requests that wait for DNS by client network, so that one network whose zones never answer
 * cannot use up all lookups in flight.
 */
#ifndef HELOD_CLIENT_WAITING_H
#define HELOD_CLIENT_WAITING_H

#include <stddef.h>

#include "address.h"

struct client_waiting;

struct client_waiting *client_waiting_new(void);    /* NULL: no memory, no randomness */
void client_waiting_free(struct client_waiting *w); /* NULL is allowed */
/* How many questions of this client's /24 or /48 wait. */
size_t client_waiting_count(const struct client_waiting *w, const struct address *client);
/* One begins to wait; each is taken back once. Without memory it is not counted, and nor are those that follow it. */
void client_waiting_begin(struct client_waiting *w, const struct address *client);
void client_waiting_end(struct client_waiting *w, const struct address *client);

#endif

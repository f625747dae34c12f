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
/* How many requests of this client's /24 or /48 are waiting. */
size_t client_waiting_count(const struct client_waiting *w, const struct address *client);
/*
 * Counts one more request; call the reverse once for each. If memory is short, neither this one nor later ones
 * count.
 */
void client_waiting_begin(struct client_waiting *w, const struct address *client);
void client_waiting_end(struct client_waiting *w, const struct address *client);

#endif

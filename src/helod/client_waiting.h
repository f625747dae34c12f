/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client_waiting: counts the requests that wait for DNS by client network, so that one network whose zones never answer
 * cannot use up all lookups in flight.
 */
#ifndef HELOD_CLIENT_WAITING_H
#define HELOD_CLIENT_WAITING_H

#include <stddef.h>

#include "address.h"

struct table;

/* A table of networks with waiting requests. NULL: no memory, no randomness. table_free() frees it. */
struct table *client_waiting_new(void);
/* How many requests of this client's /24 or /48 are waiting. */
size_t client_waiting_count(const struct table *waiting, const struct address *client);
/*
 * Counts one more request; call the reverse once for each. If memory is short, neither this one nor later ones
 * count.
 */
void client_waiting_begin(struct table *waiting, const struct address *client);
void client_waiting_end(struct table *waiting, const struct address *client);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waiting: questions that wait for the DNS, by client network, so that one network whose zones never answer cannot
 * take all look-ups in flight.
 */
#ifndef HELOD_WAITING_H
#define HELOD_WAITING_H

#include <stddef.h>

#include "address.h"

struct waiting;

struct waiting *waiting_new(void);    /* NULL: no memory, no randomness */
void waiting_free(struct waiting *w); /* NULL is allowed */
/* How many questions of this client's /24 or /48 wait. */
size_t waiting_count(const struct waiting *w, const struct address *client);
/* One begins to wait; each is taken back once. Without memory it is not counted, and nor are those that follow it. */
void waiting_begin(struct waiting *w, const struct address *client);
void waiting_end(struct waiting *w, const struct address *client);

#endif

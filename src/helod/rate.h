/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate: counts requests per minute by client network, so that one network cannot use up all lookups.
 */
#ifndef HELOD_RATE_H
#define HELOD_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct rates;

/* Base of the network that limits treat as one client: its /24 or /48. With the family, its bytes are a key. */
struct address rates_network(const struct address *client);

struct rates *rates_new(void); /* NULL: no memory, no randomness */
void rates_free(struct rates *r);
/*
 * Counts a request of this client. A host (an address or /64) is quiet while it has sent at most a sixtieth of
 * `per_minute` in this minute; otherwise it is busy. The quiet hosts of a network and its busy ones are counted
 * apart. True if more than `per_minute` (0: never) requests came from the network's hosts of the client's kind.
 */
bool rates_exceeded(struct rates *r, const struct address *client, unsigned per_minute, uint64_t now_ms);

#endif

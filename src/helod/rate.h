/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate: questions a minute by client network, so that one network cannot spend all our lookups.
 */
#ifndef HELOD_RATE_H
#define HELOD_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"

struct rates;

/* Whom limits take for one client: its /24 or /48. The bytes of its base are a key: the family is among them. */
struct network rates_network(const struct address *client);

struct rates *rates_new(void); /* NULL: no memory, no randomness */
void rates_free(struct rates *r);
/* Counts a question of this client's /24 or /48; true when it is past `per_minute` (0: never). */
bool rates_exceeded(struct rates *r, const struct address *client, unsigned per_minute, uint64_t now_ms);

#endif

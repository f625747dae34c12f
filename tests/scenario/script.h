/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script: the resolver of the scenarios. Implements resolver.h from records that the scenario gives, in the frozen
 * clock's time: nothing is sent. What it cannot show (sockets, sharing, caches) the tests of src/dns show.
 */
#ifndef HELOD_SCRIPT_H
#define HELOD_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

struct resolver;

/*
 * "NAME TYPE VALUE…": a record, or one of servfail nxdomain nodata never silent, or "delay MS" for all answers of the
 * name.
 */
bool script_add(struct resolver *r, const char *line, const char **error);
void script_clear(struct resolver *r);
/* Delivers the next answer that is due at or before `until_ms`, moving the clock to it. False: none is. */
bool script_deliver(struct resolver *r, uint64_t until_ms);
unsigned script_asked(const struct resolver *r); /* questions since script_clear() */

#endif

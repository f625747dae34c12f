/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * housekeeping: periodic work: idle connections, the resolver guard, gauges, the watchdog.
 */
#ifndef HELOD_HOUSEKEEPING_H
#define HELOD_HOUSEKEEPING_H

struct server;
struct housekeeping;

enum { STATUS_SIZE = 160 };

struct housekeeping *housekeeping_new(struct server *s); /* NULL: no memory */
void housekeeping_free(struct housekeeping *u);
/* Writes one line about the state of helod. Returns `out`. */
const char *housekeeping_status(const struct server *s, char out[STATUS_SIZE]);
/* Updates the metrics about the policy; call it after a new policy became active. */
void housekeeping_settings(struct server *s);
/* Logs all counters and the exemptions that were used. */
void housekeeping_report(const struct server *s);

#endif

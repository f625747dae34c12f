/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * housekeeping: what happens by the clock: idle connections, the resolver guard, gauges, the watchdog.
 */
#ifndef HELOD_HOUSEKEEPING_H
#define HELOD_HOUSEKEEPING_H

struct server;
struct housekeeping;

enum { STATUS_SIZE = 160 };

struct housekeeping *housekeeping_new(struct server *s); /* NULL: no memory */
void housekeeping_free(struct housekeeping *u);
/* One line on how things stand. Returns `out`. */
const char *housekeeping_status(const struct server *s, char out[STATUS_SIZE]);
/* The settings in force are new: what the metrics say about them. */
void housekeeping_settings(struct server *s);
/* All counters and the exemptions that were used, to the log. */
void housekeeping_report(const struct server *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * upkeep: what happens by the clock: idle connections, the resolver guard, gauges, the watchdog.
 */
#ifndef HELOD_UPKEEP_H
#define HELOD_UPKEEP_H

struct server;
struct upkeep;

enum { STATUS_SIZE = 160 };

struct upkeep *upkeep_new(struct server *s); /* NULL: no memory */
void upkeep_free(struct upkeep *u);
/* One line on how things stand. Returns `out`. */
const char *upkeep_status(const struct server *s, char out[STATUS_SIZE]);
/* The settings in force are new: what the metrics say about them. */
void upkeep_settings(struct server *s);
/* All counters and the exemptions that were used, to the log. */
void upkeep_report(const struct server *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_syslog: syslog's socket, written to without waiting.
 */
#ifndef HELOD_BASE_LOG_SYSLOG_H
#define HELOD_BASE_LOG_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>

/* Syslog over the datagram (or stream) socket at `path`. Both texts must stay valid. */
void syslog_start(const char *path, const char *ident);
/* False when the line is lost: nobody there, or no room. Between syslog_hold() and syslog_release() it waits. */
bool syslog_send(int priority, const char *line, size_t n);
void syslog_hold(void);
bool syslog_holds(void);
/* Sends what waits; how many of the lines since syslog_hold() were lost. */
unsigned syslog_release(void);
void syslog_stop(void);

#endif

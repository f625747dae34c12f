/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_syslog: syslog's socket, written to without waiting.
 */
#ifndef HELOD_BASE_LOG_SYSLOG_H
#define HELOD_BASE_LOG_SYSLOG_H

#include <stdbool.h>
#include <stddef.h>

/* Syslog over the datagram (or stream) socket at `path`. Both texts must stay valid. */
void log_syslog_start(const char *path, const char *ident);
/* False when the line is lost. Between log_syslog_hold() and log_syslog_release() lines are held. */
bool log_syslog_send(int priority, const char *line, size_t n);
void log_syslog_hold(void);
bool log_syslog_holds(void);
/* Sends the held lines. Returns how many of the lines since log_syslog_hold() were lost. */
unsigned log_syslog_release(void);
void log_syslog_stop(void);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify: reports the state to the service manager, by the protocol of sd_notify(3), without its library.
 */
#ifndef HELOD_NOTIFY_H
#define HELOD_NOTIFY_H

#include <stdint.h>

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID and removes them from the environment. Call once, before any
 * fork.
 */
void notify_open(void);
void notify_close(void);
/* Sends a message such as "WATCHDOG=1", or does nothing without a service manager. Never blocks. */
void notify_send(const char *format, ...) __attribute__((format(printf, 1, 2)));
void notify_ready(const char *status); /* READY=1, MAINPID, STATUS */
void notify_reloading(void);           /* RELOADING=1 with MONOTONIC_USEC; notify_ready() ends it */
/* The watchdog's interval in milliseconds, within which WATCHDOG=1 must be sent; 0: no watchdog. */
uint64_t notify_watchdog_ms(void);

#endif

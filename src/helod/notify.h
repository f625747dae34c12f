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
/* These send a message, or do nothing without a service manager. They never block. */
void notify_ready(const char *status); /* READY=1, MAINPID, STATUS */
void notify_reloading(void);           /* RELOADING=1 with MONOTONIC_USEC; notify_ready() ends it */
void notify_stopping(void);
void notify_status(const char *status);
void notify_alive(void); /* WATCHDOG=1 */
/* The watchdog's interval in milliseconds, within which notify_alive() must be called; 0: no watchdog. */
uint64_t notify_watchdog_ms(void);

#endif

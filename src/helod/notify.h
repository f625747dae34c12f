/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify: reports the state to the service manager, by the protocol of sd_notify(3), without its library.
 */
#ifndef HELOD_NOTIFY_H
#define HELOD_NOTIFY_H

#include <stdint.h>

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment. Call once, before any fork. */
void notify_open(void);
void notify_close(void);
/* Says it; without a service manager nothing happens. Never blocks. */
void notify_ready(const char *status); /* READY=1, MAINPID, STATUS */
void notify_reloading(void);           /* RELOADING=1 with MONOTONIC_USEC; notify_ready() ends it */
void notify_stopping(void);
void notify_status(const char *status);
void notify_alive(void); /* WATCHDOG=1 */
/* Within how many milliseconds notify_alive() is expected; 0: it is not. */
uint64_t notify_watchdog_ms(void);

#endif

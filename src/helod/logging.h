/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logging: applies the log section of the policy file.
 */
#ifndef HELOD_LOGGING_H
#define HELOD_LOGGING_H

struct server;

/*
 * Opens the log target of the running policy; call it once helod is ready and after each reload. In the foreground,
 * "syslog" means stderr, which the service manager reads. If the target cannot be opened, the error goes to the
 * previous log, which stays in use.
 */
void logging_start(const struct server *s);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logging: the policy file's log section, put into force.
 */
#ifndef HELOD_LOGGING_H
#define HELOD_LOGGING_H

struct server;

/*
 * As the settings in force say, once helod is ready and after each reload. syslog in the foreground means stderr, which
 * is where a service manager listens. What cannot be opened is said where the log went before, and goes there on.
 */
void logging_start(const struct server *s);

#endif

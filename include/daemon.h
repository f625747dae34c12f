/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: helod itself, from the policy file to the last answer. main.c is its only caller.
 */
#ifndef HELOD_DAEMON_H
#define HELOD_DAEMON_H

#include <stdbool.h>
#include <stddef.h>

struct settings;

struct daemon_options {
    const char *file; /* the policy file */
    bool foreground;  /* do not fork, and log to stderr; false: fork, and log to syslog */
};

/* Runs until SIGTERM or SIGINT. Returns the exit status: 0 after SIGTERM or SIGINT, 1 when it could not start. */
int daemon_run(const struct daemon_options *options);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload: a new policy file, whole or not at all.
 */
#ifndef HELOD_RELOAD_H
#define HELOD_RELOAD_H

#include <stdbool.h>

struct server;

/*
 * Reads the policy file again. When it is whole and its sockets and resolvers can be had it is in force at once, and
 * what changed is logged; else why not is logged, and everything stays. Questions in flight keep the policy they began
 * with. The service manager is told. True: the new one is in force.
 */
bool reload(struct server *s);
/* For policyfile_read(): logs the problem. */
void reload_report(void *arg, bool is_error, const char *message);

#endif

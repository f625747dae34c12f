/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload: a new policy file, whole or not at all, while questions are answered.
 */
#ifndef HELOD_RELOAD_H
#define HELOD_RELOAD_H

#include <stdbool.h>

struct reload;
struct server;

struct reload *reload_new(struct server *s); /* NULL: no memory */
void reload_free(struct reload *r);
/*
 * Reads the policy file again, in slices of the event loop. When it is whole and its sockets and resolvers can be had
 * it is in force at once, and what changed is logged; else why not is logged, and everything stays. Questions go by the
 * policy in force when they come, to their end. The service manager is told of begin and end.
 *
 * While one reload runs another one is only noted, however often it is asked for: it begins when that one has ended,
 * for the files may have changed since they were read. Returns the number of the reload that answers this request;
 * status_reloaded() is told the number and the result at its end, never before this returns. 0: there will be none.
 */
unsigned reload_request(struct reload *r);
/* helod stops: what was asked for will not be, nor what will be asked for. */
void reload_cancel(struct reload *r);
/* For policyfile_read(): logs the problem. */
void reload_report(void *arg, bool is_error, const char *message);

#endif

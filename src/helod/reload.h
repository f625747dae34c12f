/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload: loads a new policy file while helod runs, completely or not at all.
 */
#ifndef HELOD_RELOAD_H
#define HELOD_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

struct server;
struct settings;

/*
 * Reads the policy file again. If it is valid and its sockets and resolvers can be opened, it takes effect at once, and
 * the changes are logged. Otherwise the reason is logged, the running policy stays active and the result is false. A
 * request in flight keeps the policy that it began with. The beginning and the end are reported to the service manager.
 *
 * The event loop pauses meanwhile: reading 100,000 exemptions takes less than 100 ms, and Postfix waits 10 s or
 * more for an answer.
 */
bool reload_run(struct server *s);
/*
 * Opens the log target of the running policy; call it once helod is ready. In the foreground, "syslog" means stderr,
 * which the service manager reads. If the target cannot be opened, the error goes to the previous log, which stays in
 * use.
 */
void reload_log(const struct server *s);
/*
 * Whether helod can start with these settings on this host: the users and groups exist, and this build has what the
 * history needs. Start, reload and -t all ask this, so that what passes one passes the others. False with
 * "FILE:LINE: what" in error.
 */
bool reload_check(const struct settings *settings, char *error, size_t error_size);
/* For policyfile_read(): logs the problem. */
void reload_report(void *arg, bool is_error, const char *message);

#endif

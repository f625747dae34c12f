/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * privileges: finds the user that helod runs as, and drops root privileges.
 */
#ifndef HELOD_PRIVILEGES_H
#define HELOD_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

struct identity {
    bool change; /* we are root and must change to another user */
    uid_t uid;
    gid_t gid;
    const char *user; /* for initgroups */
};

/*
 * Finds the ids of `user` and `group` ("": the current user; the user's group). A process that is not root keeps its
 * user. False with a text in error.
 */
bool privileges_find(const char *user, const char *group, struct identity *out, char *error, size_t error_size);
/* A user's or group's number; -1 for "" (leave it as it is). False if the name does not exist. */
bool privileges_user(const char *name, uid_t *out);
bool privileges_group(const char *name, gid_t *out);
/*
 * Changes to `identity` permanently, without any capability; no privilege can be gained afterwards. False with a text
 * in error: then helod must not continue.
 */
bool privileges_drop(const struct identity *identity, char *error, size_t error_size);

#endif

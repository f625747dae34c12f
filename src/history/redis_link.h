/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_link: one connection to a server that may be away, and whether it is worth asking.
 */
#ifndef HELOD_HISTORY_REDIS_LINK_H
#define HELOD_HISTORY_REDIS_LINK_H

#include <hiredis/async.h>

#include "store.h"

struct redis_link;

/* Whether this build supports the settings; if not, returns false with a text in error. */
bool redis_link_check(const struct history_settings *settings, char *error, size_t error_size);
/*
 * NULL with a text in error if this build cannot do what the settings ask for. An unreachable server is not an
 * error.
 */
struct redis_link *redis_link_new(const struct store_context *context, char *error, size_t error_size);
/* Calls back all commands in flight, with NULL as the reply. */
void redis_link_free(struct redis_link *l);

/* Whether the server is up and may be queried now. */
bool redis_link_up(struct redis_link *l);
/* For commands of people, who can wait: runs the event loop for a moment until the server is up. False: it is not. */
bool redis_link_wait(struct redis_link *l);
/* Whether there is room for a command that no caller waits for. */
bool redis_link_has_room(const struct redis_link *l);
/* The command in the form of redisFormatCommand(). False: not sent, and nothing will be called back. */
bool redis_link_send(struct redis_link *l, redisCallbackFn *replied, void *arg, const char *command, size_t n);

/* Callers report: a reply; the end of a command; all replies in time; a query that timed out. */
void redis_link_progress(struct redis_link *l);
void redis_link_replied(struct redis_link *l);
void redis_link_in_time(struct redis_link *l);
void redis_link_late(struct redis_link *l);
/* The server rejected a command; reported once per connection. */
void redis_link_complain(struct redis_link *l, const char *text);

#endif

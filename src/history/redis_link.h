/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_link: one connection to a server that may be away, and whether it is worth asking.
 */
#ifndef HELOD_HISTORY_REDIS_LINK_H
#define HELOD_HISTORY_REDIS_LINK_H

#include <hiredis/async.h>
#include <stdarg.h>

#include "store.h"

struct redis_link;

/* What the settings ask for can be had in this build; else false with a text in error. */
bool redis_link_check(const struct history_settings *settings, char *error, size_t error_size);
/* NULL with a text in error: the settings ask for what cannot be had. A server that is away is no error. */
struct redis_link *redis_link_new(const struct store_context *context, char *error, size_t error_size);
/* Calls back what is under way, with NULL for a reply. */
void redis_link_free(struct redis_link *l);

/* Worth asking now. */
bool redis_link_up(struct redis_link *l);
/* For people, who can wait: up, or becomes so in a moment while the loop runs here. */
bool redis_link_wait(struct redis_link *l);
/* Not too much under way for what nobody waits for. */
bool redis_link_has_room(const struct redis_link *l);
/* False: not sent, and nothing will be called back. */
bool redis_link_send(struct redis_link *l, redisCallbackFn *replied, void *arg, const char *format, va_list args);

/* What the callers saw: some reply; the end of a command; all replies in time; a question that waited in vain. */
void redis_link_progress(struct redis_link *l);
void redis_link_replied(struct redis_link *l);
void redis_link_in_time(struct redis_link *l);
void redis_link_late(struct redis_link *l);
/* The server rejected a command; reported once per connection. */
void redis_link_complain(struct redis_link *l, const char *text);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_link: one connection to a server that may be down, and whether the server can be queried now.
 */
#ifndef HELOD_HISTORY_REDIS_LINK_H
#define HELOD_HISTORY_REDIS_LINK_H

#include <hiredis/async.h>

#include "redis_place.h"
#include "redis_tls.h"
#include "store.h"

struct redis_link;

enum { REDIS_LINK_MESSAGE_SIZE = 1500 }; /* room for a message about a link */

enum redis_link_news {
    REDIS_LINK_LOST,   /* all addresses failed; reported once until it is back */
    REDIS_LINK_BACK,   /* available again after that */
    REDIS_LINK_REFUSES /* it rejected a command; reported once per connection */
};

/* How a link calls its owner. None of these may free the link. */
struct redis_link_owner {
    void *arg;
    void (*greeted)(
        void *arg); /* logged in. Commands sent now are answered before the link is up. NULL: nothing to do */
    void (*changed)(void *arg); /* it went up or down; NULL: nothing to do */
    void (*report)(void *arg, enum redis_link_news news, const char *detail); /* NULL: nobody is interested */
    void (*message)(void *arg, const redisReply *reply);                      /* of the channel */
};

struct redis_link_options {
    const struct store_context *context; /* outlives the link */
    const struct redis_place *place;     /* copied; a host with its addresses, or none if it has none */
    const struct redis_tls *tls;         /* whose trust is used; NULL: no TLS */
    const char *channel;                 /* subscribes to it instead of taking commands; NULL: takes commands */
    bool may_be_open;                    /* a server that rejects the login may want none, so it is asked without one */
    struct redis_link_owner owner;
};

/* NULL: no memory. An unreachable server is not an error. */
struct redis_link *redis_link_new(const struct redis_link_options *options);
/* Calls back all commands in flight, with NULL as the reply. NULL is allowed. */
void redis_link_free(struct redis_link *l);

/* Whether the server is up and may be queried now. */
bool redis_link_up(struct redis_link *l);
/* Whether the link has not failed since it was last up. */
bool redis_link_pending(const struct redis_link *l);
/* Whether there is room for a command that no caller waits for. */
bool redis_link_has_room(const struct redis_link *l);
const struct redis_place *redis_link_place(const struct redis_link *l);
/* The command in the form of redisFormatCommand(). False: not sent, and nothing will be called back. */
bool redis_link_send(struct redis_link *l, redisCallbackFn *replied, void *arg, const char *command, size_t n);
/* The same for a format that redisFormatCommand() takes. */
bool redis_link_ask(struct redis_link *l, redisCallbackFn *replied, void *arg, const char *format, ...);

/* Callers report that a command ended (its reply may be NULL), that all replies came in time, or a query's timeout. */
void redis_link_replied(struct redis_link *l, const redisReply *reply);
void redis_link_in_time(struct redis_link *l);
void redis_link_late(struct redis_link *l);
void redis_link_took(struct redis_link *l, uint64_t us);
/* About how many microseconds recent replies took; 0: not known. */
uint64_t redis_link_latency_us(const struct redis_link *l);
/* The server rejected a command. */
void redis_link_complain(struct redis_link *l, const char *text);

#endif

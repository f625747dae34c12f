/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: the internals that resolver.c and lookup.c share.
 *
 * A query (struct resolver_query) belongs to the caller. A lookup (struct lookup) belongs to the resolver; it may
 * serve several queries or, when all were cancelled, none. Each lookup is on exactly one list: `line` (it waits for
 * a place in flight), `sent` (c-ares has it) or `ended` (its answer has arrived). Each query is on its lookup's list
 * or in `ready`.
 */
#ifndef HELOD_DNS_LOOKUP_H
#define HELOD_DNS_LOOKUP_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "answer.h"
#include "cache.h"
#include "channel.h"
#include "resolver.h"
#include "silent.h"
#include "trouble.h"
#include "watch.h"

enum {
    LOOKUP_LINE_FACTOR = 10, /* queued lookups per place in flight */
    SERVERS_TEXT_SIZE = 512,
};

TAILQ_HEAD(query_list, resolver_query);
TAILQ_HEAD(lookup_list, lookup);

struct resolver_query {
    struct resolver *resolver;
    struct lookup *lookup; /* NULL: the query is ready */
    struct answer *answer; /* set when the query is ready */
    bool from_cache;
    struct address source;
    resolver_done *done;
    void *arg;
    TAILQ_ENTRY(resolver_query) link;
};

enum lookup_state { LOOKUP_IN_LINE, LOOKUP_SENT, LOOKUP_ENDED };

struct lookup {
    struct table_entry entry; /* in `open` while queries may still join */
    bool joinable;
    enum lookup_state state;
    struct resolver *resolver;
    struct event deadline;
    struct query_list queries;
    struct answer *answer; /* set when the lookup has ended; NULL: no memory for it */
    char *target;          /* the alias to ask for next, when the answer for `name` held only a CNAME; else NULL */
    bool again;            /* ended, but `target` must still be asked */
    uint16_t type;
    uint32_t chain_ttl;
    uint32_t size;         /* bytes of all messages received for it */
    struct address source; /* the client network of the query that started it */
    TAILQ_ENTRY(lookup) link;
    const char *name; /* points into `key` */
    uint8_t key[];    /* followed by a NUL */
};

/* A replaced channel. It is destroyed when its last lookup has ended. */
struct old_channel {
    struct channel *channel;
    struct old_channel *next;
};

struct resolver {
    struct event_base *base;
    struct resolver_options options; /* resolv_conf is owned; servers is NULL */
    struct channel *channel;
    struct old_channel *old;
    struct cache *cache;
    struct table *open; /* lookups by key that queries may join */
    struct lookup_list line, sent, ended;
    struct query_list ready;
    struct event *drain, *watcher;
    bool draining;
    struct watch watch;
    struct trouble trouble;
    struct silent silent;
    struct resolver_stats stats;
    char servers[SERVERS_TEXT_SIZE];
};

/* Schedules on_drain() from the event loop. */
void lookup_wake(struct resolver *r);
/* Returns a new lookup at the end of the line, open for other queries to join, or NULL when there is no memory. */
struct lookup *lookup_new(struct resolver *r, const uint8_t *key, size_t key_size);
void lookup_free(struct lookup *l);
/* Passes queued lookups to c-ares while places in flight are free. */
void lookup_start_line(struct resolver *r);
/*
 * Finishes an ended lookup: asks for an alias's target, or caches the answer, hands it to the queries and frees it.
 */
void lookup_end(struct lookup *l);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: what resolver.c and lookup.c share: the resolver's insides.
 *
 * A question (struct resolver_query) belongs to who asked; a look-up (struct lookup) belongs to the resolver and may
 * serve many questions or, once they are cancelled, none. Every look-up is on one list at a time: `line` (waits for a
 * place), `sent` (c-ares has it) or `ended` (its answer is there); every question is with its look-up or in `ready`.
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
#include "trouble.h"
#include "watch.h"

enum {
    LOOKUP_LINE_FACTOR = 10, /* look-ups in line for each place in flight */
    SERVERS_TEXT_SIZE = 512,
};

TAILQ_HEAD(query_list, resolver_query);
TAILQ_HEAD(lookup_list, lookup);

struct resolver_query {
    struct resolver *resolver;
    struct lookup *lookup; /* NULL: it is ready */
    struct answer *answer; /* of a ready one */
    bool from_cache;
    resolver_done *done;
    void *arg;
    TAILQ_ENTRY(resolver_query) link;
};

enum lookup_state { LOOKUP_IN_LINE, LOOKUP_SENT, LOOKUP_ENDED };

struct lookup {
    struct table_entry entry; /* in `open` while questions may still join */
    bool joinable;
    enum lookup_state state;
    struct resolver *resolver;
    struct event deadline;
    struct query_list queries;
    struct answer *answer; /* of an ended one; NULL: no memory for it */
    char *target;          /* NULL, or the end of an alias whose answer brought no more: asked after `name` */
    bool again;            /* ended, but `target` is to be asked */
    uint16_t type;
    uint32_t chain_ttl;
    TAILQ_ENTRY(lookup) link;
    const char *name; /* in `key` */
    uint8_t key[];    /* and a NUL */
};

/* A channel that was replaced and is destroyed when its last look-up has ended. */
struct old_channel {
    struct channel *channel;
    struct old_channel *next;
};

struct resolver {
    struct event_base *base;
    struct resolver_options options; /* resolv_conf is ours; servers is NULL */
    bool own_servers;
    struct channel *channel;
    struct old_channel *old;
    struct cache *cache;
    struct table *open; /* look-ups by key */
    struct lookup_list line, sent, ended;
    struct query_list ready;
    struct event *drain, *watcher;
    bool draining;
    struct watch watch;
    struct trouble trouble;
    struct resolver_stats stats;
    char servers[SERVERS_TEXT_SIZE];
};

/* Makes drain() run from the event loop. */
void resolver_wake(struct resolver *r);

/* A new one, last in line, open for others to join. NULL: no memory. */
struct lookup *lookup_new(struct resolver *r, const uint8_t *key, size_t key_size);
void lookup_free(struct lookup *l);
/* Gives c-ares as many of the line as there are places. */
void lookup_start_line(struct resolver *r);
/* An ended one: asks on, or caches the answer, hands it to its questions and is gone. */
void lookup_end(struct lookup *l);

#endif

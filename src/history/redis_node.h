/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_node: what redis_nodes.c, redis_cluster.c and redis_master.c share: the set of nodes, and who decides which of
 * them is used. A cluster has a map of slots; other servers have a master among them.
 */
#ifndef HELOD_HISTORY_REDIS_NODE_H
#define HELOD_HISTORY_REDIS_NODE_H

#include "redis_nodes.h"
#include "redis_sentinel.h"

struct event;

enum { REDIS_NODES_MAX = HISTORY_NODES_MAX };

struct redis_node {
    struct redis_nodes *nodes;
    struct redis_link *link;
    char name[REDIS_PLACE_NAME_SIZE]; /* for people */
    bool listed;                      /* in the setting, so it stays */
    bool probed;                      /* CLUSTER SLOTS was sent, and it is not up yet */
    bool unprobed;                    /* it closed a connection after that, as some proxies do, so it is not sent */
    uint64_t needed_ms;               /* when a command was last redirected to it, or a sentinel named it */
    enum { REDIS_ROLE_UNKNOWN, REDIS_ROLE_MASTER, REDIS_ROLE_OTHER } role;
    unsigned votes;                   /* sentinels that name it */
    unsigned slots;                   /* that it owns */
    bool reported;                    /* as a master of the cluster */
    struct redis_announced announced; /* how it was last; a port of 0: never */
};

struct redis_nodes {
    const struct store_context *context;
    struct redis_tls *tls;                   /* NULL: none wanted */
    struct redis_node *all[REDIS_NODES_MAX]; /* NULL: free */
    struct event *tick;
    void (*greeted)(void *node); /* of every node's link: see struct redis_link_owner */
    void (*changed)(void *node);
    enum {
        REDIS_ONE,
        REDIS_LIST,
        REDIS_SENTINELS
    } mode;                       /* of the setting; one server, or those of a list, may be a cluster */
    bool cluster, stale, closing; /* stale: the map or the roles may have changed */
    struct redis_place listed[HISTORY_REDIS_MAX];
    unsigned listed_count;
    struct redis_sentinels *sentinels; /* NULL: none */
    unsigned named[HISTORY_REDIS_MAX]; /* by each sentinel: index into `all` plus 1 */
    unsigned master;                   /* the same of the plain server that is used; 0: none was found yet */
    unsigned ticks, lacking;           /* ticks in a row without a usable master */
    bool lack_reported;
    unsigned second_ticks;      /* ticks in a row with a second master */
    unsigned asked_last;        /* of `all`, for the map */
    uint64_t soon_ms;           /* time of the last tick */
    uint8_t owner[REDIS_SLOTS]; /* index into `all` plus 1; 0: nobody's */
};

/* redis_node.c */
/* Its index; REDIS_NODES_MAX: no memory, or no room. */
unsigned redis_node_new(struct redis_nodes *n, const struct redis_place *place, bool listed);
void redis_node_free(struct redis_nodes *n, unsigned i);
/* Whether records are, or may be, on this node. */
bool redis_node_is_used(const struct redis_node *node);
bool redis_node_is_up(const struct redis_nodes *n, unsigned i);
void redis_node_report(const struct redis_nodes *n, bool is_error, const char *where, const char *what,
                       const char *detail);
/* Looks at the map or the roles after this time; in a moment. */
void redis_node_tick(struct redis_nodes *n, uint64_t ms);
void redis_node_look_soon(struct redis_nodes *n);
/*
 * The index of an announced node plus 1, which may be a new node; 0: it cannot be reached, or there is no room. `from`
 * is where the server is that announced it.
 */
unsigned redis_node_announced(struct redis_nodes *n, const struct redis_announced *to, const struct redis_place *from);

/* redis_cluster.c: asks a node, or the next one that is up, for the map. */
void redis_cluster_ask(struct redis_node *node);
void redis_cluster_ask_any(struct redis_nodes *n);

/* redis_master.c */
void redis_master_ask(struct redis_node *node);
/* Whether there is a master that is up. */
bool redis_master_is_up(const struct redis_nodes *n);
/* Whether node `i` is a master besides the one that is used, without sentinels that would choose between them. */
bool redis_master_is_second(const struct redis_nodes *n, unsigned i);
/* Chooses the master again after a role, a link or a sentinel's answer has changed. */
void redis_master_choose(struct redis_nodes *n);
/* Once a tick, and when something may have changed. */
void redis_master_look(struct redis_nodes *n);
/* See redis_sentinel.h. */
void redis_master_named(void *arg, unsigned which, const struct redis_announced *master);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_batch: commands about the records of one request, sent together, each to the node that has its record, and
 * their replies.
 */
#ifndef HELOD_HISTORY_REDIS_BATCH_H
#define HELOD_HISTORY_REDIS_BATCH_H

#include <hiredis/hiredis.h>

#include "redis_nodes.h"
#include "store.h"

enum { REDIS_BATCH_MAX = 4 };

struct redis;
struct redis_policy;

struct redis_batch {
    struct redis_nodes *nodes;
    struct store_waiter *waiter; /* NULL: no caller waits (any more) */
    uint64_t asked_ms;
    unsigned left; /* replies to come, plus one while sending */
    bool failed;   /* a reply is missing or malformed */
    bool lost;     /* a connection ended, so callers must not be called back now */
    /* Reads the reply about a record. False: it is malformed. NULL: any reply will do. */
    bool (*replied)(struct redis_batch *r, enum store_subject of, const redisReply *reply);
    /* The caller's own. */
    struct redis *redis;
    struct redis_policy *policy;
    struct store_keys keys;
    struct redis_sent {
        struct redis_batch *batch;
        enum store_subject of;
        struct redis_node *node; /* that has to reply; NULL: it has */
        char *command;           /* to be sent again if the node redirects it */
        size_t n;
        unsigned redirects;
        uint64_t sent_us;
    } sent[REDIS_BATCH_MAX];
    unsigned count;
};

/* NULL: no memory. Sets the request of the waiter, which may be NULL. */
struct redis_batch *redis_batch_new(struct redis_nodes *nodes, struct store_waiter *w);
/* Sends a command about a record, in the form of redisFormatCommand(). Its first argument is the record's key. */
void redis_batch_command(struct redis_batch *r, enum store_subject of, const char *format, ...);
/* The same for what redisFormatCommandArgv() made, which is freed. */
void redis_batch_send(struct redis_batch *r, enum store_subject of, char *command, int n);
/* All commands are sent. The batch frees itself after the last reply, and calls the waiter back if there was any. */
void redis_batch_sent(struct redis_batch *r);
/* The waiter stops waiting. `late`: its time is over, which counts against the nodes that have not replied. */
void redis_batch_leave(struct redis_batch *r, bool late);

#endif

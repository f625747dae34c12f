/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_batch: sends all commands and receives all replies. If a node redirects a command (MOVED, ASK), it is sent
 * again, at most REDIRECTS_MAX times. Promises to free a batch after the last command was answered or its connection
 * ended, and never to call a waiter back from inside a function of the store.
 */
#include "redis_batch.h"

#include <stdarg.h>
#include <stdlib.h>

#include "clock.h"

enum { REDIRECTS_MAX = 4 };

struct redis_batch *redis_batch_new(struct redis_nodes *nodes, struct store_waiter *w)
{
    struct redis_batch *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->nodes = nodes;
    r->asked_ms = clock_ms();
    r->left = 1;
    r->waiter = w;
    if (w != NULL)
        w->request = r;
    return r;
}

void redis_batch_sent(struct redis_batch *r)
{
    struct store_waiter *w = r->waiter;

    if (--r->left > 0)
        return;
    if (w != NULL) {
        w->request = NULL; /* if a connection was lost, or nothing was sent, the timer of the query ends it */
        w->ok = !r->failed;
        if (!r->lost && r->count > 0)
            w->answered(w);
    }
    free(r);
}

static void on_reply(redisAsyncContext *context, void *reply, void *arg);

static void on_asking(redisAsyncContext *context, void *reply, void *arg)
{
    (void)context;
    redis_link_replied(redis_nodes_link(arg), reply);
}

/* False: the command is lost, because the other node is not up. */
static bool follow(struct redis_sent *sent, const struct redis_redirect *redirect)
{
    struct redis_node *to = redis_cluster_redirected(sent->node, redirect);
    struct redis_link *link = to != NULL ? redis_nodes_link(to) : NULL;

    if (to == NULL || ++sent->redirects > REDIRECTS_MAX)
        return false;
    if (redirect->ask && !redis_link_ask(link, on_asking, to, "ASKING"))
        return false;
    sent->node = to;
    sent->sent_us = clock_us();
    return redis_link_send(link, on_reply, sent, sent->command, sent->n);
}

/* True if the command was sent again. */
static bool refused(struct redis_sent *sent, const char *error)
{
    struct redis_redirect redirect;

    if (!redis_slots_redirect(error, &redirect))
        redis_master_refused(sent->node, error);
    else if (follow(sent, &redirect))
        return true;
    sent->batch->failed = true;
    return false;
}

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    struct redis_sent *sent = arg;
    struct redis_batch *r = sent->batch;
    const redisReply *got = reply;

    (void)context;
    redis_link_replied(redis_nodes_link(sent->node), got);
    if (got == NULL) {
        r->failed = r->lost = true;
    } else if (got->type == REDIS_REPLY_ERROR) {
        if (refused(sent, got->str))
            return;
    } else {
        redis_link_took(redis_nodes_link(sent->node), clock_us() - sent->sent_us);
        if (r->waiter != NULL)
            redis_link_in_time(redis_nodes_link(sent->node));
        if (r->replied != NULL && !r->replied(r, sent->of, got))
            r->failed = true;
    }
    sent->node = NULL;
    redisFreeCommand(sent->command);
    redis_batch_sent(r);
}

/* Whether a command before this one waits for a reply of the same node. */
static bool is_asked(const struct redis_batch *r, const struct redis_sent *sent)
{
    for (const struct redis_sent *other = r->sent; other < sent; other++)
        if (other->node == sent->node)
            return true;
    return false;
}

/* A greeting is recorded completely or not at all: if there is no room for all its commands, none is sent. */
static bool send_to_node(struct redis_batch *r, struct redis_sent *sent)
{
    size_t key_n;
    const char *key = redis_slots_key(sent->command, sent->n, &key_n);

    sent->node = key != NULL ? redis_nodes_for(r->nodes, key, key_n) : NULL;
    if (sent->node == NULL)
        return false;
    if (r->waiter == NULL && !is_asked(r, sent) && !redis_link_has_room(redis_nodes_link(sent->node)))
        return false;
    return redis_link_send(redis_nodes_link(sent->node), on_reply, sent, sent->command, sent->n);
}

void redis_batch_send(struct redis_batch *r, enum store_subject of, char *command, int n)
{
    struct redis_sent *sent = &r->sent[r->count];

    if (n > 0 && r->count < REDIS_BATCH_MAX) {
        *sent = (struct redis_sent){.batch = r, .of = of, .command = command, .n = (size_t)n, .sent_us = clock_us()};
        if (send_to_node(r, sent)) {
            r->count++;
            r->left++;
            return;
        }
        sent->node = NULL;
    }
    r->failed = true;
    if (n > 0)
        redisFreeCommand(command);
}

void redis_batch_command(struct redis_batch *r, enum store_subject of, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int n;

    va_start(args, format);
    n = redisvFormatCommand(&text, format, args);
    va_end(args);
    redis_batch_send(r, of, text, n);
}

void redis_batch_leave(struct redis_batch *r, bool late)
{
    r->waiter = NULL;
    r->left++; /* a link that is late too often goes down, which ends the batch's commands */
    for (unsigned i = 0; late && i < r->count; i++)
        if (r->sent[i].node != NULL && !is_asked(r, &r->sent[i]))
            redis_link_late(redis_nodes_link(r->sent[i].node));
    redis_batch_sent(r);
}

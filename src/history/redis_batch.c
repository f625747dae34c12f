/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_batch: the one place where commands leave and replies arrive. Promises to free a batch after the reply to its
 * last command, which may be that the connection ended, and never to call a waiter back from a call of the store.
 */
#include "redis_batch.h"

#include <stdarg.h>
#include <stdlib.h>

#include "clock.h"

struct redis_batch *redis_batch_new(struct redis_link *link, struct store_waiter *w)
{
    struct redis_batch *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->link = link;
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
        if (!r->failed)
            redis_link_in_time(r->link);
        if (!r->lost && r->count > 0)
            w->answered(w);
    }
    free(r);
}

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    const struct redis_sent *sent = arg;
    struct redis_batch *r = sent->batch;
    const redisReply *got = reply;

    (void)context;
    if (got == NULL) {
        r->failed = r->lost = true;
    } else if (got->type == REDIS_REPLY_ERROR) {
        redis_link_complain(r->link, got->str);
        r->failed = true;
    } else {
        redis_link_progress(r->link);
        if (r->replied != NULL && !r->replied(r, sent->of, got))
            r->failed = true;
    }
    redis_link_replied(r->link);
    redis_batch_sent(r);
}

void redis_batch_send(struct redis_batch *r, enum store_subject of, char *command, int n)
{
    struct redis_sent *sent = &r->sent[r->count];

    if (n > 0 && r->count < REDIS_BATCH_MAX && redis_link_send(r->link, on_reply, sent, command, (size_t)n)) {
        *sent = (struct redis_sent){.batch = r, .of = of};
        r->count++;
        r->left++;
    } else {
        r->failed = true;
    }
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

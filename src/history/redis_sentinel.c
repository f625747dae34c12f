/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_sentinel: sends SENTINEL get-master-addr-by-name on a new connection, after a message that the master has
 * changed, and when the owner requests it. A message only triggers the query; its text is not used as the answer. A
 * sentinel that is down names no master, because the others may have agreed on a new one meanwhile.
 */
#include "redis_sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char channel[] = "+switch-master";

struct sentinel {
    struct redis_sentinels *all;
    unsigned which;
    struct redis_link *asked, *subscribed;
    bool missing; /* it does not know the name, which was reported */
};

struct redis_sentinels {
    struct redis_sentinels_options options;
    bool closing;
    unsigned count;
    struct sentinel each[];
};

static void report(const struct sentinel *s, bool is_error, const char *what, const char *detail)
{
    const struct store_context *context = s->all->options.context;
    char message[REDIS_LINK_MESSAGE_SIZE], where[REDIS_PLACE_NAME_SIZE];
    struct text t;

    text_init(&t, message, sizeof(message));
    text_addf(&t, "history in redis, sentinel at %s: %s", redis_place_name(redis_link_place(s->asked), where), what);
    text_add_as(&t, TEXT_PLAIN, detail, SIZE_MAX);
    context->report(context->report_arg, is_error, message);
}

static void on_report(void *arg, enum redis_link_news news, const char *detail)
{
    static const char *const words[] = {[REDIS_LINK_LOST] = "unavailable: ",
                                        [REDIS_LINK_BACK] = "available again",
                                        [REDIS_LINK_REFUSES] = "it refuses: "};

    report(arg, news != REDIS_LINK_BACK, words[news], detail);
}

static void on_master(redisAsyncContext *connection, void *reply, void *arg)
{
    struct sentinel *s = arg;
    const struct redis_sentinels_options *options = &s->all->options;
    const redisReply *got = reply;
    struct redis_announced master;

    (void)connection;
    redis_link_replied(s->asked, got);
    if (got == NULL || s->all->closing)
        return;
    if (got->type == REDIS_REPLY_ERROR) {
        redis_link_complain(s->asked, got->str);
    } else if (redis_slots_master(got, &master)) {
        s->missing = false;
        options->named(options->arg, s->which, &master);
        return;
    } else if (!s->missing) {
        s->missing = true;
        report(s, true, "it knows no such master; redis_sentinel must be a name that it monitors: ",
               options->context->settings->redis_sentinel);
    }
    options->named(options->arg, s->which, NULL);
}

static void ask(struct sentinel *s)
{
    redis_link_ask(s->asked, on_master, s, "SENTINEL get-master-addr-by-name %s",
                   s->all->options.context->settings->redis_sentinel);
}

static void on_greeted(void *arg)
{
    ask(arg);
}

static void on_changed(void *arg)
{
    struct sentinel *s = arg;

    if (redis_link_up(s->asked))
        return;
    s->all->options.named(s->all->options.arg, s->which, NULL);
}

/* "message", the channel, and "NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT". */
static void on_message(void *arg, const redisReply *reply)
{
    struct sentinel *s = arg;
    const char *name = s->all->options.context->settings->redis_sentinel;
    const redisReply *text = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 ? reply->element[2] : NULL;
    size_t n = strlen(name);

    if (text != NULL && text->type == REDIS_REPLY_STRING && strncmp(text->str, name, n) == 0 && text->str[n] == ' ' &&
        redis_link_up(s->asked))
        ask(s);
}

static bool begin(struct sentinel *s, unsigned which)
{
    const struct redis_sentinels_options *o = &s->all->options;
    struct redis_link_options link = {
        .context = o->context,
        .place = &o->places[which],
        .tls = o->tls,
        .may_be_open = true,
        .owner = {.arg = s, .greeted = on_greeted, .changed = on_changed, .report = on_report},
    };

    s->which = which;
    s->asked = redis_link_new(&link);
    link.channel = channel;
    link.owner = (struct redis_link_owner){.arg = s, .message = on_message};
    s->subscribed = redis_link_new(&link);
    return s->asked != NULL && s->subscribed != NULL;
}

struct redis_sentinels *redis_sentinels_new(const struct redis_sentinels_options *options)
{
    struct redis_sentinels *s = calloc(1, sizeof(*s) + options->count * sizeof(s->each[0]));
    bool good = s != NULL;

    if (s == NULL)
        return NULL;
    s->options = *options;
    for (; s->count < options->count && good; s->count++) {
        s->each[s->count].all = s;
        good = begin(&s->each[s->count], s->count);
    }
    if (good)
        return s;
    redis_sentinels_free(s);
    return NULL;
}

void redis_sentinels_free(struct redis_sentinels *s)
{
    if (s == NULL)
        return;
    s->closing = true;
    for (unsigned i = 0; i < s->count; i++) {
        redis_link_free(s->each[i].asked);
        redis_link_free(s->each[i].subscribed);
    }
    free(s);
}

void redis_sentinels_ask(struct redis_sentinels *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (redis_link_up(s->each[i].asked))
            ask(&s->each[i]);
}

bool redis_sentinels_pending(const struct redis_sentinels *s)
{
    for (unsigned i = 0; i < s->count; i++)
        if (redis_link_pending(s->each[i].asked))
            return true;
    return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: one DNS query, from the queue to the answer.
 *
 * c-ares cannot cancel a single query, so a lookup whose callers have all gone continues and still fills the cache.
 *
 * No caller is called back from here: answers become ready, and on_drain() delivers them. Callers get an answer
 * within tries times timeout, including the time in line, whatever c-ares does. The callback from c-ares only stores
 * the answer; lookup_end() processes it later, from the event loop.
 */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "message.h"

/* on_drain() checks its lists again before it returns, so nothing needs scheduling while it runs. */
void lookup_wake(struct resolver *r)
{
    if (!r->draining)
        event_active(r->drain, EV_TIMEOUT, 0);
}

enum { SLACK_MS = 250 }; /* normally lets c-ares' own timeout fire first */

static struct lookup_list *list_of(struct resolver *r, enum lookup_state state)
{
    return state == LOOKUP_IN_LINE ? &r->line : state == LOOKUP_SENT ? &r->sent : &r->ended;
}

static void move_to(struct lookup *l, enum lookup_state state)
{
    struct resolver *r = l->resolver;

    TAILQ_REMOVE(list_of(r, l->state), l, link);
    r->stats.waiting -= l->state == LOOKUP_IN_LINE;
    r->stats.in_flight -= l->state == LOOKUP_SENT;
    l->state = state;
    r->stats.in_flight += state == LOOKUP_SENT;
    TAILQ_INSERT_TAIL(list_of(r, state), l, link);
}

static void close_to_others(struct lookup *l)
{
    if (l->joinable)
        table_remove(l->resolver->open, &l->entry);
    l->joinable = false;
}

void lookup_free(struct lookup *l)
{
    struct resolver *r = l->resolver;

    close_to_others(l);
    TAILQ_REMOVE(list_of(r, l->state), l, link);
    r->stats.waiting -= l->state == LOOKUP_IN_LINE;
    r->stats.in_flight -= l->state == LOOKUP_SENT;
    event_del(&l->deadline);
    answer_unref(l->answer);
    free(l->target);
    free(l);
}

/* The name to send to c-ares. */
static const char *target_of(const struct lookup *l)
{
    return l->target ? l->target : l->name;
}

static struct answer *failure(const struct lookup *l, const char *why)
{
    return answer_empty(l->name, l->type, DNS_TEMPERROR, why);
}

/* Gives the answer to all queries. NULL means a failure for which there was no memory. */
static void hand_out(struct lookup *l, struct answer *answer)
{
    struct resolver *r = l->resolver;
    struct resolver_query *q;

    while ((q = TAILQ_FIRST(&l->queries)) != NULL) {
        TAILQ_REMOVE(&l->queries, q, link);
        q->lookup = NULL;
        q->answer = answer ? answer_ref(answer) : NULL;
        TAILQ_INSERT_TAIL(&r->ready, q, link);
    }
}

static struct answer *read_reply(struct lookup *l, const struct channel_reply *reply)
{
    struct message_question question = {.name = l->name, .target = target_of(l), .type = l->type, .ttl = l->chain_ttl};
    char chase[DNS_NAME_SIZE];
    struct answer *a;

    if (reply->status == DNS_TEMPERROR)
        return failure(l, reply->why);
    if (!reply->bytes && reply->status == DNS_FOUND)
        return failure(l, "badresp");
    if (!reply->bytes) /* c-ares answers some names itself without a query, such as .onion */
        return answer_empty(l->name, l->type, reply->status, reply->why);
    a = message_parse(reply->bytes, reply->size, &question, chase);
    if (a && *chase != '\0' && !l->target && (l->target = strdup(chase)) != NULL) {
        l->chain_ttl = a->view.ttl;
        l->again = true;
    }
    return a;
}

/* Runs inside c-ares, so it only stores the answer. */
static void on_reply(void *arg, const struct channel_reply *reply)
{
    struct lookup *l = arg;

    l->size += (uint32_t)reply->size;
    if (!reply->aborted)
        l->answer = read_reply(l, reply);
    move_to(l, LOOKUP_ENDED);
    lookup_wake(l->resolver);
}

static void send_lookup(struct lookup *l)
{
    struct resolver *r = l->resolver;

    move_to(l, LOOKUP_SENT);
    r->stats.sent++;
    channel_ask(r->channel, target_of(l), l->type, on_reply, l);
}

static void count_outcome(struct lookup *l, bool failed)
{
    trouble_count(&l->resolver->trouble, l->name, &l->source, failed, clock_ms());
    silent_count(&l->resolver->silent, l->name, failed, clock_ms());
}

/* Answers the waiting queries. If c-ares has the lookup it continues, and a late answer is still cached. */
static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct lookup *l = arg;
    struct resolver *r = l->resolver;
    struct answer *a = failure(l, l->state == LOOKUP_IN_LINE ? "busy" : "timeout");

    (void)fd;
    (void)what;
    if (l->state == LOOKUP_SENT) {
        count_outcome(l, true);
        if (a)
            cache_put(r->cache, a, clock_ms());
    }
    hand_out(l, a);
    answer_unref(a);
    if (l->state == LOOKUP_IN_LINE)
        lookup_free(l);
    else
        close_to_others(l);
    lookup_wake(r);
}

void lookup_start_line(struct resolver *r)
{
    struct lookup *l;

    while (r->stats.in_flight < r->options.in_flight && (l = TAILQ_FIRST(&r->line)) != NULL)
        send_lookup(l);
}

/* All deadlines have the same length, so libevent can keep them in a queue instead of a heap. */
static bool set_deadline(struct lookup *l)
{
    struct resolver *r = l->resolver;
    struct timeval plain = clock_timeval(r->options.timeout_ms * r->options.tries + SLACK_MS);
    const struct timeval *common = event_base_init_common_timeout(r->base, &plain);

    evtimer_assign(&l->deadline, r->base, on_deadline, l);
    return event_add(&l->deadline, common ? common : &plain) == 0;
}

struct lookup *lookup_new(struct resolver *r, const uint8_t *key, size_t key_size)
{
    struct lookup *l = malloc(sizeof *l + key_size + 1);

    if (!l)
        return NULL;
    *l = (struct lookup){.resolver = r, .chain_ttl = UINT32_MAX, .name = (const char *)l->key + 2};
    TAILQ_INIT(&l->queries);
    memcpy(l->key, key, key_size);
    l->key[key_size] = '\0';
    memcpy(&l->type, key, 2);
    if (!set_deadline(l)) {
        free(l);
        return NULL;
    }
    l->entry = (struct table_entry){.key = l->key, .key_size = key_size};
    table_insert(r->open, &l->entry);
    l->joinable = true;
    TAILQ_INSERT_TAIL(&r->line, l, link);
    r->stats.waiting++;
    return l;
}

void lookup_end(struct lookup *l)
{
    struct resolver *r = l->resolver;
    bool expired = !l->joinable; /* the deadline has already answered the queries */

    if (l->again && !expired) {
        l->again = false;
        answer_unref(l->answer);
        l->answer = NULL;
        send_lookup(l);
        return;
    }
    if (!l->answer)
        l->answer = failure(l, "memory");
    if (l->answer) {
        l->answer->view.size = l->size;
        bool failed = l->answer->view.status == DNS_TEMPERROR;
        r->stats.by_status[dns_type_number(l->answer->view.type)][l->answer->view.status]++;
        if (!expired)
            count_outcome(l, failed);
        if (!failed || !expired)
            cache_put(r->cache, l->answer, clock_ms());
    }
    hand_out(l, l->answer);
    lookup_free(l);
}

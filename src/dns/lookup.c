/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: one question to the DNS, from the line to the answer.
 *
 * c-ares cannot cancel a single look-up: one that nobody waits for goes on, and what it brings still fills the cache.
 *
 * Promises: nobody is called back from here, answers only become ready; who waits is told within tries times timeout,
 * the time in line included, whatever c-ares does; what c-ares calls us with is taken down and judged later, from a
 * clean stack.
 */
#include "lookup.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "message.h"

enum { SLACK_MS = 250 }; /* c-ares' own timeouts come first where they can */

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

/* What c-ares is asked for. */
static const char *target_of(const struct lookup *l)
{
    return l->target ? l->target : l->name;
}

static struct answer *failure(const struct lookup *l, const char *why)
{
    return answer_empty(l->name, l->type, DNS_TEMPERROR, why);
}

/* To all who wait. NULL stands for a failure that needs no memory. */
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
    if (!reply->bytes) /* a name that c-ares itself does not ask for */
        return answer_empty(l->name, l->type, reply->status, reply->why);
    a = message_parse(reply->bytes, reply->size, &question, chase);
    if (a && *chase != '\0' && !l->target && (l->target = strdup(chase)) != NULL) {
        l->chain_ttl = a->view.ttl;
        l->again = true;
    }
    return a;
}

/* From inside c-ares: takes the answer down, and nothing else. */
static void on_reply(void *arg, const struct channel_reply *reply)
{
    struct lookup *l = arg;

    if (!reply->aborted)
        l->answer = read_reply(l, reply);
    move_to(l, LOOKUP_ENDED);
    resolver_wake(l->resolver);
}

static void send_lookup(struct lookup *l)
{
    struct resolver *r = l->resolver;

    move_to(l, LOOKUP_SENT);
    r->stats.sent++;
    channel_ask(r->channel, target_of(l), l->type, on_reply, l);
}

/* Who waits is told; the look-up itself goes on where c-ares has it, and its answer may still come to be cached. */
static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct lookup *l = arg;
    struct resolver *r = l->resolver;
    struct answer *a = failure(l, l->state == LOOKUP_IN_LINE ? "busy" : "timeout");

    (void)fd;
    (void)what;
    if (l->state == LOOKUP_SENT) {
        trouble_count(&r->trouble, l->name, true, clock_ms());
        if (a)
            cache_put(r->cache, a, clock_ms());
    }
    hand_out(l, a);
    answer_unref(a);
    if (l->state == LOOKUP_IN_LINE)
        lookup_free(l);
    else
        close_to_others(l);
    resolver_wake(r);
}

void lookup_start_line(struct resolver *r)
{
    struct lookup *l;

    while (r->stats.in_flight < r->options.in_flight && (l = TAILQ_FIRST(&r->line)) != NULL)
        send_lookup(l);
}

/* All bounds are equally long: libevent keeps them in a queue, not in a heap. */
static bool set_deadline(struct lookup *l)
{
    struct resolver *r = l->resolver;
    uint64_t ms = r->options.timeout_ms * r->options.tries + SLACK_MS;
    struct timeval plain = {(time_t)(ms / 1000), (suseconds_t)(ms % 1000 * 1000)};
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
    bool told = !l->joinable; /* at its deadline */

    if (l->again && !told) {
        l->again = false;
        answer_unref(l->answer);
        l->answer = NULL;
        send_lookup(l);
        return;
    }
    if (!l->answer)
        l->answer = failure(l, "memory");
    if (l->answer) {
        bool failed = l->answer->view.status == DNS_TEMPERROR;
        r->stats.by_status[dns_type_number(l->answer->view.type)][l->answer->view.status]++;
        if (!told)
            trouble_count(&r->trouble, l->name, failed, clock_ms());
        if (!failed || !told)
            cache_put(r->cache, l->answer, clock_ms());
    }
    hand_out(l, l->answer);
    lookup_free(l);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis: the store that several helods share. Sorted sets hold what was seen, by the time it was last seen, so
 * the window slides exactly. Each set is limited to about twice the count that the rules need, and expires with the
 * window.
 *
 *     PREFIXc:{NETWORK}:t   hash: first, last
 *     PREFIXc:{NETWORK}:d   unverified domains, :n unverified names
 *     PREFIXc:{NETWORK}:v   verified domains by last time, :f by first time, :k by number of greetings
 *     PREFIXc:{NETWORK}:m   times of its unverified greetings since the last verified one, :md their days
 *     PREFIXh:{NAME}        neighbourhoods that used the name unverified
 *     PREFIXp:{POLICY}      neighbourhoods whose clients came encrypted
 *
 * The braces put all keys of a record into one slot of a cluster. A query is one pipelined round trip of REDIS_ASKS
 * commands. Nothing is read to be written back and there are no scripts, so proxies and narrow ACLs work.
 *
 * Promises: whatever the server does, a query is answered within its timeout (history.c's). A server that is down,
 * that made no progress for STUCK times the timeout, or that was late LATE_MAX times in a row gets no queries until
 * it answers a PING in time. Each such change is reported once.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "redis_link.h"
#include "redis_reply.h"

enum {
    DAY = 86400,
    KEPT_MISFITS = 64,
    KEY_SIZE = 2 * STORE_KEY_SIZE + 64,
    KEPT_VERIFIED = 32,
    KEPT_DOMAINS = 64,
    KEPT_NETWORKS = 128
};

struct redis {
    struct redis_link *link;
    const struct history_settings *settings;
    bool read_only;
};

/* Commands that were sent together. */
struct batch {
    struct redis *redis;
    struct store_waiter *waiter; /* NULL: no caller waits (any more) */
    uint64_t asked_ms;
    unsigned left, next; /* replies to come, plus one while sending; number of the next */
    bool failed;
    void (*replied)(struct batch *r, unsigned index, const redisReply *reply);
    void (*complete)(struct batch *r); /* called if all replies were valid; NULL: nothing to do */
    enum store_subject subject;        /* of show */
    struct redis_question question;
};

static void arrived(struct batch *r)
{
    struct store_waiter *w = r->waiter;

    if (--r->left > 0)
        return;
    if (w != NULL)
        w->request = NULL; /* after a failure its timer ends the query */
    if (w != NULL && !r->failed) {
        r->complete(r);
        redis_link_in_time(r->redis->link);
        free(r);
        w->answered(w);
        return;
    }
    free(r);
}

static void on_reply(redisAsyncContext *context, void *reply, void *arg)
{
    struct batch *r = arg;
    const redisReply *got = reply;

    (void)context;
    if (got == NULL) {
        r->failed = true;
    } else if (got->type == REDIS_REPLY_ERROR) {
        redis_link_complain(r->redis->link, got->str);
        r->failed = true;
    } else {
        redis_link_progress(r->redis->link);
        if (r->replied != NULL && !r->failed)
            r->replied(r, r->next, got);
    }
    r->next++;
    redis_link_replied(r->redis->link);
    arrived(r);
}

static void command(struct batch *r, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    r->left++;
    if (!redis_link_send(r->redis->link, on_reply, r, format, args)) {
        r->left--;
        r->failed = true;
    }
    va_end(args);
}

static struct batch *batch_new(struct redis *redis, struct store_waiter *w)
{
    struct batch *r = calloc(1, sizeof(*r));

    if (r == NULL)
        return NULL;
    r->redis = redis;
    r->asked_ms = clock_ms();
    r->left = 1;
    r->waiter = w;
    if (w != NULL)
        w->request = r;
    return r;
}

static const char *key(const struct redis *redis, enum store_subject subject, const char *of, const char *ending,
                       char out[KEY_SIZE])
{
    static const char *const letters[STORE_SUBJECTS] = {
        [STORE_NETWORK] = "c", [STORE_NAME] = "h", [STORE_POLICY] = "p"};

    snprintf(out, KEY_SIZE, "%s%s:{%s}%s", redis->settings->redis_prefix, letters[subject], of, ending);
    return out;
}

static uint32_t now(void)
{
    return (uint32_t)clock_wall();
}

static uint32_t window(const struct redis *redis)
{
    return (uint32_t)(redis->settings->window_ms / 1000);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void fact(struct batch *r, unsigned index, const redisReply *reply)
{
    r->failed = r->failed || !redis_reply_fact(&r->question, index, reply);
}

static void facts_complete(struct batch *r)
{
    redis_reply_conclude(&r->question);
    r->waiter->facts = r->question.facts;
}

static bool redis_at_once(void *store, const struct store_keys *keys, struct history_facts *out)
{
    const struct redis *redis = store;

    (void)keys;
    out->known = false;
    return !redis_link_up(redis->link);
}

static void redis_ask(void *store, const struct store_keys *keys, struct store_waiter *w)
{
    struct redis *redis = store;
    struct batch *r = batch_new(redis, w);
    char k[KEY_SIZE];
    unsigned since;

    if (r == NULL)
        return;
    r->replied = fact;
    r->complete = facts_complete;
    r->question.known_count = keys->known_count;
    r->question.since = now() - window(redis);
    memcpy(r->question.domain, keys->domain, sizeof(keys->domain));
    since = r->question.since;
    /* In the order of enum redis_ask. */
    command(r, "HMGET %s first last", key(redis, STORE_NETWORK, keys->network, ":t", k));
    command(r, "ZCOUNT %s (%u +inf", key(redis, STORE_NETWORK, keys->network, ":d", k), since);
    command(r, "ZCOUNT %s (%u +inf", key(redis, STORE_NETWORK, keys->network, ":n", k), since);
    command(r, "ZCOUNT %s (%u +inf", key(redis, STORE_NAME, keys->name, "", k), since);
    command(r, "ZRANGEBYSCORE %s (%u +inf LIMIT 0 2", key(redis, STORE_NETWORK, keys->network, ":v", k), since);
    command(r, "ZREVRANGE %s 0 0 WITHSCORES", key(redis, STORE_NETWORK, keys->network, ":k", k));
    command(r, "ZSCORE %s %s", key(redis, STORE_NETWORK, keys->network, ":v", k), keys->domain);
    command(r, "ZSCORE %s %s", key(redis, STORE_NETWORK, keys->network, ":k", k), keys->domain);
    command(r, "ZSCORE %s %s", key(redis, STORE_NETWORK, keys->network, ":f", k), keys->domain);
    command(r, "ZCOUNT %s (%u +inf", key(redis, STORE_NETWORK, keys->network, ":m", k), since);
    command(r, "ZCOUNT %s (%u +inf", key(redis, STORE_NETWORK, keys->network, ":md", k), since);
    command(r, "ZCOUNT %s (%u +inf", key(redis, STORE_POLICY, keys->policy, "", k),
            now() - smaller(window(redis), HISTORY_ENCRYPTED_DAYS * DAY));
    arrived(r);
}

static void add_to_set(struct batch *r, const char *k, const char *member, unsigned kept)
{
    const struct redis *redis = r->redis;

    command(r, "ZADD %s %u %s", k, now(), member);
    command(r, "ZREMRANGEBYSCORE %s -inf %u", k, now() - window(redis));
    command(r, "ZREMRANGEBYRANK %s 0 -%u", k, kept + 1);
    command(r, "EXPIRE %s %u", k, window(redis));
}

static void add_verified(struct batch *r, const struct store_keys *keys)
{
    static const char *const others[] = {":k", ":f"};
    char k[KEY_SIZE];

    add_to_set(r, key(r->redis, STORE_NETWORK, keys->network, ":v", k), keys->domain, KEPT_VERIFIED);
    command(r, "ZINCRBY %s 1 %s", key(r->redis, STORE_NETWORK, keys->network, ":k", k), keys->domain);
    command(r, "ZADD %s NX %u %s", key(r->redis, STORE_NETWORK, keys->network, ":f", k), now(), keys->domain);
    /*
     * What a mail server has earned outlives the domains that bots behind the same NAT are verified for: the fewest
     * greetings go first, and of the first times the latest.
     */
    command(r, "ZREMRANGEBYRANK %s 0 -%u", key(r->redis, STORE_NETWORK, keys->network, ":k", k), KEPT_VERIFIED + 1);
    command(r, "ZREMRANGEBYRANK %s %u -1", key(r->redis, STORE_NETWORK, keys->network, ":f", k), KEPT_VERIFIED);
    for (unsigned i = 0; i < 2; i++)
        command(r, "EXPIRE %s %u", key(r->redis, STORE_NETWORK, keys->network, others[i], k), window(r->redis));
}

static void add_misfit(struct batch *r, const struct store_keys *keys)
{
    char k[KEY_SIZE], member[32];

    snprintf(member, sizeof(member), "%llu", (unsigned long long)clock_ms());
    add_to_set(r, key(r->redis, STORE_NETWORK, keys->network, ":m", k), member, KEPT_MISFITS);
    snprintf(member, sizeof(member), "%u", (unsigned)(now() / DAY));
    add_to_set(r, key(r->redis, STORE_NETWORK, keys->network, ":md", k), member, KEPT_MISFITS);
}

static void forget_misfits(struct batch *r, const struct store_keys *keys)
{
    char k[KEY_SIZE];

    command(r, "DEL %s", key(r->redis, STORE_NETWORK, keys->network, ":m", k));
    command(r, "DEL %s", key(r->redis, STORE_NETWORK, keys->network, ":md", k));
}

static unsigned at_least(unsigned least, unsigned counted_to)
{
    return 2 * counted_to > least ? 2 * counted_to : least;
}

static void add_unverified(struct batch *r, const struct store_keys *keys)
{
    const struct history_settings *s = r->redis->settings;
    unsigned domains = at_least(KEPT_DOMAINS, s->churn_domains);
    char k[KEY_SIZE];

    if (keys->domain[0] != '\0')
        add_to_set(r, key(r->redis, STORE_NETWORK, keys->network, ":d", k), keys->domain, domains);
    add_to_set(r, key(r->redis, STORE_NETWORK, keys->network, ":n", k), keys->name, domains);
    add_to_set(r, key(r->redis, STORE_NAME, keys->name, "", k), keys->near,
               at_least(KEPT_NETWORKS, s->shared_networks));
}

static void redis_note(void *store, const struct store_keys *keys, bool verified)
{
    struct redis *redis = store;
    struct batch *r;
    char k[KEY_SIZE];

    if (redis->read_only || !redis_link_up(redis->link) || !redis_link_has_room(redis->link))
        return;
    r = batch_new(redis, NULL);
    if (r == NULL)
        return;
    key(redis, STORE_NETWORK, keys->network, ":t", k);
    command(r, "HSETNX %s first %u", k, now());
    command(r, "HSET %s last %u", k, now());
    command(r, "EXPIRE %s %u", k, window(redis));
    if (!verified) {
        add_unverified(r, keys);
        add_misfit(r, keys);
    } else {
        forget_misfits(r, keys);
        if (keys->domain[0] != '\0')
            add_verified(r, keys);
    }
    arrived(r);
}

static void redis_note_encrypted(void *store, const struct store_keys *keys)
{
    struct redis *redis = store;
    struct batch *r = redis->read_only || !redis_link_up(redis->link) || !redis_link_has_room(redis->link)
                          ? NULL
                          : batch_new(redis, NULL);
    char k[KEY_SIZE];

    if (r == NULL)
        return;
    add_to_set(r, key(redis, STORE_POLICY, keys->policy, "", k), keys->near, KEPT_NETWORKS);
    arrived(r);
}

/* The commands of a listing, in this order. */
static const struct {
    enum store_subject subject;
    enum store_kind kind;
    enum redis_list what;
    const char *ending;
} listing_rows[] = {
    {STORE_NETWORK, STORE_DOMAINS, REDIS_LIST_TIMES, ":t"},
    {STORE_NETWORK, STORE_DOMAINS, REDIS_LIST_COUNT, ":d"},
    {STORE_NETWORK, STORE_DOMAINS, REDIS_LIST_SEEN, ":d"},
    {STORE_NETWORK, STORE_NAMES, REDIS_LIST_COUNT, ":n"},
    {STORE_NETWORK, STORE_NAMES, REDIS_LIST_SEEN, ":n"},
    {STORE_NETWORK, STORE_VERIFIED, REDIS_LIST_COUNT, ":v"},
    {STORE_NETWORK, STORE_VERIFIED, REDIS_LIST_SEEN, ":v"},
    {STORE_NETWORK, STORE_VERIFIED, REDIS_LIST_NUMBERS, ":k"},
    {STORE_NETWORK, STORE_VERIFIED, REDIS_LIST_FIRST, ":f"},
    {STORE_NETWORK, STORE_KINDS, REDIS_LIST_MISFITS, ":m"},
    {STORE_NETWORK, STORE_KINDS, REDIS_LIST_MISFIT_DAYS, ":md"},
    {STORE_NAME, STORE_NETWORKS, REDIS_LIST_COUNT, ""},
    {STORE_NAME, STORE_NETWORKS, REDIS_LIST_SEEN, ""},
};
enum { LISTING_ROWS = sizeof(listing_rows) / sizeof(listing_rows[0]) };

static void list(struct batch *r, unsigned index, const redisReply *reply)
{
    unsigned row = index;

    while (r->subject == STORE_NAME && listing_rows[row - index].subject != STORE_NAME)
        row++;
    if (r->waiter != NULL)
        r->failed = !redis_reply_list(r->waiter->record, listing_rows[row].kind, listing_rows[row].what, reply);
}

static void list_complete(struct batch *r)
{
    struct store_record *record = r->waiter->record;
    const struct store_list *networks = &record->lists[STORE_NETWORKS];

    if (r->subject == STORE_NAME && networks->count > 0) {
        record->last = networks->items[0].seen;
        record->first = networks->items[networks->count - 1].seen;
    }
    record->found = record->last > 0;
    r->waiter->ok = true;
}

static void redis_show(void *store, enum store_subject subject, const char *of, struct store_waiter *w)
{
    struct redis *redis = store;
    struct batch *r = redis_link_wait(redis->link) ? batch_new(redis, w) : NULL;
    char k[KEY_SIZE];

    if (r == NULL)
        return;
    r->replied = list;
    r->complete = list_complete;
    r->subject = subject;
    for (unsigned i = 0; i < LISTING_ROWS; i++) {
        if (listing_rows[i].subject != subject)
            continue;
        key(redis, subject, of, listing_rows[i].ending, k);
        if (listing_rows[i].what == REDIS_LIST_TIMES)
            command(r, "HMGET %s first last", k);
        else if (listing_rows[i].what == REDIS_LIST_COUNT || listing_rows[i].what >= REDIS_LIST_MISFITS)
            command(r, "ZCOUNT %s (%u +inf", k, now() - window(redis));
        else if (listing_rows[i].what == REDIS_LIST_SEEN)
            command(r, "ZREVRANGEBYSCORE %s +inf (%u WITHSCORES LIMIT 0 %u", k, now() - window(redis),
                    STORE_LISTED_MAX);
        else
            command(r, "ZRANGE %s 0 -1 WITHSCORES", k);
    }
    arrived(r);
}

static void forgot(struct batch *r, unsigned index, const redisReply *reply)
{
    (void)index;
    if (r->waiter != NULL && reply->type == REDIS_REPLY_INTEGER)
        r->waiter->record->found = r->waiter->record->found || reply->integer > 0;
}

static void forget_complete(struct batch *r)
{
    r->waiter->ok = true;
}

static void redis_forget(void *store, enum store_subject subject, const char *of, struct store_waiter *w)
{
    static const char *const endings[] = {":t", ":d", ":n", ":v", ":k", ":f", ":m", ":md"};
    struct redis *redis = store;
    struct batch *r = redis_link_wait(redis->link) ? batch_new(redis, w) : NULL;
    char k[KEY_SIZE];

    if (r == NULL)
        return;
    r->replied = forgot;
    r->complete = forget_complete;
    for (size_t i = 0; i < (subject == STORE_NETWORK ? sizeof(endings) / sizeof(endings[0]) : 1); i++)
        command(r, "DEL %s", key(redis, subject, of, subject == STORE_NETWORK ? endings[i] : "", k));
    arrived(r);
}

static void redis_cancel(void *store, struct store_waiter *w)
{
    struct redis *redis = store;
    struct batch *r = w->request;
    uint64_t timeout = redis->settings->redis_timeout_ms;

    w->request = NULL;
    r->waiter = NULL;
    if (clock_ms() - r->asked_ms >= timeout - timeout / 10) /* timers may fire a little early */
        redis_link_late(redis->link);
}

static void redis_stats(const void *store, struct history_stats *out)
{
    out->up = redis_link_up(((const struct redis *)store)->link);
}

static void redis_close(void *store)
{
    struct redis *redis = store;

    redis_link_free(redis->link);
    free(redis);
}

static void *redis_open(const struct store_context *context, char *error, size_t error_size)
{
    struct redis *redis = calloc(1, sizeof(*redis));

    if (redis == NULL)
        return NULL;
    redis->settings = context->settings;
    redis->read_only = context->read_only;
    redis->link = redis_link_new(context, error, error_size);
    if (redis->link != NULL)
        return redis;
    free(redis);
    return NULL;
}

const struct store store_redis = {
    .name = "redis",
    .check = redis_link_check,
    .open = redis_open,
    .close = redis_close,
    .at_once = redis_at_once,
    .ask = redis_ask,
    .note = redis_note,
    .note_encrypted = redis_note_encrypted,
    .show = redis_show,
    .forget = redis_forget,
    .cancel = redis_cancel,
    .stats = redis_stats,
};

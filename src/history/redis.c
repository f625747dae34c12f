/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis: the store that several helods share. redis_record.h describes a record.
 *
 *     PREFIXc2:{NETWORK}   a network
 *     PREFIXh2:{NAME}      a name
 *     PREFIXp2:{POLICY}    a policy: the neighbourhoods whose clients came encrypted
 *
 * The 2 is the version of the form. A record of another form has another key, so it is not read and it expires.
 *
 * A query is one pipelined round trip of two commands. Recording an unverified greeting takes four commands, a
 * verified one three. Both touch two records, the network's and the name's, and the braces put each into one slot of
 * a cluster. There are no scripts, so narrow ACLs work. Three things are not done for each greeting:
 *
 * - Every command that adds members would need another one that removes the surplus. Instead, helod tidies one record
 *   for every TIDY_EVERY greetings that it notes, so a record exceeds its bound by about 2 * TIDY_EVERY members.
 * - All hosts need the record of a policy, which lies in one slot. Each reads it, and adds to it, once in a while.
 * - Times outside the window need not be removed, because every query leaves them out.
 *
 * Promises: whatever the server does, a query is answered within its timeout (history.c's). A server that is down,
 * that made no progress for STUCK times the timeout, or that was late LATE_MAX times in a row gets no queries until
 * it answers a PING in time. Each such change is reported once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "redis_batch.h"
#include "redis_nodes.h"
#include "redis_record.h"
#include "redis_reply.h"

enum {
    DAY = 86400,
    KEY_SIZE = 2 * STORE_KEY_SIZE + 64,
    KEPT_NAMES = 64,
    KEPT_NETWORKS = 128,
    TIDY_EVERY = 16,
    POLICIES_MAX = 64,
    POLICY_LEARN_MS = 5000, /* between two readings of a policy's record, while too few networks are known */
    POLICY_READ_MS = 60000, /* and later */
    POLICY_NOTE_MS = 1000,  /* between two notes in it */
};

/* What is known of a policy's record. */
struct redis_policy {
    struct redis_policy *next;
    unsigned networks;           /* unrelated ones that came encrypted, when it was last read */
    uint64_t asked_ms, noted_ms; /* 0: never */
    char name[];
};

struct redis {
    struct store_context context;
    struct redis_nodes *nodes;
    const struct history_settings *settings;
    bool read_only;
    uint64_t chance; /* of a record to be tidied */
    struct redis_policy *policies;
};

static struct redis_batch *batch_new(struct redis *redis, struct store_waiter *w)
{
    struct redis_batch *r = redis_batch_new(redis->nodes, w);

    if (r != NULL)
        r->redis = redis;
    return r;
}

static const char *key(const struct redis *redis, enum store_subject subject, const char *of, char out[KEY_SIZE])
{
    static const char *const forms[STORE_SUBJECTS] = {
        [STORE_NETWORK] = "c2", [STORE_NAME] = "h2", [STORE_POLICY] = "p2"};

    snprintf(out, KEY_SIZE, "%s%s:{%s}", redis->settings->redis_prefix, forms[subject], of);
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

static unsigned at_least(unsigned least, unsigned counted_to)
{
    return 2 * counted_to > least ? 2 * counted_to : least;
}

static struct redis_record_bounds bounds(const struct redis *redis)
{
    const struct history_settings *s = redis->settings;

    return (struct redis_record_bounds){.since = now() - window(redis),
                                        .names = at_least(KEPT_NAMES, s->churn_domains),
                                        .networks = at_least(KEPT_NETWORKS, s->shared_networks)};
}

/* NULL: the policy file has more policies than that, or there is no memory. */
static struct redis_policy *policy_of(struct redis *redis, const char *name)
{
    struct redis_policy **at = &redis->policies, *p;
    unsigned count = 0;

    for (; *at != NULL; at = &(*at)->next, count++)
        if (strcmp((*at)->name, name) == 0)
            return *at;
    p = name[0] != '\0' && count < POLICIES_MAX ? calloc(1, sizeof(*p) + strlen(name) + 1) : NULL;
    if (p == NULL)
        return NULL;
    memcpy(p->name, name, strlen(name));
    return *at = p;
}

static void read_record(struct redis_batch *r, enum store_subject subject, const char *of)
{
    char k[KEY_SIZE];

    redis_batch_command(r, subject, "ZRANGE %s 0 %u WITHSCORES", key(r->redis, subject, of, k), REDIS_RECORD_READ - 1);
}

/* The same without names, which would be most of it. */
static void read_for_rules(struct redis_batch *r, const char *network)
{
    char k[KEY_SIZE];

    redis_batch_command(r, STORE_NETWORK, "ZRANGEBYSCORE %s -inf (%u WITHSCORES LIMIT 0 %u",
                        key(r->redis, STORE_NETWORK, network, k), UINT32_MAX, REDIS_RECORD_READ);
}

/* The neighbourhoods of the window. */
static void count_networks(struct redis_batch *r, enum store_subject subject, const char *of, uint32_t seconds)
{
    char k[KEY_SIZE];

    redis_batch_command(r, subject, "ZCOUNT %s -inf (-%u", key(r->redis, subject, of, k), now() - seconds);
}

static bool fact(struct redis_batch *r, enum store_subject of, const redisReply *reply)
{
    struct history_facts none = {.known = false}, *facts = r->waiter != NULL ? &r->waiter->facts : &none;
    bool good = true;

    if (of == STORE_POLICY)
        good = redis_reply_count(reply, &r->policy->networks);
    else if (of == STORE_NAME)
        good = facts->name_known = redis_reply_count(reply, &facts->networks);
    else
        good = facts->known = redis_record_facts(reply, now() - window(r->redis), &r->keys, facts);
    facts->encrypted_networks = r->policy != NULL ? r->policy->networks : 0;
    return good;
}

/*
 * Reads the record of the policy when it is due. The query does not wait for this record, except in heloctl, which asks
 * only once and needs it.
 */
static void refresh_policy(struct redis *redis, struct redis_batch *query)
{
    struct redis_policy *p = query->policy;
    bool learning = p != NULL && p->networks < STARTTLS_NETWORKS;
    struct redis_batch *r;

    if (p == NULL || (p->asked_ms != 0 && clock_ms() - p->asked_ms < (learning ? POLICY_LEARN_MS : POLICY_READ_MS)))
        return;
    r = redis->read_only ? query : batch_new(redis, NULL);
    if (r == NULL)
        return;
    p->asked_ms = clock_ms();
    r->policy = p;
    r->replied = fact;
    count_networks(r, STORE_POLICY, p->name, smaller(window(redis), HISTORY_ENCRYPTED_DAYS * DAY));
    if (r != query)
        redis_batch_sent(r);
}

static bool redis_at_once(void *store, const struct store_keys *keys, struct history_facts *out)
{
    const struct redis *redis = store;

    (void)keys;
    out->known = false;
    return !redis_nodes_any_up(redis->nodes);
}

static void redis_ask(void *store, const struct store_keys *keys, struct store_waiter *w)
{
    struct redis *redis = store;
    struct redis_batch *r = batch_new(redis, w);

    if (r == NULL)
        return;
    r->replied = fact;
    r->keys = *keys;
    r->policy = policy_of(redis, keys->policy);
    refresh_policy(redis, r);
    if (redis->read_only)
        read_record(r, STORE_NETWORK, keys->network);
    else
        read_for_rules(r, keys->network);
    if (keys->name[0] != '\0')
        count_networks(r, STORE_NAME, keys->name, window(redis));
    else
        w->facts.name_known = true;
    redis_batch_sent(r);
}

static void expire(struct redis_batch *r, enum store_subject of, const char *k)
{
    redis_batch_command(r, of, "EXPIRE %s %u", k, window(r->redis));
}

static void add_verified(struct redis_batch *r, const struct store_keys *keys)
{
    char k[KEY_SIZE];
    uint32_t t = now();

    key(r->redis, STORE_NETWORK, keys->network, k);
    if (keys->domain[0] == '\0') {
        redis_batch_command(r, STORE_NETWORK, "ZADD %s LT %u f -%u r", k, t, t);
    } else {
        redis_batch_command(r, STORE_NETWORK, "ZADD %s LT %u f -%u r -%u v%s %u w%s", k, t, t, t, keys->domain, t,
                            keys->domain);
        redis_batch_command(r, STORE_NETWORK, "ZINCRBY %s 1 k%s", k, keys->domain);
    }
    expire(r, STORE_NETWORK, k);
}

static void add_network(struct redis_batch *r, enum store_subject subject, const char *of, const char *near)
{
    char k[KEY_SIZE];

    redis_batch_command(r, subject, "ZADD %s LT -%u a%s", key(r->redis, subject, of, k), now(), near);
    expire(r, subject, k);
}

static void add_unverified(struct redis_batch *r, const struct store_keys *keys)
{
    char k[KEY_SIZE];
    uint32_t t = now();
    long long name = REDIS_RECORD_NAMES - t;

    key(r->redis, STORE_NETWORK, keys->network, k);
    if (keys->domain[0] == '\0')
        redis_batch_command(r, STORE_NETWORK, "ZADD %s LT %u f -%u m%u %lld n%s", k, t, t, t / 60, name, keys->name);
    else
        redis_batch_command(r, STORE_NETWORK, "ZADD %s LT %u f -%u m%u -%u d%s %lld n%s", k, t, t, t / 60, t,
                            keys->domain, name, keys->name);
    expire(r, STORE_NETWORK, k);
    add_network(r, STORE_NAME, keys->name, keys->near);
}

static bool remove_excess(struct redis_batch *r, enum store_subject of, const redisReply *reply)
{
    static struct redis_record_excess excess; /* large, and needed only until the command is formatted */
    static const char *words[REDIS_RECORD_READ + 2];
    static size_t sizes[REDIS_RECORD_READ + 2];
    const struct redis_record_bounds kept = bounds(r->redis);
    char k[KEY_SIZE], *text = NULL;
    int n;

    if (reply->type == REDIS_REPLY_INTEGER) /* of the removal */
        return true;
    if (!redis_record_excess(reply, &kept, &excess))
        return false;
    if (excess.count == 0)
        return true;
    words[0] = "ZREM";
    words[1] = key(r->redis, of, r->keys.network, k);
    for (unsigned i = 0; i < 2; i++)
        sizes[i] = strlen(words[i]);
    memcpy(words + 2, excess.members, excess.count * sizeof(words[0]));
    memcpy(sizes + 2, excess.sizes, excess.count * sizeof(sizes[0]));
    n = (int)redisFormatCommandArgv(&text, (int)excess.count + 2, words, sizes);
    redis_batch_send(r, of, text, n);
    return true;
}

static void drop_oldest_networks(struct redis_batch *r, enum store_subject subject, const char *of)
{
    char k[KEY_SIZE];

    redis_batch_command(r, subject, "ZREMRANGEBYRANK %s %u -1", key(r->redis, subject, of, k),
                        bounds(r->redis).networks);
}

/*
 * Tidies the network's record or the name's at random. With a fixed order, greetings that arrive in a regular pattern
 * could leave some records untidied for ever.
 */
static void tidy(struct redis *redis, const struct store_keys *keys, bool verified)
{
    struct redis_batch *r;
    unsigned chance;

    redis->chance = redis->chance * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
    chance = (unsigned)(redis->chance >> 33) % (2 * TIDY_EVERY);
    r = chance < 2 ? batch_new(redis, NULL) : NULL;
    if (r == NULL)
        return;
    r->keys = *keys;
    if (!verified && chance == 0) {
        drop_oldest_networks(r, STORE_NAME, keys->name);
    } else {
        r->replied = remove_excess;
        read_record(r, STORE_NETWORK, keys->network);
    }
    redis_batch_sent(r);
}

/* NULL: nothing can be noted. */
static struct redis_batch *note_new(struct redis *redis)
{
    return redis->read_only || !redis_nodes_any_up(redis->nodes) ? NULL : batch_new(redis, NULL);
}

static void redis_note(void *store, const struct store_keys *keys, bool verified)
{
    struct redis *redis = store;
    struct redis_batch *r = note_new(redis);

    if (r == NULL)
        return;
    if (verified)
        add_verified(r, keys);
    else
        add_unverified(r, keys);
    redis_batch_sent(r);
    tidy(redis, keys, verified);
}

/* All hosts write to this one record and need only a few networks in it, so only some greetings are recorded. */
static void redis_note_encrypted(void *store, const struct store_keys *keys)
{
    struct redis *redis = store;
    struct redis_policy *p = policy_of(redis, keys->policy);
    struct redis_batch *r;

    if (p == NULL || (p->noted_ms != 0 && clock_ms() - p->noted_ms < POLICY_NOTE_MS))
        return;
    r = note_new(redis);
    if (r == NULL)
        return;
    p->noted_ms = clock_ms();
    add_network(r, STORE_POLICY, keys->policy, keys->near);
    drop_oldest_networks(r, STORE_POLICY, keys->policy);
    redis_batch_sent(r);
}

static bool list(struct redis_batch *r, enum store_subject of, const redisReply *reply)
{
    const struct redis_record_bounds kept = bounds(r->redis);

    return r->waiter == NULL || redis_record_list(reply, &kept, of, r->waiter->record);
}

static void redis_show(void *store, enum store_subject subject, const char *of, struct store_waiter *w)
{
    struct redis *redis = store;
    char k[KEY_SIZE];
    struct redis_batch *r = redis_nodes_wait(redis->nodes, key(redis, subject, of, k)) ? batch_new(redis, w) : NULL;

    if (r == NULL)
        return;
    r->replied = list;
    read_record(r, subject, of);
    redis_batch_sent(r);
}

static bool forgot(struct redis_batch *r, enum store_subject of, const redisReply *reply)
{
    (void)of;
    if (r->waiter != NULL)
        r->waiter->record->found = reply->type == REDIS_REPLY_INTEGER && reply->integer > 0;
    return reply->type == REDIS_REPLY_INTEGER;
}

static void redis_forget(void *store, enum store_subject subject, const char *of, struct store_waiter *w)
{
    struct redis *redis = store;
    char k[KEY_SIZE];
    struct redis_batch *r = redis_nodes_wait(redis->nodes, key(redis, subject, of, k)) ? batch_new(redis, w) : NULL;

    if (r == NULL)
        return;
    r->replied = forgot;
    redis_batch_command(r, subject, "DEL %s", key(redis, subject, of, k));
    redis_batch_sent(r);
}

static void redis_cancel(void *store, struct store_waiter *w)
{
    struct redis *redis = store;
    struct redis_batch *r = w->request;
    uint64_t timeout = redis->settings->redis_timeout_ms;

    w->request = NULL;
    /* Timers may fire a little early. */
    redis_batch_leave(r, clock_ms() - r->asked_ms >= timeout - timeout / 10);
}

static void redis_stats(const void *store, struct history_stats *out)
{
    redis_nodes_stats(((const struct redis *)store)->nodes, out);
}

static void redis_close(void *store)
{
    struct redis *redis = store;

    redis_nodes_free(redis->nodes);
    for (struct redis_policy *p = redis->policies, *next; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    free(redis);
}

static void *redis_open(const struct store_context *context, char *error, size_t error_size)
{
    struct redis *redis = calloc(1, sizeof(*redis));

    if (redis == NULL)
        return NULL;
    redis->context = *context;
    redis->settings = context->settings;
    redis->read_only = context->read_only;
    redis->chance = clock_us();
    redis->nodes = redis_nodes_new(&redis->context, error, error_size);
    if (redis->nodes != NULL)
        return redis;
    free(redis);
    return NULL;
}

const struct store store_redis = {
    .name = "redis",
    .check = redis_nodes_check,
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

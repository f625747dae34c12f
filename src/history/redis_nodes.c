/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_nodes: one link per node, and the map of a cluster's slots.
 *
 * The map comes from CLUSTER SLOTS, which Redis since 3.0 and Valkey have. A node is asked for it when its connection
 * is new, after MOVED, and once a tick while a node that owns slots is down. MOVED also changes the one slot at once.
 *
 * Promises: whatever the nodes say, there are at most NODES_MAX links. A node that is down costs only the
 * commands for its slots. Links are freed only by the timer, never while hiredis calls back.
 */
#include "redis_nodes.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "redis_link.h"
#include "redis_slots.h"
#include "text.h"

enum {
    NODES_MAX = 128,
    TICK_MS = 1000,
    SOON_MS = 100,   /* between two looks at the map, however often nodes say that it has changed */
    KEPT_MS = 60000, /* a node without slots that commands were redirected to, as while slots move to a new node */
    WAIT_MS = 3000,
    MESSAGE_SIZE = 1500,
};

struct redis_node {
    struct redis_nodes *nodes;
    struct redis_link *link;
    bool listed;                  /* in the setting, so it stays */
    bool probed;                  /* CLUSTER SLOTS was sent, and it is not up yet */
    bool unprobed;                /* it closed a connection after that, as some proxies do, so it is not sent */
    uint64_t needed_ms;           /* when a command was last redirected to it */
    unsigned slots, slots_before; /* that it owns, and did before the last map */
};

struct redis_nodes {
    const struct store_context *context;
    struct redis_tls *tls;             /* NULL: none wanted */
    struct redis_node *all[NODES_MAX]; /* NULL: free */
    struct event *tick;
    bool cluster, stale, closing; /* stale: the map may have changed */
    unsigned asked_last;          /* of `all`, for the map */
    uint64_t soon_ms;             /* time of the last tick */
    uint8_t owner[REDIS_SLOTS];   /* index into `all` plus 1; 0: nobody's */
};

static void report(const struct redis_nodes *n, bool is_error, const char *where, const char *what, const char *detail)
{
    char message[MESSAGE_SIZE];
    struct text t;

    text_init(&t, message, sizeof(message));
    text_addf(&t, "history in redis%s%s: %s", where[0] != '\0' ? " at " : "", where, what);
    text_add_as(&t, TEXT_PLAIN, detail, SIZE_MAX);
    n->context->report(n->context->report_arg, is_error, message);
}

static void on_report(void *arg, enum redis_link_news news, const char *detail)
{
    static const char *const words[] = {[REDIS_LINK_LOST] = "unavailable, requests are judged without it: ",
                                        [REDIS_LINK_BACK] = "available again",
                                        [REDIS_LINK_REFUSES] = "it refuses: "};
    const struct redis_node *node = arg;
    const char *what = words[news];
    char where[REDIS_PLACE_NAME_SIZE];

    if (news == REDIS_LINK_LOST && node->nodes->cluster)
        what =
            node->slots > 0 ? "unavailable, requests are judged without the records of its slots: " : "unavailable: ";
    redis_place_name(redis_link_place(node->link), where);
    report(node->nodes, news != REDIS_LINK_BACK, where, what, detail);
}

static void start_tick(struct redis_nodes *n, uint64_t ms)
{
    struct timeval after = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(n->tick, &after);
}

static void tick_soon(struct redis_nodes *n)
{
    uint64_t since = clock_ms() - n->soon_ms;

    if (!n->closing)
        start_tick(n, since >= SOON_MS ? 0 : SOON_MS - since);
}

static void on_map(redisAsyncContext *connection, void *reply, void *arg);

static void ask_map(struct redis_node *node)
{
    redis_link_ask(node->link, on_map, node, "CLUSTER SLOTS");
}

static void on_greeted(void *arg)
{
    struct redis_node *node = arg;

    node->unprobed = node->unprobed || node->probed;
    node->probed = !node->unprobed;
    if (node->probed)
        ask_map(node);
}

static void on_changed(void *arg)
{
    struct redis_node *node = arg;

    if (redis_link_up(node->link))
        node->probed = false;
    else
        node->nodes->stale = true;
    if (node->nodes->cluster)
        tick_soon(node->nodes);
}

/* NULL: no memory, or no room. */
static struct redis_node *node_new(struct redis_nodes *n, const struct redis_place *place, bool listed)
{
    struct redis_link_options options = {
        .context = n->context,
        .place = place,
        .tls = n->tls,
        .owner = {.greeted = on_greeted, .changed = on_changed, .report = on_report},
    };
    struct redis_node *node;
    unsigned i = 0;

    while (i < NODES_MAX && n->all[i] != NULL)
        i++;
    node = i < NODES_MAX ? calloc(1, sizeof(*node)) : NULL;
    if (node == NULL)
        return NULL;
    node->nodes = n;
    node->listed = listed;
    options.owner.arg = node;
    node->link = redis_link_new(&options);
    if (node->link == NULL) {
        free(node);
        return NULL;
    }
    return n->all[i] = node;
}

static void node_free(struct redis_nodes *n, unsigned i)
{
    redis_link_free(n->all[i]->link);
    free(n->all[i]);
    n->all[i] = NULL;
}

/* The place of an announced node. With TLS its certificate must be for the name that the setting or the cluster has. */
static bool place_of(const struct redis_nodes *n, const struct redis_announced *to, const struct redis_place *from,
                     struct redis_place *out)
{
    const char *address = to->address[0] != '\0' || to->name[0] != '\0' ? to->address : from->addresses[from->at];
    const char *name = to->name[0] != '\0' ? to->name : address == to->address ? "" : from->host;

    for (unsigned i = 0; i < NODES_MAX && (address[0] == '\0' || name[0] == '\0'); i++) {
        const struct redis_place *known = n->all[i] != NULL ? redis_link_place(n->all[i]->link) : NULL;

        for (unsigned k = 0; known != NULL && k < known->count; k++) {
            if (address[0] == '\0' && strcmp(known->host, name) == 0)
                address = known->addresses[k];
            if (name[0] == '\0' && strcmp(known->addresses[k], address) == 0)
                name = known->host;
        }
    }
    if (!redis_place_announced(out, address, to->port))
        return false;
    if (name[0] != '\0')
        snprintf(out->host, sizeof(out->host), "%s", name);
    return true;
}

/* The index of an announced node plus 1, which may be a new node; 0: it cannot be reached, or there is no room. */
static unsigned node_of(struct redis_nodes *n, const struct redis_announced *to, const struct redis_node *from)
{
    struct redis_place place;
    struct redis_node *node;
    unsigned i = 0;

    if (!place_of(n, to, redis_link_place(from->link), &place))
        return 0;
    while (i < NODES_MAX && (n->all[i] == NULL || !redis_place_same(redis_link_place(n->all[i]->link), &place)))
        i++;
    if (i < NODES_MAX)
        return i + 1;
    node = node_new(n, &place, false);
    for (i = 0; node != NULL && n->all[i] != node;)
        i++;
    return node != NULL ? i + 1 : 0;
}

/* Says who the masters are if that has changed. */
static void report_masters(const struct redis_nodes *n)
{
    char masters[MESSAGE_SIZE / 2], where[REDIS_PLACE_NAME_SIZE];
    bool differ = false;
    struct text t;

    text_init(&t, masters, sizeof(masters));
    for (unsigned i = 0; i < NODES_MAX; i++) {
        const struct redis_node *node = n->all[i];

        if (node == NULL)
            continue;
        differ = differ || (node->slots > 0) != (node->slots_before > 0);
        if (node->slots > 0)
            text_addf(&t, "%s%s", t.used > 0 ? ", " : "", redis_place_name(redis_link_place(node->link), where));
    }
    if (differ)
        report(n, false, "", "the masters of the cluster have changed, they are now ", masters);
}

static void adopt(struct redis_nodes *n, const redisReply *map, const struct redis_node *from)
{
    bool is_first = !n->cluster;

    n->cluster = true;
    n->stale = false;
    memset(n->owner, 0, sizeof(n->owner));
    for (unsigned i = 0; i < NODES_MAX; i++) {
        if (n->all[i] != NULL) {
            n->all[i]->slots_before = n->all[i]->slots;
            n->all[i]->slots = 0;
        }
    }
    for (size_t i = 0; i < map->elements; i++) {
        struct redis_range range;
        unsigned owner = redis_slots_range(map->element[i], &range) ? node_of(n, &range.owner, from) : 0;

        for (unsigned slot = range.first; owner > 0 && slot <= range.last; slot++) {
            n->all[owner - 1]->slots += n->owner[slot] == 0;
            n->owner[slot] = (uint8_t)owner;
        }
    }
    if (!is_first)
        report_masters(n);
    tick_soon(n);
}

static void on_map(redisAsyncContext *connection, void *reply, void *arg)
{
    const struct redis_node *node = arg;
    const redisReply *got = reply;

    (void)connection;
    redis_link_replied(node->link, got);
    if (got != NULL && got->type == REDIS_REPLY_ARRAY && got->elements > 0 && !node->nodes->closing)
        adopt(node->nodes, got, node);
}

static bool is_up(const struct redis_nodes *n, unsigned i)
{
    return n->all[i] != NULL && redis_link_up(n->all[i]->link);
}

/* Asks the next node that is up, so that one which is cut off from the others does not have the last word. */
static void ask_any_map(struct redis_nodes *n)
{
    for (unsigned i = 1; i <= NODES_MAX; i++) {
        unsigned next = (n->asked_last + i) % NODES_MAX;

        if (is_up(n, next)) {
            n->asked_last = next;
            ask_map(n->all[next]);
            return;
        }
    }
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct redis_nodes *n = arg;

    (void)fd;
    (void)what;
    n->soon_ms = clock_ms();
    for (unsigned i = 0; i < NODES_MAX; i++) {
        const struct redis_node *node = n->all[i];

        if (node != NULL && !node->listed && node->slots == 0 && n->soon_ms - node->needed_ms > KEPT_MS)
            node_free(n, i);
    }
    if (n->stale || !redis_nodes_up(n))
        ask_any_map(n);
    start_tick(n, TICK_MS);
}

bool redis_nodes_check(const struct history_settings *settings, char *error, size_t error_size)
{
    struct redis_place place;
    struct redis_tls *tls;

    if (!settings->redis_tls)
        return true;
    redis_place_read(&place, settings->redis);
    snprintf(error, error_size, "no memory");
    tls = redis_tls_new(place.port > 0 ? place.host : NULL, error, error_size);
    redis_tls_free(tls);
    return tls != NULL;
}

/* Resolves the name of a listed server. What has no address now is not used. */
static bool add_listed(struct redis_nodes *n, const char *where)
{
    struct redis_place place;
    const char *reason;

    redis_place_read(&place, where);
    reason = place.port > 0 ? redis_place_resolve(&place) : NULL;
    if (reason != NULL)
        report(n, true, where,
               "not used until helod is restarted, because its name has no address now; an address in place of the "
               "name needs no DNS: ",
               reason);
    return node_new(n, &place, true) != NULL;
}

struct redis_nodes *redis_nodes_new(const struct store_context *context, char *error, size_t error_size)
{
    struct redis_nodes *n = calloc(1, sizeof(*n));
    const struct history_settings *s = context->settings;

    if (n == NULL)
        return NULL;
    n->context = context;
    n->tick = evtimer_new(context->base, on_tick, n);
    if (s->redis_tls)
        n->tls = redis_tls_new("", error, error_size);
    if (n->tick != NULL && (!s->redis_tls || n->tls != NULL) && add_listed(n, s->redis))
        return n;
    redis_nodes_free(n);
    return NULL;
}

void redis_nodes_free(struct redis_nodes *n)
{
    n->closing = true;
    for (unsigned i = 0; i < NODES_MAX; i++)
        if (n->all[i] != NULL)
            node_free(n, i);
    if (n->tick != NULL)
        event_free(n->tick);
    redis_tls_free(n->tls);
    free(n);
}

bool redis_nodes_up(const struct redis_nodes *n)
{
    bool up = n->cluster || is_up(n, 0);

    for (unsigned i = 0; i < NODES_MAX && up; i++)
        up = n->all[i] == NULL || n->all[i]->slots == 0 || redis_link_up(n->all[i]->link);
    return up;
}

bool redis_nodes_any_up(const struct redis_nodes *n)
{
    bool up = false;

    for (unsigned i = 0; i < NODES_MAX && !up; i++)
        up = is_up(n, i) && (!n->cluster || n->all[i]->slots > 0);
    return up;
}

struct redis_node *redis_nodes_for(const struct redis_nodes *n, const char *key, size_t key_n)
{
    unsigned i = n->cluster ? n->owner[redis_slots_of(key, key_n)] : 1;

    return i > 0 && is_up(n, i - 1) ? n->all[i - 1] : NULL;
}

static void move_slot(struct redis_nodes *n, unsigned slot, unsigned to)
{
    unsigned from = n->owner[slot];

    if (from == to)
        return;
    if (from > 0)
        n->all[from - 1]->slots--;
    n->all[to - 1]->slots++;
    n->owner[slot] = (uint8_t)to;
}

struct redis_node *redis_nodes_redirected(struct redis_node *from, const struct redis_redirect *redirect)
{
    struct redis_nodes *n = from->nodes;
    unsigned to = n->closing ? 0 : node_of(n, &redirect->to, from);

    n->stale = n->stale || !redirect->ask;
    tick_soon(n);
    if (to == 0)
        return NULL;
    if (n->cluster && !redirect->ask)
        move_slot(n, redirect->slot, to);
    n->all[to - 1]->needed_ms = clock_ms();
    return is_up(n, to - 1) ? n->all[to - 1] : NULL;
}

void redis_nodes_refused(struct redis_node *node, const char *error)
{
    redis_link_complain(node->link, error);
}

struct redis_link *redis_nodes_link(const struct redis_node *node)
{
    return node->link;
}

static bool reaches(const struct redis_nodes *n, const char *key)
{
    return redis_nodes_for(n, key, strlen(key)) != NULL;
}

static bool is_pending(const struct redis_nodes *n)
{
    for (unsigned i = 0; i < NODES_MAX; i++)
        if (n->all[i] != NULL && redis_link_pending(n->all[i]->link))
            return true;
    return false;
}

bool redis_nodes_wait(struct redis_nodes *n, const char *key)
{
    uint64_t until = clock_ms() + WAIT_MS;

    if (n->context->read_only) /* heloctl: its loop does nothing else */
        while (!reaches(n, key) && is_pending(n) && clock_ms() < until)
            event_base_loop(n->context->base, EVLOOP_ONCE);
    return reaches(n, key);
}

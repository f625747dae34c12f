/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_nodes: makes the nodes of the setting, and decides once a tick what to ask them.
 *
 * Promises: a node that is down costs only the commands for its slots. Links are freed only by the timer, never while
 * hiredis calls back.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "redis_node.h"
#include "text.h"

enum {
    TICK_MS = 1000,
    KEPT_MS = 60000, /* a node without slots that commands were redirected to, as while slots move to a new node */
    WAIT_MS = 3000,
};

static void on_greeted(void *arg)
{
    struct redis_node *node = arg;

    if (node->nodes->mode != REDIS_ONE)
        redis_master_ask(node);
    if (node->nodes->mode == REDIS_SENTINELS)
        return;
    /* A node that has just come back may not know of recent changes, so it is asked only if necessary. */
    if (node->nodes->cluster && !node->nodes->stale)
        return;
    node->unprobed = node->unprobed || node->probed;
    node->probed = !node->unprobed;
    if (node->probed)
        redis_cluster_ask(node);
}

static void on_changed(void *arg)
{
    struct redis_node *node = arg;

    if (redis_link_up(node->link)) {
        node->probed = false;
    } else {
        node->role = REDIS_ROLE_UNKNOWN;
        node->nodes->stale = true;
    }
    if (node->nodes->cluster || node->nodes->mode != REDIS_ONE)
        redis_node_look_soon(node->nodes);
    redis_master_choose(node->nodes);
}

/* Whether every part of the store is up. */
static bool is_whole(const struct redis_nodes *n)
{
    bool up = n->cluster || redis_master_is_up(n);

    for (unsigned i = 0; n->cluster && i < REDIS_NODES_MAX && up; i++)
        up = n->all[i] == NULL || n->all[i]->slots == 0 || redis_link_up(n->all[i]->link);
    return up;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct redis_nodes *n = arg;

    (void)fd;
    (void)what;
    n->soon_ms = clock_ms();
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++) {
        const struct redis_node *node = n->all[i];

        if (node != NULL && !node->listed && node->slots == 0 && node->votes == 0 && n->master != i + 1 &&
            n->soon_ms - node->needed_ms > KEPT_MS)
            redis_node_free(n, i);
    }
    if (n->mode != REDIS_ONE && !n->cluster)
        redis_master_look(n);
    else if (n->stale || !is_whole(n))
        redis_cluster_ask_any(n);
    redis_node_tick(n, TICK_MS);
}

bool redis_nodes_check(const struct history_settings *settings, char *error, size_t error_size)
{
    bool good = true;

    for (unsigned i = 0; settings->redis_tls && good && settings->redis[i] != NULL; i++) {
        struct redis_place place;
        struct redis_tls *tls;

        redis_place_read(&place, settings->redis[i]);
        snprintf(error, error_size, "no memory");
        tls = redis_tls_new(place.port > 0 ? place.host : NULL, error, error_size);
        good = tls != NULL;
        redis_tls_free(tls);
    }
    return good;
}

/* Resolves the names of the servers. One that has no address now is not used. */
static void read_places(struct redis_nodes *n)
{
    const char *const *where = n->context->settings->redis;

    for (; *where != NULL && n->listed_count < HISTORY_REDIS_MAX; where++) {
        struct redis_place *place = &n->listed[n->listed_count++];
        const char *reason;

        redis_place_read(place, *where);
        reason = place->port > 0 ? redis_place_resolve(place) : NULL;
        if (reason != NULL)
            redis_node_report(
                n, true, *where,
                "not used until helod is restarted, because its name has no address now; an address in place of "
                "the name needs no DNS: ",
                reason);
    }
}

static bool begin(struct redis_nodes *n)
{
    const struct redis_sentinels_options sentinels = {.context = n->context,
                                                      .places = n->listed,
                                                      .count = n->listed_count,
                                                      .tls = n->tls,
                                                      .named = redis_master_named,
                                                      .arg = n};

    if (n->context->settings->redis_sentinel[0] != '\0') {
        n->mode = REDIS_SENTINELS;
        n->sentinels = redis_sentinels_new(&sentinels);
        return n->sentinels != NULL;
    }
    n->mode = n->listed_count > 1 ? REDIS_LIST : REDIS_ONE;
    n->master = n->mode == REDIS_ONE;
    for (unsigned i = 0; i < n->listed_count; i++)
        if (redis_node_new(n, &n->listed[i], true) == REDIS_NODES_MAX)
            return false;
    return true;
}

struct redis_nodes *redis_nodes_new(const struct store_context *context, char *error, size_t error_size)
{
    struct redis_nodes *n = calloc(1, sizeof(*n));
    bool tls = context->settings->redis_tls;

    if (n == NULL)
        return NULL;
    n->context = context;
    n->greeted = on_greeted;
    n->changed = on_changed;
    n->tick = evtimer_new(context->base, on_tick, n);
    if (tls)
        n->tls = redis_tls_new("", error, error_size);
    if (n->tick != NULL && (!tls || n->tls != NULL)) {
        read_places(n);
        if (begin(n)) {
            if (n->mode != REDIS_ONE)
                redis_node_tick(n, TICK_MS);
            return n;
        }
    }
    redis_nodes_free(n);
    return NULL;
}

void redis_nodes_free(struct redis_nodes *n)
{
    n->closing = true;
    redis_sentinels_free(n->sentinels);
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++)
        if (n->all[i] != NULL)
            redis_node_free(n, i);
    if (n->tick != NULL)
        event_free(n->tick);
    redis_tls_free(n->tls);
    free(n);
}

bool redis_nodes_any_up(const struct redis_nodes *n)
{
    bool up = false;

    for (unsigned i = 0; i < REDIS_NODES_MAX && !up; i++)
        up = redis_node_is_up(n, i) && (!n->cluster || n->all[i]->slots > 0);
    return up;
}

struct redis_node *redis_nodes_for(const struct redis_nodes *n, const char *key, size_t key_n)
{
    unsigned i = n->cluster ? n->owner[redis_slots_of(key, key_n)] : redis_master_is_up(n) ? n->master : 0;

    return i > 0 && redis_node_is_up(n, i - 1) ? n->all[i - 1] : NULL;
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
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++)
        if (n->all[i] != NULL && redis_link_pending(n->all[i]->link))
            return true;
    return n->sentinels != NULL && redis_sentinels_pending(n->sentinels);
}

bool redis_nodes_wait(struct redis_nodes *n, const char *key)
{
    uint64_t until = clock_ms() + WAIT_MS;

    if (n->context->read_only) /* heloctl: its loop does nothing else */
        while (!reaches(n, key) && is_pending(n) && clock_ms() < until)
            event_base_loop(n->context->base, EVLOOP_ONCE);
    return reaches(n, key);
}

static enum history_node_state state_of(const struct redis_nodes *n, unsigned i)
{
    if (!redis_node_is_up(n, i))
        return HISTORY_NODE_DOWN;
    if (redis_master_is_second(n, i))
        return HISTORY_NODE_SECOND;
    if (n->cluster ? n->all[i]->slots > 0 : n->master == i + 1 && redis_master_is_up(n))
        return HISTORY_NODE_USED;
    return HISTORY_NODE_STANDBY;
}

void redis_nodes_stats(const struct redis_nodes *n, struct history_stats *out)
{
    out->up = is_whole(n);
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++) {
        const struct redis_node *node = n->all[i];

        if (node == NULL)
            continue;
        out->nodes[out->node_count++] = (struct history_node){.name = node->name,
                                                              .state = state_of(n, i),
                                                              .slots = node->slots,
                                                              .latency_us = redis_link_latency_us(node->link)};
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_cluster: the map of a cluster's slots, read with CLUSTER SLOTS (Redis 3.0 and later, Valkey). While there is no
 * map, every new connection requests it. Afterwards the nodes are asked in turn: when a connection was lost, after a
 * MOVED (which also updates its one slot at once), and once per tick while a node that owns slots is down.
 */
#include <string.h>

#include "clock.h"
#include "redis_node.h"
#include "text.h"

static void on_map(redisAsyncContext *connection, void *reply, void *arg);

void redis_cluster_ask(struct redis_node *node)
{
    redis_link_ask(node->link, on_map, node, "CLUSTER SLOTS");
}

/*
 * Reports the masters if they have changed since the last report. A node that does not know of a change yet may return
 * the previous map, which is not reported again.
 */
static void report_masters(const struct redis_nodes *n, bool is_first)
{
    char masters[REDIS_LINK_MESSAGE_SIZE / 2];
    bool differ = false;
    struct text t;

    text_init(&t, masters, sizeof(masters));
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++) {
        struct redis_node *node = n->all[i];

        if (node == NULL)
            continue;
        differ = differ || (node->slots > 0) != node->reported;
        node->reported = node->slots > 0;
        if (node->slots > 0)
            text_addf(&t, "%s%s", t.used > 0 ? ", " : "", node->name);
    }
    if (differ && !is_first)
        redis_node_report(n, false, "", "the masters of the cluster have changed, they are now ", masters);
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

/* A map without a single row that can be read must not make a cluster of a server that works without one. */
static bool has_range(const redisReply *map)
{
    struct redis_range range;
    size_t i = 0;

    while (i < map->elements && i < REDIS_SLOTS && !redis_slots_range(map->element[i], &range))
        i++;
    return i < map->elements && i < REDIS_SLOTS;
}

/*
 * Rows whose owner cannot be reached are left out. Resolving names takes time, so the rest of the map is ignored after
 * many of them, and also after as many slots as there are. A slot in several rows belongs to the last one.
 */
static void adopt(struct redis_nodes *n, const redisReply *map, const struct redis_node *from)
{
    bool is_first = !n->cluster;
    unsigned unknown = 0, slots = 0;

    n->cluster = true;
    n->stale = false;
    memset(n->owner, 0, sizeof(n->owner));
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++)
        if (n->all[i] != NULL)
            n->all[i]->slots = 0;
    for (size_t i = 0; i < map->elements && unknown < REDIS_NODES_MAX && slots < REDIS_SLOTS; i++) {
        struct redis_range range;
        unsigned owner = redis_slots_range(map->element[i], &range)
                             ? redis_node_announced(n, &range.owner, redis_link_place(from->link))
                             : 0;

        for (unsigned slot = range.first; owner > 0 && slot <= range.last; slot++, slots++)
            move_slot(n, slot, owner);
        unknown += owner == 0;
    }
    report_masters(n, is_first);
    redis_node_look_soon(n);
}

static void on_map(redisAsyncContext *connection, void *reply, void *arg)
{
    const struct redis_node *node = arg;
    const redisReply *got = reply;

    (void)connection;
    redis_link_replied(node->link, got);
    if (got != NULL && got->type == REDIS_REPLY_ARRAY && has_range(got) && !node->nodes->closing)
        adopt(node->nodes, got, node);
}

/* Asks a different node each time, so that one which is cut off from the others cannot keep helod on an old map. */
void redis_cluster_ask_any(struct redis_nodes *n)
{
    for (unsigned i = 1; i <= REDIS_NODES_MAX; i++) {
        unsigned next = (n->asked_last + i) % REDIS_NODES_MAX;

        if (redis_node_is_up(n, next)) {
            n->asked_last = next;
            redis_cluster_ask(n->all[next]);
            return;
        }
    }
}

struct redis_node *redis_cluster_redirected(struct redis_node *from, const struct redis_redirect *redirect)
{
    struct redis_nodes *n = from->nodes;
    unsigned to = n->closing || n->mode == REDIS_SENTINELS
                      ? 0
                      : redis_node_announced(n, &redirect->to, redis_link_place(from->link));

    n->stale = n->stale || !redirect->ask;
    redis_node_look_soon(n);
    if (to == 0)
        return NULL;
    if (n->cluster && !redirect->ask)
        move_slot(n, redirect->slot, to);
    n->all[to - 1]->needed_ms = clock_ms();
    return redis_node_is_up(n, to - 1) ? n->all[to - 1] : NULL;
}

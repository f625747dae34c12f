/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_master: which of several plain servers is used: one whose ROLE is master, and with sentinels the one that
 * most of them name. Servers are asked for their role when their connection is new, every few ticks, and at once
 * when one of them refuses to write or is lost.
 */
#include <string.h>

#include "clock.h"
#include "redis_node.h"

enum {
    ROLES_TICKS = 5,   /* between two looks at the roles while there is a master */
    LACK_TICKS = 5,    /* without a master until it is reported, because a failover takes a moment */
    SECOND_TICKS = 10, /* with a second master until it is reported, because a former one may become a replica */
};

static void on_role(redisAsyncContext *connection, void *reply, void *arg)
{
    struct redis_node *node = arg;
    const redisReply *got = reply, *name;

    (void)connection;
    redis_link_replied(node->link, got);
    if (got == NULL || node->nodes->closing)
        return;
    name = got->type == REDIS_REPLY_ARRAY && got->elements > 0 ? got->element[0] : NULL;
    if (got->type == REDIS_REPLY_ERROR)
        redis_link_complain(node->link, got->str);
    if (name == NULL || name->type != REDIS_REPLY_STRING)
        return;
    node->role = strcmp(name->str, "master") == 0 ? REDIS_ROLE_MASTER : REDIS_ROLE_OTHER;
    if (strcmp(name->str, "sentinel") == 0)
        redis_link_complain(node->link, "it is a sentinel; set redis_sentinel to the name of its master");
    redis_master_choose(node->nodes);
}

void redis_master_ask(struct redis_node *node)
{
    redis_link_ask(node->link, on_role, node, "ROLE");
}

bool redis_master_is_up(const struct redis_nodes *n)
{
    return n->master > 0 && redis_node_is_up(n, n->master - 1) &&
           (n->mode == REDIS_ONE || n->all[n->master - 1]->role == REDIS_ROLE_MASTER);
}

/* Of the servers that say that they are masters, the one that most sentinels name. The present one stays if it can. */
void redis_master_choose(struct redis_nodes *n)
{
    unsigned best = redis_master_is_up(n) ? n->master : 0, before = n->master;

    if (n->mode == REDIS_ONE || n->cluster || n->closing)
        return;
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++)
        if (redis_node_is_up(n, i) && n->all[i]->role == REDIS_ROLE_MASTER &&
            (best == 0 || n->all[i]->votes > n->all[best - 1]->votes))
            best = i + 1;
    if (best == 0)
        return;
    n->master = best;
    n->lacking = 0;
    if ((before != 0 && before != best) || n->lack_reported)
        redis_node_report(n, false, n->all[best - 1]->name, "it is the master and is used from now on", "");
    n->lack_reported = false;
}

bool redis_master_is_second(const struct redis_nodes *n, unsigned i)
{
    return n->mode == REDIS_LIST && !n->cluster && n->master != i + 1 && redis_master_is_up(n) &&
           redis_node_is_up(n, i) && n->all[i]->role == REDIS_ROLE_MASTER;
}

/* Unrelated masters are a mistake in the list: helod hosts that choose different ones would not share their history. */
static void report_second(struct redis_nodes *n)
{
    unsigned i = 0;

    while (i < REDIS_NODES_MAX && !redis_master_is_second(n, i))
        i++;
    n->second_ticks = i < REDIS_NODES_MAX ? n->second_ticks + 1 : 0;
    if (n->second_ticks == SECOND_TICKS)
        redis_node_report(n, true, n->all[i]->name,
                          "it is a second master and is not used (list one master and its replicas in redis); in use "
                          "is ",
                          n->all[n->master - 1]->name);
}

/* Asks the servers for their roles and the sentinels for the master. Reports once that there is none. */
void redis_master_look(struct redis_nodes *n)
{
    bool was_reported = false; /* when one that is used was lost */

    if (n->ticks++ % ROLES_TICKS == 0 || n->stale || !redis_master_is_up(n)) {
        n->stale = false;
        if (n->sentinels != NULL)
            redis_sentinels_ask(n->sentinels);
        for (unsigned i = 0; i < REDIS_NODES_MAX; i++)
            if (redis_node_is_up(n, i))
                redis_master_ask(n->all[i]);
    }
    for (unsigned i = 0; i < REDIS_NODES_MAX; i++)
        if (n->all[i] != NULL && redis_node_is_used(n->all[i]) && !redis_node_is_up(n, i))
            was_reported = true;
    report_second(n);
    n->lacking = redis_master_is_up(n) ? 0 : n->lacking + 1;
    if (n->lacking < LACK_TICKS || n->lack_reported || was_reported)
        return;
    n->lack_reported = true;
    redis_node_report(n, true, "", "no master was found, requests are judged without the history", "");
}

void redis_master_named(void *arg, unsigned which, const struct redis_announced *master)
{
    struct redis_nodes *n = arg;
    unsigned before = n->named[which], now = master != NULL ? redis_node_announced(n, master, &n->listed[which]) : 0;

    n->named[which] = now;
    if (now > 0) {
        n->all[now - 1]->votes++;
        n->all[now - 1]->needed_ms = clock_ms();
    }
    if (before > 0)
        n->all[before - 1]->votes--;
    if (before != now)
        redis_master_choose(n);
}

void redis_master_refused(struct redis_node *node, const char *error)
{
    if (node->nodes->mode == REDIS_ONE || node->nodes->cluster || strncmp(error, "READONLY", 8) != 0) {
        redis_link_complain(node->link, error);
        return;
    }
    node->role = REDIS_ROLE_OTHER;
    node->nodes->stale = true;
    redis_node_look_soon(node->nodes);
    redis_master_choose(node->nodes);
}

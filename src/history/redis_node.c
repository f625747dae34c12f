/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_node: the set of nodes, with one link for each.
 *
 * Promises: whatever the nodes say, there are at most REDIS_NODES_MAX links.
 */
#include "redis_node.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "text.h"

enum { SOON_MS = 100 }; /* between two looks at the map, however often nodes say that it has changed */

void redis_node_report(const struct redis_nodes *n, bool is_error, const char *where, const char *what,
                       const char *detail)
{
    char message[REDIS_LINK_MESSAGE_SIZE];
    struct text t;

    text_init(&t, message, sizeof(message));
    text_addf(&t, "history in redis%s%s: %s", where[0] != '\0' ? " at " : "", where, what);
    text_add_as(&t, TEXT_PLAIN, detail, SIZE_MAX);
    n->context->report(n->context->report_arg, is_error, message);
}

/* Until a master was found, any server in the list, or one that a sentinel names, may be it. */
bool redis_node_is_used(const struct redis_node *node)
{
    const struct redis_nodes *n = node->nodes;

    if (n->cluster)
        return node->slots > 0;
    if (n->master == 0)
        return n->mode != REDIS_SENTINELS || node->votes > 0;
    return n->all[n->master - 1] == node;
}

static void on_report(void *arg, enum redis_link_news news, const char *detail)
{
    static const char *const words[] = {[REDIS_LINK_LOST] = "unavailable, requests are judged without it: ",
                                        [REDIS_LINK_BACK] = "available again",
                                        [REDIS_LINK_REFUSES] = "it refuses: "};
    const struct redis_node *node = arg;
    const char *what = words[news];

    if (news == REDIS_LINK_LOST && !redis_node_is_used(node))
        what = "unavailable: ";
    else if (news == REDIS_LINK_LOST && node->nodes->cluster)
        what = "unavailable, requests are judged without the records in its slots: ";
    redis_node_report(node->nodes, news != REDIS_LINK_BACK, node->name, what, detail);
}

bool redis_node_is_up(const struct redis_nodes *n, unsigned i)
{
    return n->all[i] != NULL && redis_link_up(n->all[i]->link);
}

void redis_node_tick(struct redis_nodes *n, uint64_t ms)
{
    struct timeval after = clock_timeval(ms);

    evtimer_add(n->tick, &after);
}

void redis_node_look_soon(struct redis_nodes *n)
{
    uint64_t since = clock_ms() - n->soon_ms;

    if (!n->closing)
        redis_node_tick(n, since >= SOON_MS ? 0 : SOON_MS - since);
}

/* Its index; REDIS_NODES_MAX: no memory, or no room. */
unsigned redis_node_new(struct redis_nodes *n, const struct redis_place *place, bool listed)
{
    struct redis_link_options options = {
        .context = n->context,
        .place = place,
        .tls = n->tls,
        .owner = {.greeted = n->greeted, .changed = n->changed, .report = on_report},
    };
    struct redis_node *node;
    unsigned i = 0;

    while (i < REDIS_NODES_MAX && n->all[i] != NULL)
        i++;
    node = i < REDIS_NODES_MAX ? calloc(1, sizeof(*node)) : NULL;
    if (node == NULL)
        return REDIS_NODES_MAX;
    node->nodes = n;
    node->listed = listed;
    redis_place_name(place, node->name);
    options.owner.arg = node;
    node->link = redis_link_new(&options);
    if (node->link == NULL) {
        free(node);
        return REDIS_NODES_MAX;
    }
    n->all[i] = node;
    return i;
}

void redis_node_free(struct redis_nodes *n, unsigned i)
{
    redis_link_free(n->all[i]->link);
    free(n->all[i]);
    n->all[i] = NULL;
}

/* A place whose name is known: of the setting, or of a node. NULL: this number has none. */
static const struct redis_place *known_place(const struct redis_nodes *n, unsigned i)
{
    if (i < n->listed_count)
        return &n->listed[i];
    i -= n->listed_count;
    return n->all[i] != NULL ? redis_link_place(n->all[i]->link) : NULL;
}

/* The place of an announced node. With TLS its certificate must be for the name that the setting or the cluster has. */
static bool place_of(const struct redis_nodes *n, const struct redis_announced *to, const struct redis_place *from,
                     struct redis_place *out)
{
    const char *address = to->address[0] != '\0' || to->name[0] != '\0' ? to->address : from->addresses[from->at];
    const char *name = to->name[0] != '\0' ? to->name : address == to->address ? "" : from->host;

    for (unsigned i = 0; i < n->listed_count + REDIS_NODES_MAX && (address[0] == '\0' || name[0] == '\0'); i++) {
        const struct redis_place *known = known_place(n, i);

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

/* A map may have thousands of rows, so a node that is announced as before is recognised first. */
static bool is_announced(const struct redis_node *node, const struct redis_announced *to)
{
    const struct redis_announced *before = &node->announced;

    return before->port == to->port && strcmp(before->address, to->address) == 0 &&
           strcmp(before->name, to->name) == 0 && (to->address[0] != '\0' || to->name[0] != '\0');
}

unsigned redis_node_announced(struct redis_nodes *n, const struct redis_announced *to, const struct redis_place *from)
{
    struct redis_place place;
    unsigned i = 0;

    for (; i < REDIS_NODES_MAX; i++)
        if (n->all[i] != NULL && is_announced(n->all[i], to))
            return i + 1;
    if (!place_of(n, to, from, &place))
        return 0;
    for (i = 0; i < REDIS_NODES_MAX; i++)
        if (n->all[i] != NULL && redis_place_same(redis_link_place(n->all[i]->link), &place))
            break;
    if (i == REDIS_NODES_MAX)
        i = redis_node_new(n, &place, false);
    if (i == REDIS_NODES_MAX)
        return 0;
    n->all[i]->announced = *to;
    return i + 1;
}

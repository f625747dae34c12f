/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client_waiting: a network has an entry for as long as a request of it waits. The counts are exact, so a hash
 * collision never makes one network count for another. Each connection has one request at a time, so the number of
 * connections bounds the number of entries.
 */
#include "client_waiting.h"

#include <stdlib.h>

#include "rate.h"
#include "table.h"

enum { NETWORKS_MAX = 1 << 24 }; /* never reached: a waiting request has a connection */

struct entry {
    struct table_entry entry;
    struct address network; /* the key, with its family: 198.51.100.0/24 is not c633:6400::/48 */
    size_t count;
};

struct table *client_waiting_new(void)
{
    return table_new(&(struct table_limits){.max_entries = NETWORKS_MAX}, NULL, NULL);
}

static struct entry *find(const struct table *waiting, const struct address *client)
{
    struct network net;

    if (table_count(waiting) == 0) /* as it is most of the time */
        return NULL;
    net = rates_network(client);
    return (struct entry *)table_peek(waiting, &net.base, sizeof(net.base));
}

size_t client_waiting_count(const struct table *waiting, const struct address *client)
{
    const struct entry *e = find(waiting, client);

    return e != NULL ? e->count : 0;
}

void client_waiting_begin(struct table *waiting, const struct address *client)
{
    struct entry *e = find(waiting, client);

    if (e == NULL && (e = calloc(1, sizeof(*e))) != NULL) {
        e->network = rates_network(client).base;
        e->entry.key = &e->network;
        e->entry.key_size = sizeof(e->network);
        table_insert(waiting, &e->entry);
    }
    if (e != NULL)
        e->count++;
}

void client_waiting_end(struct table *waiting, const struct address *client)
{
    struct entry *e = find(waiting, client);

    if (e != NULL && --e->count == 0)
        table_remove(waiting, &e->entry);
}

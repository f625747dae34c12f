/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate: fixed memory, no allocation while counting. Networks are hashed with a secret key into sets of WAYS slots;
 * in a full set, the network with the fewest requests is replaced. So a flood of networks can make helod forget a
 * count, which costs lookups, but it never adds to an honest network's count.
 */
#include "rate.h"

#include <stdlib.h>

#include "hash.h"

enum { SETS = 1024, WAYS = 4, WINDOW_MS = 60000, IPV4_BITS = 24, IPV6_BITS = 48 };

struct slot {
    uint64_t network; /* its hash; 0: free */
    uint64_t window;  /* number of the minute that is counted */
    unsigned count;
};

struct rates {
    struct hash_key key;
    struct slot slots[SETS][WAYS];
};

struct rates *rates_new(void)
{
    struct rates *r = calloc(1, sizeof(*r));

    if (r != NULL && !hash_key_random(&r->key)) {
        free(r);
        return NULL;
    }
    return r;
}

void rates_free(struct rates *r)
{
    free(r);
}

/* The network's slot in this minute: its own, or else the one with the fewest requests. */
static struct slot *slot_of(struct slot set[WAYS], uint64_t network, uint64_t window)
{
    struct slot *least = &set[0];

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].window != window)
            set[i] = (struct slot){.window = window};
        if (set[i].network == network)
            return &set[i];
        if (set[i].count < least->count)
            least = &set[i];
    }
    *least = (struct slot){.network = network, .window = window};
    return least;
}

struct address rates_network(const struct address *client)
{
    return address_network(client, client->family == ADDRESS_IPV4 ? IPV4_BITS : IPV6_BITS).base;
}

bool rates_exceeded(struct rates *r, const struct address *client, unsigned per_minute, uint64_t now_ms)
{
    struct address network;
    struct slot *slot;
    uint64_t hash;

    if (per_minute == 0 || client->family == ADDRESS_NONE)
        return false;
    network = rates_network(client);
    hash = hash_bytes(&r->key, &network, sizeof(network)) | 1;
    slot = slot_of(r->slots[(hash >> 32) % SETS], hash, now_ms / WINDOW_MS + 1);
    if (slot->count <= per_minute)
        slot->count++;
    return slot->count > per_minute;
}

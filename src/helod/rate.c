/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate: fixed memory, no allocation while counting. Hosts and networks are hashed with a secret key into sets of
 * WAYS slots; in a full set, the one with the fewest requests is replaced. So a flood of networks can make helod
 * forget a count, which costs lookups, but it never adds to an honest network's count.
 *
 * Unrelated customers of a provider share a /24 or /48. So a host that sends few requests is counted apart from
 * those that send many, and no single host can use up what its neighbours need.
 */
#include "rate.h"

#include <stdlib.h>

#include "hash.h"

enum { SETS = 1024, WAYS = 4, WINDOW_MS = 60000, IPV4_BITS = 24, IPV6_BITS = 48, IPV6_HOST_BITS = 64, QUIET_PART = 60 };
enum { HOST, QUIET_HOSTS, BUSY_HOSTS }; /* what is counted: requests of a host, and of a network's hosts of each kind */

struct slot {
    uint64_t key;    /* the hash of what is counted; 0: free */
    uint64_t window; /* number of the minute that is counted */
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

/* The slot of a key in this minute: its own, or else the one with the fewest requests. */
static struct slot *slot_of(struct slot set[WAYS], uint64_t key, uint64_t window)
{
    struct slot *least = &set[0];

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].window != window)
            set[i] = (struct slot){.window = window};
        if (set[i].key == key)
            return &set[i];
        if (set[i].count < least->count)
            least = &set[i];
    }
    *least = (struct slot){.key = key, .window = window};
    return least;
}

struct address rates_network(const struct address *client)
{
    return address_network(client, client->family == ADDRESS_IPV4 ? IPV4_BITS : IPV6_BITS).base;
}

/* Counts one more request, and returns how many there were in this minute: at most `most` plus one. */
static unsigned count(struct rates *r, unsigned what, const struct address *base, unsigned most, uint64_t now_ms)
{
    const struct hash_key key = {r->key.k0 + what, r->key.k1};
    uint64_t hash = hash_bytes(&key, base, sizeof(*base)) | 1;
    struct slot *slot = slot_of(r->slots[(hash >> 32) % SETS], hash, now_ms / WINDOW_MS + 1);

    if (slot->count <= most)
        slot->count++;
    return slot->count;
}

bool rates_exceeded(struct rates *r, const struct address *client, unsigned per_minute, uint64_t now_ms)
{
    unsigned few = per_minute < QUIET_PART ? 1 : per_minute / QUIET_PART;
    struct address host, network;
    bool quiet;

    if (per_minute == 0 || client->family == ADDRESS_NONE)
        return false;
    host = address_network(client, client->family == ADDRESS_IPV4 ? 32 : IPV6_HOST_BITS).base;
    network = rates_network(client);
    quiet = count(r, HOST, &host, few, now_ms) <= few;
    return count(r, quiet ? QUIET_HOSTS : BUSY_HOSTS, &network, per_minute, now_ms) > per_minute;
}

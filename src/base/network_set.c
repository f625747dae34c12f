/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network_set: networks in a path-compressed binary trie, one root for each family.
 *
 * Promises: the most specific network is found in at most one step per bit of the address, however many networks
 * there are. A network costs at most two nodes of 32 bytes. Nodes are indices into one array, which is freed as a
 * whole; 0 is none.
 */
#include "lookup.h"

#include <stdlib.h>

/* An address as a number, left-aligned: bit 0 is the highest of hi. */
struct bits128 {
    uint64_t hi, lo;
};

struct node {
    struct bits128 prefix;
    uint32_t child[2];
    int32_t value; /* LOOKUP_NONE: only a branching node */
    uint8_t bits;
};

struct network_set {
    struct node *nodes;
    size_t used, room;
    uint32_t root[2]; /* IPv4, IPv6 */
};

static int family_index(const struct address *a)
{
    return a->family == ADDRESS_IPV6;
}

/* Compilers turn this into one load. */
static uint64_t load_bits(const uint8_t *p)
{
    return (uint64_t)p[0] << 56 | (uint64_t)p[1] << 48 | (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 |
           (uint64_t)p[4] << 24 | (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | (uint64_t)p[7];
}

static struct bits128 to_bits(const struct address *a)
{
    return (struct bits128){load_bits(a->bytes), load_bits(a->bytes + 8)};
}

static unsigned bit_at(const struct bits128 *b, unsigned n)
{
    return (unsigned)((n < 64 ? b->hi >> (63 - n) : b->lo >> (127 - n)) & 1);
}

/* How many leading bits are the same, at most `max`. */
static unsigned common_bits(const struct bits128 *a, const struct bits128 *b, unsigned max)
{
    uint64_t hi = a->hi ^ b->hi, lo = a->lo ^ b->lo;
    unsigned n = 128;

    if (hi != 0)
        n = (unsigned)__builtin_clzll(hi);
    else if (lo != 0)
        n = 64 + (unsigned)__builtin_clzll(lo);
    return n < max ? n : max;
}

struct network_set *network_set_new(void)
{
    struct network_set *set = calloc(1, sizeof *set);

    if (set != NULL)
        set->used = 1; /* number 0 is none */
    return set;
}

void network_set_free(struct network_set *set)
{
    if (set == NULL)
        return;
    free(set->nodes);
    free(set);
}

static bool reserve(struct network_set *set, size_t n)
{
    size_t room = set->room == 0 ? 16 : set->room * 2;
    struct node *nodes;

    if (set->used + n <= set->room)
        return true;
    nodes = realloc(set->nodes, room * sizeof *nodes);
    if (nodes == NULL)
        return false;
    set->nodes = nodes;
    set->room = room;
    return true;
}

static uint32_t new_node(struct network_set *set, const struct bits128 *prefix, unsigned bits, int32_t value)
{
    set->nodes[set->used] = (struct node){.prefix = *prefix, .bits = (uint8_t)bits, .value = value};
    return (uint32_t)set->used++;
}

/* Puts a node of `bits` bits above node `below`, and says where in it the new network hangs. */
static uint32_t *fork_above(struct network_set *set, uint32_t *link, const struct bits128 *prefix, unsigned bits)
{
    uint32_t below = *link;
    uint32_t fork = new_node(set, prefix, bits, LOOKUP_NONE);
    unsigned side = bit_at(&set->nodes[below].prefix, bits);

    set->nodes[fork].child[side] = below;
    *link = fork;
    return &set->nodes[fork].child[!side];
}

bool network_set_add(struct network_set *set, const struct network *net, int32_t value)
{
    uint32_t *link = &set->root[family_index(&net->base)];
    struct bits128 prefix = to_bits(&net->base);

    /* Allocates all nodes that may be needed first, because growing the array invalidates pointers into it. */
    if (!reserve(set, 2))
        return false;
    while (*link != 0) {
        struct node *n = &set->nodes[*link];
        unsigned common = common_bits(&n->prefix, &prefix, n->bits < net->bits ? n->bits : net->bits);

        if (common < n->bits) {
            uint32_t *place = fork_above(set, link, &prefix, common);
            if (common < net->bits) {
                link = place;
                break;
            }
            n = &set->nodes[*link];
        }
        if (n->bits == net->bits) {
            n->value = n->value == LOOKUP_NONE ? value : n->value;
            return true;
        }
        link = &n->child[bit_at(&prefix, n->bits)];
    }
    *link = new_node(set, &prefix, net->bits, value);
    return true;
}

int32_t network_set_find(const struct network_set *set, const struct address *a)
{
    unsigned width = (unsigned)address_size(a) * 8;
    int32_t found = LOOKUP_NONE;
    struct bits128 key;
    uint32_t at;

    if (set == NULL || width == 0)
        return LOOKUP_NONE;
    key = to_bits(a);
    at = set->root[family_index(a)];
    while (at != 0) {
        const struct node *n = &set->nodes[at];
        if (common_bits(&n->prefix, &key, n->bits) < n->bits)
            break;
        if (n->value != LOOKUP_NONE)
            found = n->value;
        if (n->bits == width)
            break;
        at = n->child[bit_at(&key, n->bits)];
    }
    return found;
}

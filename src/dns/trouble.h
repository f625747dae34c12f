/* SPDX-License-Identifier: BSD-2-Clause */
/* trouble: the share of temporary failures over the last minute, in a ring of five-second slots. */
#ifndef HELOD_DNS_TROUBLE_H
#define HELOD_DNS_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "hash.h"

enum {
    TROUBLE_SLOTS = 12,
    TROUBLE_SLOT_MS = 5000,
    TROUBLE_FEWEST = 20,
    TROUBLE_MARKS = 1 << 14,
    TROUBLE_NETWORKS = 1 << 12,
    TROUBLE_PER_NETWORK = 4, /* zones of each outcome that one client network may count in a minute */
};

struct trouble {
    struct hash_key key;
    struct {
        uint64_t number; /* of the slot since the clock began; shows whether the slot is from an earlier round */
        unsigned ended, failed;
    } slots[TROUBLE_SLOTS];
    uint32_t marks[TROUBLE_MARKS][2]; /* by zone and whether it failed: number of the slot that counted it, and 1 */
    struct {
        uint32_t minute;
        uint8_t counted[2]; /* well, failed */
    } networks[TROUBLE_NETWORKS];
};

/* `t` is zeroed. False: no randomness. */
bool trouble_init(struct trouble *t);
/*
 * Records the end of a lookup. `name`: as queried, lower case, without a trailing dot. `source`: the base of the client
 * network that caused it, or an address of family ADDRESS_NONE if no client chose the name.
 */
void trouble_count(struct trouble *t, const char *name, const struct address *source, bool failed, uint64_t now_ms);
/* Percent; -1 while fewer than TROUBLE_FEWEST were counted. */
int trouble_share(const struct trouble *t, uint64_t now_ms);
/* The part of the name that identifies the operator of its zone. */
const char *trouble_zone(const char *name);

#endif

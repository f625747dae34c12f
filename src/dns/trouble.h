/* SPDX-License-Identifier: BSD-2-Clause */
/* trouble: the share of temporary failures over the last minute, in a ring of five-second slots. */
#ifndef HELOD_DNS_TROUBLE_H
#define HELOD_DNS_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

enum { TROUBLE_SLOTS = 12, TROUBLE_SLOT_MS = 5000, TROUBLE_FEWEST = 20, TROUBLE_MARKS = 1 << 14 };

struct trouble {
    struct hash_key key;
    struct {
        uint64_t number; /* of the slot since the clock began; shows whether the slot is from an earlier round */
        unsigned ended, failed;
    } slots[TROUBLE_SLOTS];
    uint32_t marks[TROUBLE_MARKS][2]; /* by zone and whether it failed: number of the slot that counted it, and 1 */
};

/* `t` is zeroed. False: no randomness. */
bool trouble_init(struct trouble *t);
/* `name`: as it was asked for, lower case, without a last dot. */
void trouble_count(struct trouble *t, const char *name, bool failed, uint64_t now_ms);
/* Percent; -1 while fewer than TROUBLE_FEWEST were counted. */
int trouble_share(const struct trouble *t, uint64_t now_ms);
/* The part of the name that stands for who runs its zone. */
const char *trouble_zone(const char *name);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* trouble: the share of temporary failures over the last minute, in a ring of five-second slots. */
#ifndef HELOD_DNS_TROUBLE_H
#define HELOD_DNS_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

enum { TROUBLE_SLOTS = 12, TROUBLE_SLOT_MS = 5000, TROUBLE_FEWEST = 20 };

struct trouble {
    struct {
        uint64_t number; /* of the slot since the clock began: tells a slot of an earlier round */
        unsigned ended, failed;
    } slots[TROUBLE_SLOTS];
};

void trouble_count(struct trouble *t, bool failed, uint64_t now_ms);
/* Percent; -1 while fewer than TROUBLE_FEWEST ended. */
int trouble_share(const struct trouble *t, uint64_t now_ms);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trouble: tells a resolver in trouble from a zone in trouble, by share. Promises that what is older than a minute no
 * longer counts, without a timer.
 */
#include "trouble.h"

void trouble_count(struct trouble *t, bool failed, uint64_t now_ms)
{
    uint64_t number = now_ms / TROUBLE_SLOT_MS;
    unsigned at = (unsigned)(number % TROUBLE_SLOTS);

    if (t->slots[at].number != number) {
        t->slots[at].number = number;
        t->slots[at].ended = t->slots[at].failed = 0;
    }
    t->slots[at].ended++;
    t->slots[at].failed += failed;
}

int trouble_share(const struct trouble *t, uint64_t now_ms)
{
    uint64_t number = now_ms / TROUBLE_SLOT_MS, ended = 0, failed = 0;

    for (unsigned i = 0; i < TROUBLE_SLOTS; i++) {
        if (t->slots[i].number + TROUBLE_SLOTS <= number)
            continue;
        ended += t->slots[i].ended;
        failed += t->slots[i].failed;
    }
    return ended < TROUBLE_FEWEST ? -1 : (int)(failed * 100 / ended);
}

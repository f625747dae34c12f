/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: one lookup at a time. Its owner outlives the resolver, which forgets a query without calling back. A probe
 * that found helod's own queue full was never sent, so it shows nothing: otherwise a flood of lookups could suspend
 * DNS points.
 */
#include "probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "hash.h"

enum { EVERY_MS = 5000, VALID_MS = 15000, NAME_SIZE = 320 };

static void on_answer(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct probe *p = arg;

    (void)from_cache;
    p->query = NULL;
    if (strcmp(answer->why, "busy") == 0)
        return;
    *(answer->status == DNS_TEMPERROR ? &p->failed_ms : &p->answered_ms) = clock_ms();
}

static void ask(struct probe *p, struct resolver *r, const char *const *names, uint64_t now_ms)
{
    unsigned number = 0;
    struct hash_key label;
    char name[NAME_SIZE];

    while (names[number] != NULL)
        number++;
    p->next_ms = now_ms + EVERY_MS;
    p->failed_ms = number == 0 ? now_ms : p->failed_ms;
    if (number == 0 || !hash_key_random(&label))
        return;
    names += p->count++ % number;
    snprintf(name, sizeof(name), "helod-%08" PRIx32 ".%s", (uint32_t)label.k0, *names + (**names == '.'));
    p->query = resolver_ask(r, name, DNS_A, on_answer, p);
}

static bool is_recent(uint64_t when_ms, uint64_t now_ms)
{
    return when_ms != 0 && now_ms - when_ms < VALID_MS;
}

enum guard_probe probe_resolver(struct probe *p, struct resolver *r, const char *const *names, uint64_t now_ms)
{
    if (p->query == NULL && now_ms >= p->next_ms)
        ask(p, r, names, now_ms);
    if (is_recent(p->answered_ms, now_ms))
        return GUARD_PROBE_ANSWERED;
    return is_recent(p->failed_ms, now_ms) ? GUARD_PROBE_FAILED : GUARD_PROBE_OPEN;
}

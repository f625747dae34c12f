/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trouble: distinguishes a failing resolver from failing zones, by the share of zones that fail. A sender chooses
 * which zones helod looks up, and can make its own zones fail with every greeting. So each zone counts at most once
 * per minute as failed and once as answered, however often it is looked up. A client network counts for a few zones of
 * each outcome, and only one of its failed zones may be one that has not answered within a day.
 *
 * Promises that results older than a minute do not count, without a timer. If two zones share a mark by chance, they
 * only count as fewer zones.
 */
#include "trouble.h"

#include <string.h>

enum { DAY_MS = 86400000 };

/*
 * How many labels stand for a zone, by the end of the name: a /24, a /48, what is registered under a top-level domain
 * (one under co.uk counts with all others there, which errs to our side).
 */
static const struct {
    const char *end;
    unsigned labels;
} zones[] = {{".in-addr.arpa", 5}, {".ip6.arpa", 14}, {"", 2}};

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcmp(name + n - m, end) == 0;
}

const char *trouble_zone(const char *name)
{
    const char *at = name + strlen(name);
    unsigned row = 0, dots = 0;

    while (!ends_with(name, zones[row].end))
        row++;
    while (at > name && (at[-1] != '.' || ++dots < zones[row].labels))
        at--;
    return at;
}

bool trouble_init(struct trouble *t)
{
    return hash_key_random(&t->key);
}

/*
 * True if the zone was counted with this outcome in the minute that ends with slot `number`. Otherwise counts it.
 */
static bool counted(struct trouble *t, const char *name, bool failed, uint64_t number)
{
    const char *zone = trouble_zone(name);
    uint32_t *mark = &t->marks[hash_bytes(&t->key, zone, strlen(zone)) % TROUBLE_MARKS][failed];

    if (*mark != 0 && (uint32_t)number + 1 - *mark < TROUBLE_SLOTS)
        return true;
    *mark = (uint32_t)number + 1;
    return false;
}

/* The zone has answered within a day. */
static bool has_worked(const struct trouble *t, const char *name, uint64_t number)
{
    const char *zone = trouble_zone(name);
    uint32_t mark = t->marks[hash_bytes(&t->key, zone, strlen(zone)) % TROUBLE_MARKS][false];

    return mark != 0 && (uint32_t)number + 1 - mark < DAY_MS / TROUBLE_SLOT_MS;
}

/*
 * Uses up one of the zones that the network may count in this minute. Networks that hash to the same slot share the
 * allowance.
 */
static bool network_may_count(struct trouble *t, const struct address *source, bool failed, bool worked,
                              uint64_t now_ms)
{
    uint32_t minute = (uint32_t)(now_ms / TROUBLE_SLOT_MS / TROUBLE_SLOTS);
    unsigned at, most = failed && !worked ? 1 : TROUBLE_PER_NETWORK;

    if (source->family == ADDRESS_NONE)
        return true;
    at = hash_bytes(&t->key, source, sizeof *source) % TROUBLE_NETWORKS;
    if (t->networks[at].minute != minute) {
        t->networks[at].minute = minute;
        t->networks[at].counted[false] = t->networks[at].counted[true] = 0;
    }
    if (t->networks[at].counted[failed] >= most)
        return false;
    t->networks[at].counted[failed]++;
    return true;
}

void trouble_count(struct trouble *t, const char *name, const struct address *source, bool failed, uint64_t now_ms)
{
    uint64_t number = now_ms / TROUBLE_SLOT_MS;
    unsigned at = (unsigned)(number % TROUBLE_SLOTS);
    bool worked = has_worked(t, name, number);

    if (counted(t, name, failed, number) || !network_may_count(t, source, failed, worked, now_ms))
        return;
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

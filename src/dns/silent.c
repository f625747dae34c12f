/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * silent: distinguishes a reverse zone that its owner lets fail from a resolver in trouble. It takes three failures, at
 * least twenty minutes apart and spread over an hour, with no answer from the zone in between. A failure counts only if
 * the resolver was working: within five minutes before and after it, at least four other reverse zones answered, and at
 * most one zone failed for every four that answered. For the last failure only the minutes before it are examined. An
 * outage never counts, however long or frequent, because all zones fail while it lasts.
 *
 * All memory is bounded. If two zones hash to the same slot, the later one replaces the earlier one.
 */
#include "silent.h"

#include <string.h>

#include "trouble.h"

enum {
    MINUTE_MS = 60000,
    APART = 20,
    OVER = 60,
    FAILURES = 3,
    FORGOTTEN = 24 * 60,
    AROUND = 5,
    FEWEST = 4,
    PER_FAILED = 4
};

bool silent_init(struct silent *s)
{
    return hash_key_random(&s->key);
}

/* From 1 on, so that 0 means never. */
static uint32_t minute_of(uint64_t now_ms)
{
    return (uint32_t)(now_ms / MINUTE_MS) + 1;
}

static bool is_reverse(const char *name)
{
    size_t n = strlen(name);

    return n > 5 && strcmp(name + n - 5, ".arpa") == 0;
}

static uint64_t zone_hash(const struct silent *s, const char *name)
{
    const char *zone = trouble_zone(name);

    return hash_bytes(&s->key, zone, strlen(zone)) | 1;
}

static void count_minute(struct silent *s, uint64_t zone, bool failed, uint32_t minute)
{
    uint32_t *counted = &s->counted[zone / 2 % SILENT_ZONES][failed];
    unsigned at = minute % SILENT_MINUTES;

    if (*counted == minute)
        return;
    *counted = minute;
    if (s->minutes[at].number != minute) {
        s->minutes[at].number = minute;
        s->minutes[at].answered = s->minutes[at].failed = 0;
    }
    if (failed && s->minutes[at].failed < UINT16_MAX)
        s->minutes[at].failed++;
    else if (!failed && s->minutes[at].answered < UINT16_MAX)
        s->minutes[at].answered++;
}

/* Whether other reverse zones answered around this minute, and hardly any failed. */
static bool resolver_was_well(const struct silent *s, uint32_t minute)
{
    unsigned answered = 0, failed = 0;

    for (uint32_t i = minute > AROUND ? minute - AROUND : 1; i <= minute + AROUND; i++)
        if (s->minutes[i % SILENT_MINUTES].number == i) {
            answered += s->minutes[i % SILENT_MINUTES].answered;
            failed += s->minutes[i % SILENT_MINUTES].failed;
        }
    return answered >= FEWEST && failed * PER_FAILED <= answered;
}

/* The previous failure is judged only now, because the minutes after it matter as well. */
void silent_count(struct silent *s, const char *name, bool failed, uint64_t now_ms)
{
    uint32_t minute = minute_of(now_ms);
    uint64_t zone = is_reverse(name) ? zone_hash(s, name) : 0;
    unsigned at = (unsigned)(zone / 2 % SILENT_ZONES);

    if (zone == 0)
        return;
    count_minute(s, zone, failed, minute);
    if (!failed) {
        if (s->zones[at].zone == zone)
            s->zones[at].zone = 0;
        return;
    }
    if (s->zones[at].zone != zone || minute - s->zones[at].last > FORGOTTEN) {
        s->zones[at].zone = zone;
        s->zones[at].first = s->zones[at].last = minute;
        s->zones[at].failed = 1;
        return;
    }
    if (minute - s->zones[at].last < APART)
        return;
    if (!resolver_was_well(s, s->zones[at].last))
        s->zones[at].failed--;
    if (s->zones[at].failed == 0)
        s->zones[at].first = minute;
    s->zones[at].failed++;
    s->zones[at].last = minute;
}

bool silent_is(const struct silent *s, const char *name, uint64_t now_ms)
{
    uint64_t zone = zone_hash(s, name);
    unsigned at = (unsigned)(zone / 2 % SILENT_ZONES);

    return s->zones[at].zone == zone && s->zones[at].failed >= FAILURES &&
           s->zones[at].last - s->zones[at].first >= OVER && resolver_was_well(s, minute_of(now_ms));
}

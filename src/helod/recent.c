/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recent: two rings of fixed size. Storing a line copies it and allocates no memory.
 */
#include "recent.h"

#include <stdlib.h>
#include <string.h>

struct recent {
    uint64_t count; /* of all that were ever kept; the next one is stored at count % RECENT_DECISIONS */
    time_t now;     /* the second of the last counted decision */
    uint64_t this_second, *this_minute; /* this_minute: by kind */
    struct {
        time_t when;
        struct decision_field_list list;
    } decisions[RECENT_DECISIONS];
    struct {
        time_t minute; /* since 1970 */
        uint64_t counts[RECENT_KINDS];
    } minutes[RECENT_MINUTES + 1];
};

struct recent *recent_new(void)
{
    struct recent *r = calloc(1, sizeof(*r));

    if (r != NULL)
        r->now = -1;
    return r;
}

void recent_free(struct recent *r)
{
    free(r);
}

const char *recent_kind_name(unsigned kind)
{
    return kind < OUTCOME_COUNT ? outcome_name((enum outcome)kind) : "skipped";
}

bool recent_count(struct recent *r, time_t now, unsigned kind)
{
    size_t minute;

    if (now != r->now) {
        r->now = now;
        r->this_second = 0;
        minute = (size_t)(now / 60) % (RECENT_MINUTES + 1);
        if (r->minutes[minute].minute != now / 60) {
            r->minutes[minute].minute = now / 60;
            memset(r->minutes[minute].counts, 0, sizeof(r->minutes[minute].counts));
        }
        r->this_minute = r->minutes[minute].counts;
    }
    r->this_minute[kind]++;
    return ++r->this_second <= RECENT_DECISIONS;
}

struct decision_field_list *recent_keep(struct recent *r)
{
    size_t slot = r->count++ % RECENT_DECISIONS;

    r->decisions[slot].when = r->now;
    return &r->decisions[slot].list;
}

const struct decision_field_list *recent_decision(const struct recent *r, unsigned back, time_t *when)
{
    size_t slot;

    if (back >= RECENT_DECISIONS || back >= r->count)
        return NULL;
    slot = (r->count - 1 - back) % RECENT_DECISIONS;
    *when = r->decisions[slot].when;
    return &r->decisions[slot].list;
}

uint64_t recent_minute(const struct recent *r, time_t now, unsigned back, unsigned kind)
{
    time_t wanted = now / 60 - (time_t)back;
    size_t slot = (size_t)wanted % (RECENT_MINUTES + 1);

    return back <= RECENT_MINUTES && r->minutes[slot].minute == wanted ? r->minutes[slot].counts[kind] : 0;
}

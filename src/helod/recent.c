/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recent: two rings of fixed size. Keeping costs a copy, no allocation.
 */
#include "recent.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

struct recent {
    uint64_t count;                     /* of all kept ever; the next goes to count % RECENT_LINES */
    time_t now;                         /* the second of the decision counted last */
    uint64_t this_second, *this_minute; /* this_minute: by kind */
    struct {
        time_t when;
        size_t size;
        char text[LOG_LINE_SIZE];
    } lines[RECENT_LINES];
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
    return ++r->this_second <= RECENT_LINES;
}

void recent_keep(struct recent *r, const char *line, size_t n)
{
    size_t slot = r->count++ % RECENT_LINES;

    r->lines[slot].when = r->now;
    r->lines[slot].size = n < LOG_LINE_SIZE ? n : LOG_LINE_SIZE;
    memcpy(r->lines[slot].text, line, r->lines[slot].size);
}

const char *recent_line(const struct recent *r, unsigned back, size_t *n, time_t *when)
{
    size_t slot;

    if (back >= RECENT_LINES || back >= r->count)
        return NULL;
    slot = (r->count - 1 - back) % RECENT_LINES;
    *n = r->lines[slot].size;
    *when = r->lines[slot].when;
    return r->lines[slot].text;
}

uint64_t recent_minute(const struct recent *r, time_t now, unsigned back, unsigned kind)
{
    time_t wanted = now / 60 - (time_t)back;
    size_t slot = (size_t)wanted % (RECENT_MINUTES + 1);

    return back <= RECENT_MINUTES && r->minutes[slot].minute == wanted ? r->minutes[slot].counts[kind] : 0;
}

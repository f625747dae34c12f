/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records: two bounded tables in this process, one of client networks and one of unverified names. A flood of
 * names that are never seen again can evict other names, but no network.
 *
 * Promises never more than `entries` networks, nor more memory than `bytes` in all: a quarter of it is for names, and
 * an eighth is reserved for the allocator. A query costs two lookups, however many records there are.
 */
#include "records.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum { ALLOCATION = 16, BUCKETS = 24, POLICIES_MAX = 64, POLICY_BYTES = 4096 };

static void record_free(struct table_entry *entry, void *arg)
{
    struct record *r = (struct record *)entry;
    struct records *m = arg;

    for (unsigned i = 0; i < STORE_SUBJECTS; i++)
        if (m->last[i] == r)
            m->last[i] = NULL;
    for (unsigned i = 0; i < RECORD_SETS; i++)
        distinct_free(r->sets[i]);
    for (struct identity *i = r->identities, *next; i != NULL; i = next) {
        next = i->next;
        free(i);
    }
    free(r);
}

static size_t allocated(size_t size)
{
    return (size + ALLOCATION + 15) / 16 * 16;
}

static size_t record_cost(const struct record *r)
{
    size_t cost = allocated(sizeof(*r) + r->entry.key_size + 1) + BUCKETS;

    for (unsigned i = 0; i < RECORD_SETS; i++)
        cost += distinct_memory(r->sets[i]);
    for (const struct identity *i = r->identities; i != NULL; i = i->next)
        cost += allocated(sizeof(*i) + strlen(i->domain) + 1);
    return cost;
}

struct records *records_new(size_t entries, uint64_t bytes, uint32_t window)
{
    size_t usable = (size_t)(bytes - bytes / 8);
    struct table_limits networks = {.max_entries = entries, .max_bytes = usable - usable / 4};
    struct table_limits names = {.max_entries = entries, .max_bytes = usable / 4};
    struct table_limits policies = {.max_entries = POLICIES_MAX, .max_bytes = POLICIES_MAX * POLICY_BYTES};
    struct records *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->window = window;
    m->tables[STORE_NETWORK] = table_new(&networks, record_free, m);
    m->tables[STORE_NAME] = table_new(&names, record_free, m);
    m->tables[STORE_POLICY] = table_new(&policies, record_free, m);
    if (m->tables[STORE_NETWORK] == NULL || m->tables[STORE_NAME] == NULL || m->tables[STORE_POLICY] == NULL) {
        records_free(m);
        return NULL;
    }
    return m;
}

void records_free(struct records *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < STORE_SUBJECTS; i++)
        table_free(m->tables[i]);
    free(m);
}

void records_clear(struct records *m)
{
    for (size_t i = 0; i < STORE_SUBJECTS; i++)
        table_clear(m->tables[i]);
}

struct distinct_window records_window(const struct records *m)
{
    return (struct distinct_window){.now = (uint32_t)clock_wall(), .length = m->window};
}

struct record *records_add(struct records *m, enum store_subject subject, const char *key)
{
    size_t n = strlen(key);
    struct record *r = calloc(1, sizeof(*r) + n + 1);

    if (r == NULL)
        return NULL;
    memcpy(r->key, key, n);
    r->entry.key = r->key;
    r->entry.key_size = n;
    r->entry.cost = record_cost(r);
    table_insert(m->tables[subject], &r->entry);
    return r;
}

void records_changed(struct records *m, enum store_subject subject, struct record *r)
{
    m->changes++;
    table_charge(m->tables[subject], &r->entry, record_cost(r));
}

/* However old it is. */
static struct record *find(struct records *m, enum store_subject subject, const char *key)
{
    struct record *last = m->last[subject];

    if (last == NULL || strcmp(last->key, key) != 0)
        m->last[subject] = (struct record *)table_peek(m->tables[subject], key, strlen(key));
    return m->last[subject];
}

struct record *records_find(struct records *m, enum store_subject subject, const char *key,
                            const struct distinct_window *w)
{
    struct record *r = find(m, subject, key);

    return r != NULL && distinct_is_live(r->last, w) ? r : NULL;
}

struct record *records_touch(struct records *m, enum store_subject subject, const char *key,
                             const struct distinct_window *w)
{
    struct record *r = find(m, subject, key);

    if (r != NULL && !distinct_is_live(r->last, w)) {
        table_remove(m->tables[subject], &r->entry);
        r = NULL;
    } else if (r != NULL) {
        table_use(m->tables[subject], &r->entry);
    }
    if (r == NULL) {
        r = records_add(m, subject, key);
        if (r == NULL)
            return NULL;
        r->first = w->now;
    }
    r->last = w->now;
    return r;
}

struct identity *records_identity(const struct record *r, const char *domain, const struct distinct_window *w)
{
    for (struct identity *i = r->identities; i != NULL; i = i->next)
        if (strcmp(i->domain, domain) == 0 && distinct_is_live(i->last, w))
            return i;
    return NULL;
}

/*
 * When there are too many verified domains, drops the one with the fewest greetings; of equals the one seen longest
 * ago. So a mail server keeps its reputation however many domains bots behind the same NAT are verified for.
 */
static void drop_one_identity(struct record *r)
{
    struct identity **least = &r->identities->next, *gone;

    for (struct identity **at = least; *at != NULL; at = &(*at)->next)
        if ((*at)->count <= (*least)->count)
            least = at;
    gone = *least;
    *least = gone->next;
    free(gone);
}

bool records_add_identity(struct record *r, const char *domain, uint32_t first, uint32_t last)
{
    size_t n = strlen(domain);
    struct identity *i = calloc(1, sizeof(*i) + n + 1);
    unsigned count = 0;

    if (i == NULL)
        return false;
    memcpy(i->domain, domain, n);
    i->first = first;
    i->last = last;
    i->next = r->identities;
    r->identities = i;
    for (const struct identity *at = r->identities; at != NULL; at = at->next)
        count++;
    if (count > RECORD_IDENTITIES_MAX)
        drop_one_identity(r);
    return true;
}

bool records_drop_stale_identities(struct record *r, const struct distinct_window *w)
{
    bool dropped = false;

    for (struct identity **at = &r->identities; *at != NULL;) {
        struct identity *i = *at;

        if (distinct_is_live(i->last, w)) {
            at = &i->next;
            continue;
        }
        *at = i->next;
        free(i);
        dropped = true;
    }
    return dropped;
}

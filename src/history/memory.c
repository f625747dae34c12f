/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: two bounded tables in this process, one of client networks and one of unverified names. A flood of
 * names that are never seen again can evict other names, but no network.
 *
 * Promises never more than `entries` networks, nor more memory than `bytes` in all: a quarter of it is for names, and
 * an eighth is reserved for the allocator. A query costs two lookups, however many records there are.
 */
#include "memory.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "clock.h"

enum { ALLOCATION = 16, BUCKETS = 24, DAY = 86400, POLICIES_MAX = 64, POLICY_BYTES = 4096 };

struct memory_store {
    struct memory *memory;
    struct saver *saver; /* NULL: no file */
};

static void record_free(struct table_entry *entry, void *arg)
{
    struct record *r = (struct record *)entry;

    (void)arg;
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

struct memory *memory_new(size_t entries, uint64_t bytes, uint32_t window)
{
    size_t usable = (size_t)(bytes - bytes / 8);
    struct table_limits networks = {.max_entries = entries, .max_bytes = usable - usable / 4};
    struct table_limits names = {.max_entries = entries, .max_bytes = usable / 4};
    struct table_limits policies = {.max_entries = POLICIES_MAX, .max_bytes = POLICIES_MAX * POLICY_BYTES};
    struct memory *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return NULL;
    m->window = window;
    m->tables[STORE_NETWORK] = table_new(&networks, record_free, NULL);
    m->tables[STORE_NAME] = table_new(&names, record_free, NULL);
    m->tables[STORE_POLICY] = table_new(&policies, record_free, NULL);
    if (m->tables[STORE_NETWORK] == NULL || m->tables[STORE_NAME] == NULL || m->tables[STORE_POLICY] == NULL) {
        memory_free(m);
        return NULL;
    }
    return m;
}

void memory_free(struct memory *m)
{
    if (m == NULL)
        return;
    for (size_t i = 0; i < STORE_SUBJECTS; i++)
        table_free(m->tables[i]);
    free(m);
}

void memory_clear(struct memory *m)
{
    for (size_t i = 0; i < STORE_SUBJECTS; i++)
        table_clear(m->tables[i]);
}

struct distinct_window memory_window(const struct memory *m)
{
    return (struct distinct_window){.now = (uint32_t)clock_wall(), .length = m->window};
}

struct record *memory_add(struct memory *m, enum store_subject subject, const char *key)
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

void memory_changed(struct memory *m, enum store_subject subject, struct record *r)
{
    m->changes++;
    table_charge(m->tables[subject], &r->entry, record_cost(r));
}

/* A record that has not changed for a whole window has no valid data left. */
static struct record *find(const struct memory *m, enum store_subject subject, const char *key,
                           const struct distinct_window *w)
{
    struct record *r = key[0] == '\0' ? NULL : (struct record *)table_peek(m->tables[subject], key, strlen(key));

    return r != NULL && distinct_is_live(r->last, w) ? r : NULL;
}

/* Finds or creates the record and makes it the most recently used. A stale record is reset. */
static struct record *touch(struct memory *m, enum store_subject subject, const char *key,
                            const struct distinct_window *w)
{
    struct record *r = (struct record *)table_find(m->tables[subject], key, strlen(key));

    if (r != NULL && !distinct_is_live(r->last, w)) {
        table_remove(m->tables[subject], &r->entry);
        r = NULL;
    }
    if (r == NULL) {
        r = memory_add(m, subject, key);
        if (r == NULL)
            return NULL;
        r->first = w->now;
    }
    r->last = w->now;
    return r;
}

static struct identity *identity_of(const struct record *r, const char *domain, const struct distinct_window *w)
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

bool memory_add_identity(struct record *r, const char *domain, uint32_t first, uint32_t last)
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
    if (count > MEMORY_IDENTITIES_MAX)
        drop_one_identity(r);
    return true;
}

/* Were there any? */
static bool drop_stale_identities(struct record *r, const struct distinct_window *w)
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

/* Whether the record's size has changed. Usually it has not, because a known domain is recorded again. */
static bool note_verified(struct record *r, const char *domain, const struct distinct_window *w)
{
    struct identity *known, **at = &r->identities;
    bool changed = drop_stale_identities(r, w);

    known = identity_of(r, domain, w);
    if (known == NULL) {
        if (!memory_add_identity(r, domain, w->now, w->now))
            return changed;
        known = r->identities;
        changed = true;
    }
    known->last = w->now;
    known->count += known->count < UINT32_MAX;
    while (*at != known)
        at = &(*at)->next;
    *at = known->next;
    known->next = r->identities;
    r->identities = known;
    return changed;
}

struct misfits {
    unsigned count, days;
    unsigned today; /* of them on `day` */
    long day, last_day;
};

static void count_misfit(void *arg, const char *text, size_t n, uint32_t seen)
{
    struct misfits *m = arg;
    long day = 0;

    (void)seen;
    for (size_t i = 0; i < n && i < 9 && ascii_is_digit(text[i]); i++)
        day = day * 10 + (text[i] - '0');
    m->count++;
    m->days += m->count == 1 || day != m->last_day; /* they come in the order of time */
    m->today += day == m->day;
    m->last_day = day;
}

static struct misfits misfits_of(const struct record *r, const struct distinct_window *w)
{
    struct misfits m = {.day = w->now / DAY};

    distinct_walk(r->sets[RECORD_MISFITS], w, DISTINCT_MAX, count_misfit, &m);
    return m;
}

static void note_misfit(struct record *r, const struct distinct_window *w)
{
    struct misfits m = misfits_of(r, w);
    char text[32];

    if (m.today == MISFITS_A_DAY)
        return;
    snprintf(text, sizeof(text), "%ld/%u", m.day, m.today);
    distinct_add(&r->sets[RECORD_MISFITS], text, w);
}

static void memory_note(void *store, const struct store_keys *keys, bool verified)
{
    struct memory *m = ((struct memory_store *)store)->memory;
    struct distinct_window w = memory_window(m);
    struct record *network = touch(m, STORE_NETWORK, keys->network, &w), *name;

    if (network == NULL)
        return;
    if (verified) {
        bool misfitted = network->sets[RECORD_MISFITS] != NULL;

        m->changes++;
        distinct_free(network->sets[RECORD_MISFITS]);
        network->sets[RECORD_MISFITS] = NULL;
        if ((keys->domain[0] != '\0' && note_verified(network, keys->domain, &w)) || misfitted)
            memory_changed(m, STORE_NETWORK, network);
        return;
    }
    note_misfit(network, &w);
    if (keys->domain[0] != '\0')
        distinct_add(&network->sets[RECORD_DOMAINS], keys->domain, &w);
    distinct_add(&network->sets[RECORD_NAMES], keys->name, &w);
    memory_changed(m, STORE_NETWORK, network);
    name = touch(m, STORE_NAME, keys->name, &w);
    if (name == NULL)
        return;
    distinct_add(&name->sets[RECORD_NETWORKS], keys->near, &w);
    memory_changed(m, STORE_NAME, name);
}

static void memory_note_encrypted(void *store, const struct store_keys *keys)
{
    struct memory *m = ((struct memory_store *)store)->memory;
    struct distinct_window w = memory_window(m);
    struct record *policy = touch(m, STORE_POLICY, keys->policy, &w);

    if (policy == NULL)
        return;
    m->changes++;
    if (distinct_add(&policy->sets[RECORD_NETWORKS], keys->near, &w))
        memory_changed(m, STORE_POLICY, policy);
}

static unsigned encrypted_networks(const struct memory *m, const struct store_keys *keys, struct distinct_window w)
{
    const struct record *policy = find(m, STORE_POLICY, keys->policy, &w);

    if (w.length > HISTORY_ENCRYPTED_DAYS * DAY)
        w.length = HISTORY_ENCRYPTED_DAYS * DAY;
    return policy != NULL ? distinct_count(policy->sets[RECORD_NETWORKS], &w) : 0;
}

/* Whether the network is known for exactly one domain. */
static bool known_for_one(const struct record *r, unsigned known_count, const struct distinct_window *w)
{
    const struct identity *only = NULL;

    for (const struct identity *i = r->identities; i != NULL; i = i->next) {
        if (!distinct_is_live(i->last, w))
            continue;
        if (only != NULL)
            return false;
        only = i;
    }
    return only != NULL && only->count >= known_count;
}

static bool memory_at_once(void *store, const struct store_keys *keys, struct history_facts *out)
{
    const struct memory *m = ((const struct memory_store *)store)->memory;
    struct distinct_window w = memory_window(m);
    const struct record *network = find(m, STORE_NETWORK, keys->network, &w);
    const struct record *name = find(m, STORE_NAME, keys->name, &w);
    const struct identity *known;
    struct misfits misfits;

    out->known = out->name_known = true;
    out->encrypted_networks = encrypted_networks(m, keys, w);
    if (name != NULL)
        out->networks = distinct_count(name->sets[RECORD_NETWORKS], &w);
    if (network == NULL)
        return true;
    out->first_seen = (time_t)network->first;
    out->last_seen = (time_t)network->last;
    out->domains = distinct_count(network->sets[RECORD_DOMAINS], &w);
    out->names = distinct_count(network->sets[RECORD_NAMES], &w);
    misfits = misfits_of(network, &w);
    out->misfits = misfits.count;
    out->misfit_days = misfits.days;
    known = keys->domain[0] == '\0' ? NULL : identity_of(network, keys->domain, &w);
    if (known != NULL) {
        out->good = known->count;
        out->good_days = (known->last - known->first) / DAY;
    } else {
        out->verified_other = known_for_one(network, keys->known_count, &w);
    }
    return true;
}

static void list_text(void *arg, const char *text, size_t n, uint32_t seen)
{
    struct store_list *list = arg;
    struct store_listed *item = &list->items[list->count];

    if (list->count == STORE_LISTED_MAX)
        return;
    memcpy(item->text, text, n);
    item->seen = seen;
    list->count++;
}

static void list_set(struct store_list *list, const struct distinct *set, const struct distinct_window *w)
{
    list->total = distinct_count(set, w);
    list->at_least = list->total == DISTINCT_MAX;
    distinct_walk(set, w, STORE_LISTED_MAX, list_text, list);
}

static void memory_show(void *store, enum store_subject subject, const char *key, struct store_waiter *waiter)
{
    const struct memory *m = ((const struct memory_store *)store)->memory;
    struct distinct_window w = memory_window(m);
    const struct record *r = find(m, subject, key, &w);
    struct store_list *verified = &waiter->record->lists[STORE_VERIFIED];
    struct misfits misfits;

    waiter->ok = true;
    if (r == NULL)
        return;
    waiter->record->found = true;
    waiter->record->first = r->first;
    waiter->record->last = r->last;
    if (subject == STORE_NAME) {
        list_set(&waiter->record->lists[STORE_NETWORKS], r->sets[RECORD_NETWORKS], &w);
        return;
    }
    misfits = misfits_of(r, &w);
    waiter->record->misfits = misfits.count;
    waiter->record->misfit_days = misfits.days;
    list_set(&waiter->record->lists[STORE_DOMAINS], r->sets[RECORD_DOMAINS], &w);
    list_set(&waiter->record->lists[STORE_NAMES], r->sets[RECORD_NAMES], &w);
    for (const struct identity *i = r->identities; i != NULL; i = i->next) {
        if (!distinct_is_live(i->last, &w))
            continue;
        list_text(verified, i->domain, strlen(i->domain), i->last);
        verified->items[verified->count - 1].first = i->first;
        verified->items[verified->count - 1].count = i->count;
        verified->total++;
    }
}

static void memory_forget(void *store, enum store_subject subject, const char *key, struct store_waiter *waiter)
{
    struct memory *m = ((struct memory_store *)store)->memory;
    struct table_entry *entry = table_peek(m->tables[subject], key, strlen(key));

    waiter->ok = true;
    if (entry == NULL)
        return;
    waiter->record->found = true;
    table_remove(m->tables[subject], entry);
    m->changes++;
}

static void memory_stats(const void *store, struct history_stats *out)
{
    const struct memory *m = ((const struct memory_store *)store)->memory;

    out->up = true;
    out->networks = table_count(m->tables[STORE_NETWORK]);
    out->names = table_count(m->tables[STORE_NAME]);
    out->bytes = table_bytes(m->tables[STORE_NETWORK]) + table_bytes(m->tables[STORE_NAME]);
    out->evicted = table_evicted(m->tables[STORE_NETWORK]) + table_evicted(m->tables[STORE_NAME]);
}

static void memory_close(void *store)
{
    struct memory_store *s = store;

    saver_free(s->saver);
    memory_free(s->memory);
    free(s);
}

static void *memory_open(const struct store_context *context, char *error, size_t error_size)
{
    const struct history_settings *settings = context->settings;
    struct memory_store *s = calloc(1, sizeof(*s));

    snprintf(error, error_size, "no memory for the history");
    if (s == NULL)
        return NULL;
    s->memory = memory_new(settings->entries, settings->bytes, (uint32_t)(settings->window_ms / 1000));
    if (s->memory != NULL && settings->file[0] != '\0')
        s->saver = saver_new(s->memory, context);
    if (s->memory != NULL && (settings->file[0] == '\0' || s->saver != NULL))
        return s;
    memory_close(s);
    return NULL;
}

static bool memory_save(void *store, char *error, size_t error_size)
{
    struct memory_store *s = store;

    return s->saver == NULL || saver_save(s->saver, error, error_size);
}

const struct store store_memory = {
    .name = "memory",
    .open = memory_open,
    .close = memory_close,
    .at_once = memory_at_once,
    .note = memory_note,
    .note_encrypted = memory_note_encrypted,
    .show = memory_show,
    .forget = memory_forget,
    .stats = memory_stats,
    .save = memory_save,
};

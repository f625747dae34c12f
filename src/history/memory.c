/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memory: the store in this process: its records, and their snapshot if there is a file for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "records.h"
#include "saver.h"

enum { DAY = 86400 };

struct memory {
    struct records *records;
    struct saver *saver; /* NULL: no file */
};

/* Whether the record's size has changed. Usually it has not, because a known domain is recorded again. */
static bool note_verified(struct record *r, const char *domain, const struct distinct_window *w)
{
    struct identity *known, **at = &r->identities;
    bool changed = records_drop_stale_identities(r, w);

    known = records_identity(r, domain, w);
    if (known == NULL) {
        if (!records_add_identity(r, domain, w->now, w->now))
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
    struct records *m = ((struct memory *)store)->records;
    struct distinct_window w = records_window(m);
    struct record *network = records_touch(m, STORE_NETWORK, keys->network, &w), *name;

    if (network == NULL)
        return;
    if (verified) {
        bool misfitted = network->sets[RECORD_MISFITS] != NULL;

        m->changes++;
        distinct_free(network->sets[RECORD_MISFITS]);
        network->sets[RECORD_MISFITS] = NULL;
        if ((keys->domain[0] != '\0' && note_verified(network, keys->domain, &w)) || misfitted)
            records_changed(m, STORE_NETWORK, network);
        return;
    }
    note_misfit(network, &w);
    if (keys->domain[0] != '\0')
        distinct_add(&network->sets[RECORD_DOMAINS], keys->domain, &w);
    distinct_add(&network->sets[RECORD_NAMES], keys->name, &w);
    records_changed(m, STORE_NETWORK, network);
    name = records_touch(m, STORE_NAME, keys->name, &w);
    if (name == NULL)
        return;
    distinct_add(&name->sets[RECORD_NETWORKS], keys->near, &w);
    records_changed(m, STORE_NAME, name);
}

static void memory_note_encrypted(void *store, const struct store_keys *keys)
{
    struct records *m = ((struct memory *)store)->records;
    struct distinct_window w = records_window(m);
    struct record *policy = records_touch(m, STORE_POLICY, keys->policy, &w);

    if (policy == NULL)
        return;
    m->changes++;
    if (distinct_add(&policy->sets[RECORD_NETWORKS], keys->near, &w))
        records_changed(m, STORE_POLICY, policy);
}

static unsigned encrypted_networks(struct records *m, const struct store_keys *keys, struct distinct_window w)
{
    const struct record *policy = records_find(m, STORE_POLICY, keys->policy, &w);

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
    struct records *m = ((const struct memory *)store)->records;
    struct distinct_window w = records_window(m);
    const struct record *network = records_find(m, STORE_NETWORK, keys->network, &w);
    const struct record *name = records_find(m, STORE_NAME, keys->name, &w);
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
    known = keys->domain[0] == '\0' ? NULL : records_identity(network, keys->domain, &w);
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
    struct records *m = ((const struct memory *)store)->records;
    struct distinct_window w = records_window(m);
    const struct record *r = records_find(m, subject, key, &w);
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
    struct records *m = ((struct memory *)store)->records;
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
    const struct records *m = ((const struct memory *)store)->records;

    out->up = true;
    out->networks = table_count(m->tables[STORE_NETWORK]);
    out->names = table_count(m->tables[STORE_NAME]);
    out->bytes = table_bytes(m->tables[STORE_NETWORK]) + table_bytes(m->tables[STORE_NAME]);
    out->evicted = table_evicted(m->tables[STORE_NETWORK]) + table_evicted(m->tables[STORE_NAME]);
}

static void memory_close(void *store)
{
    struct memory *s = store;

    saver_free(s->saver);
    records_free(s->records);
    free(s);
}

static void *memory_open(const struct store_context *context, char *error, size_t error_size)
{
    const struct history_settings *settings = context->settings;
    struct memory *s = calloc(1, sizeof(*s));

    snprintf(error, error_size, "no memory for the history");
    if (s == NULL)
        return NULL;
    s->records = records_new(settings->entries, settings->bytes, (uint32_t)(settings->window_ms / 1000));
    if (s->records != NULL && settings->file[0] != '\0')
        s->saver = saver_new(s->records, context);
    if (s->records != NULL && (settings->file[0] == '\0' || s->saver != NULL))
        return s;
    memory_close(s);
    return NULL;
}

static bool memory_save(void *store, char *error, size_t error_size)
{
    struct memory *s = store;

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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_record: reads all members at once and then answers from the array. A member that this version does not know
 * is skipped. Counts may be too low, never too high: a record that is too long to be read as a whole loses counts.
 */
#include "redis_record.h"

#include <stdlib.h>
#include <string.h>

#define SCORE_MAX ((long long)1 << 53)

/* As in the memory store. */
enum { DAY = 86400, MISFITS_A_DAY = 5 };

struct member {
    const char *text; /* letter and text */
    size_t n;
    uint32_t value;     /* a time or a number, without its sign */
    uint32_t greetings; /* of a verified domain, while redis_record_excess() works */
    bool is_last;       /* the time of a last greeting */
};

struct members {
    unsigned count;
    struct member items[REDIS_RECORD_READ];
};

/* A whole number that a double can hold, which is all that a score can be here. */
static bool read_score(const redisReply *reply, struct member *m)
{
    long long score;
    char *end;

    if (reply->type != REDIS_REPLY_STRING || reply->len == 0)
        return false;
    score = strtoll(reply->str, &end, 10);
    if (*end != '\0' || score > SCORE_MAX || score < -SCORE_MAX)
        return false;
    if (m->text[0] == 'n')
        score -= REDIS_RECORD_NAMES;
    m->is_last = score < 0;
    score = score < 0 ? -score : score;
    m->value = score > UINT32_MAX ? UINT32_MAX : (uint32_t)score;
    return true;
}

static bool read_members(const redisReply *reply, struct members *out)
{
    out->count = 0;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements % 2 != 0 || reply->elements > 2 * (size_t)REDIS_RECORD_READ)
        return false;
    for (size_t i = 0; i < reply->elements; i += 2) {
        const redisReply *text = reply->element[i];
        struct member *m = &out->items[out->count];

        if (text->type != REDIS_REPLY_STRING || text->len == 0 || (size_t)text->len > STORE_KEY_SIZE ||
            memchr(text->str, '\0', (size_t)text->len) != NULL)
            return false;
        m->text = text->str;
        m->n = (size_t)text->len;
        if (!read_score(reply->element[i + 1], m))
            return false;
        out->count++;
    }
    return true;
}

static const struct member *find(const struct members *all, char kind, const char *text)
{
    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i].text[0] == kind && strcmp(all->items[i].text + 1, text) == 0)
            return &all->items[i];
    return NULL;
}

/* The score of a member; 0: there is none. */
static uint32_t value_of(const struct members *all, char kind, const char *text)
{
    const struct member *m = find(all, kind, text);

    return m != NULL ? m->value : 0;
}

static bool is_live(const struct member *m, char kind, uint32_t since)
{
    return m->text[0] == kind && m->is_last && m->value > since;
}

static unsigned count(const struct members *all, char kind, uint32_t since)
{
    unsigned n = 0;

    for (unsigned i = 0; i < all->count; i++)
        n += is_live(&all->items[i], kind, since);
    return n;
}

/* The order is that of the last times, so those of one day follow each other. */
struct misfits {
    unsigned count, days, today;
    uint32_t day;
};

/* Returns false for a misfit beyond those that count for its day. */
static bool add_misfit(struct misfits *m, uint32_t seen)
{
    if (m->days == 0 || seen / DAY != m->day) {
        m->days++;
        m->day = seen / DAY;
        m->today = 0;
    }
    if (m->today == MISFITS_A_DAY || m->count == REDIS_RECORD_MISFITS)
        return false;
    m->today++;
    m->count++;
    return true;
}

static struct misfits misfits_of(const struct members *all, uint32_t since)
{
    struct misfits out = {.count = 0};
    uint32_t verified = value_of(all, 'r', "");

    for (unsigned i = 0; i < all->count; i++)
        if (is_live(&all->items[i], 'm', since > verified ? since : verified))
            add_misfit(&out, all->items[i].value);
    return out;
}

/* The time of the last greeting; 0: none is within the window, so the record has no valid data. */
static uint32_t last_greeting(const struct members *all, uint32_t since)
{
    uint32_t last = all->count > 0 && all->items[0].is_last ? all->items[0].value : 0;

    return last > since ? last : 0;
}

/* Whether the network is known for exactly one domain, and it is a different one. */
static bool known_for_another(const struct members *all, uint32_t since, const struct store_keys *keys)
{
    const struct member *only = NULL;

    for (unsigned i = 0; i < all->count; i++) {
        if (!is_live(&all->items[i], 'v', since))
            continue;
        if (only != NULL)
            return false;
        only = &all->items[i];
    }
    return only != NULL && strcmp(only->text + 1, keys->domain) != 0 &&
           value_of(all, 'k', only->text + 1) >= keys->known_count;
}

bool redis_record_facts(const redisReply *reply, uint32_t since, const struct store_keys *keys,
                        struct history_facts *facts)
{
    struct members all;
    struct misfits misfits;
    uint32_t first, last;

    if (!read_members(reply, &all))
        return false;
    facts->last_seen = (time_t)last_greeting(&all, since);
    if (facts->last_seen == 0)
        return true;
    facts->first_seen = (time_t)value_of(&all, 'f', "");
    facts->domains = count(&all, 'd', since);
    facts->names = count(&all, 'n', since);
    misfits = misfits_of(&all, since);
    facts->misfits = misfits.count;
    facts->misfit_days = misfits.days;
    facts->verified_other = known_for_another(&all, since, keys);
    last = value_of(&all, 'v', keys->domain);
    if (last <= since)
        return true;
    first = value_of(&all, 'w', keys->domain);
    facts->good = value_of(&all, 'k', keys->domain);
    facts->good_days = first > 0 && last > first ? (last - first) / DAY : 0;
    return true;
}

static void list(const struct members *all, char kind, uint32_t since, unsigned bound, struct store_list *out)
{
    out->total = count(all, kind, since);
    out->at_least = out->total >= bound;
    for (unsigned i = 0; i < all->count && out->count < STORE_LISTED_MAX; i++) {
        const struct member *m = &all->items[i];
        struct store_listed *item = &out->items[out->count];

        if (!is_live(m, kind, since))
            continue;
        memcpy(item->text, m->text + 1, m->n); /* with its NUL */
        item->seen = m->value;
        item->first = kind == 'v' ? value_of(all, 'w', item->text) : 0;
        item->count = kind == 'v' ? value_of(all, 'k', item->text) : 0;
        out->count++;
    }
}

static void list_network(const struct members *all, const struct redis_record_bounds *bounds, struct store_record *out)
{
    struct misfits misfits = misfits_of(all, bounds->since);

    out->first = value_of(all, 'f', "");
    out->misfits = misfits.count;
    out->misfit_days = misfits.days;
    list(all, 'n', bounds->since, bounds->names, &out->lists[STORE_NAMES]);
    list(all, 'd', bounds->since, bounds->names, &out->lists[STORE_DOMAINS]);
    list(all, 'v', bounds->since, REDIS_RECORD_VERIFIED, &out->lists[STORE_VERIFIED]);
}

static void list_name(const struct members *all, const struct redis_record_bounds *bounds, struct store_record *out)
{
    list(all, 'a', bounds->since, bounds->networks, &out->lists[STORE_NETWORKS]);
    for (unsigned i = 0; i < all->count; i++)
        if (is_live(&all->items[i], 'a', bounds->since))
            out->first = all->items[i].value;
}

bool redis_record_list(const redisReply *reply, const struct redis_record_bounds *bounds, enum store_subject subject,
                       struct store_record *out)
{
    struct members all;
    uint32_t last;

    if (!read_members(reply, &all))
        return false;
    last = last_greeting(&all, bounds->since);
    if (last == 0)
        return true;
    out->found = true;
    out->last = last;
    if (subject == STORE_NETWORK)
        list_network(&all, bounds, out);
    else
        list_name(&all, bounds, out);
    return true;
}

static void drop(struct redis_record_excess *out, struct member *m)
{
    out->members[out->count] = m->text;
    out->sizes[out->count++] = m->n;
    m->text = ""; /* of no kind any more */
}

/* The members that are too old, and the oldest names, domains and misfits beyond their bounds. */
static void drop_old(struct members *all, const struct redis_record_bounds *bounds, struct redis_record_excess *out)
{
    unsigned names = 0, domains = 0;
    struct misfits misfits = {.count = 0};

    for (unsigned i = 0; i < all->count; i++) {
        struct member *m = &all->items[i];
        char kind = m->text[0];

        if ((m->is_last && kind != 'r' && m->value <= bounds->since) || (kind == 'n' && names++ >= bounds->names) ||
            (kind == 'd' && domains++ >= bounds->names) || (kind == 'm' && !add_misfit(&misfits, m->value)))
            drop(out, m);
    }
}

/* The verified domain with the fewest greetings; of several the one that was seen longest ago. */
static struct member *least_verified(struct members *all)
{
    struct member *found = NULL;

    for (unsigned i = 0; i < all->count; i++)
        if (all->items[i].text[0] == 'v' && (found == NULL || all->items[i].greetings <= found->greetings))
            found = &all->items[i];
    return found;
}

static void drop_verified(struct members *all, struct redis_record_excess *out)
{
    unsigned verified = 0;

    for (unsigned i = 0; i < all->count; i++) {
        struct member *m = &all->items[i];

        if (m->text[0] != 'v')
            continue;
        m->greetings = value_of(all, 'k', m->text + 1);
        verified++;
    }
    for (struct member *m; verified > REDIS_RECORD_VERIFIED && (m = least_verified(all)) != NULL; verified--)
        drop(out, m);
    for (unsigned i = 0; i < all->count; i++) {
        struct member *m = &all->items[i];

        if ((m->text[0] == 'w' || m->text[0] == 'k') && find(all, 'v', m->text + 1) == NULL)
            drop(out, m);
    }
}

bool redis_record_excess(const redisReply *reply, const struct redis_record_bounds *bounds,
                         struct redis_record_excess *out)
{
    struct members all;

    out->count = 0;
    if (!read_members(reply, &all))
        return false;
    drop_old(&all, bounds, out);
    drop_verified(&all, out);
    return true;
}

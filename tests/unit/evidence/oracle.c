/* SPDX-License-Identifier: BSD-2-Clause */
/* oracle: see oracle.h. Answers are delivered in the order in which they were asked for. */
#include "oracle.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cache.h"
#include "clock.h"

struct resolver_query {
    char name[DNS_NAME_SIZE];
    enum dns_type type;
    resolver_done *done; /* NULL: cancelled */
    void *arg;
    struct resolver_query *next;
};

struct resolver {
    oracle_world *world;
    void *arg;
    struct cache *cache;
    struct resolver_query *waiting;
    unsigned sent, recalled;
};

struct resolver *oracle_new(oracle_world *world, void *arg, const struct resolver_options *options)
{
    const struct cache_ttls ttls = {options->ttl_min, options->ttl_max, options->negative_ttl_max,
                                    options->failure_ttl};
    struct resolver *r = calloc(1, sizeof(*r));

    if (!r || !(r->cache = cache_new(options->cache_entries, &ttls)))
        abort();
    r->world = world;
    r->arg = arg;
    return r;
}

void oracle_free(struct resolver *r)
{
    while (oracle_deliver(r))
        continue;
    cache_free(r->cache);
    free(r);
}

static void lower(const char *name, char out[DNS_NAME_SIZE])
{
    size_t n = strnlen(name, DNS_NAME_SIZE - 1);

    for (size_t i = 0; i < n; i++)
        out[i] = (char)tolower((unsigned char)name[i]);
    out[n] = '\0';
}

static struct answer *answer_of(struct resolver *r, const char *name, enum dns_type type)
{
    struct oracle_answer said = {.status = DNS_NXDOMAIN};
    struct dns_record records[ORACLE_RECORDS] = {0};
    uint32_t offsets[ORACLE_RECORDS];
    char texts[4096] = "";
    struct answer_parts parts = {
        .name = name, .why = "said", .type = (uint16_t)type, .records = records, .texts = texts, .offsets = offsets};

    r->world(r->arg, name, (uint16_t)type, &said);
    parts.status = said.status;
    parts.ttl = said.ttl;
    parts.count = said.count;
    for (unsigned i = 0; i < said.count; i++) {
        size_t length = strlen(said.values[i]);

        offsets[i] = (uint32_t)parts.texts_size;
        if (type == DNS_A || type == DNS_AAAA) {
            if (!address_parse(&records[i].address, said.values[i], length))
                abort();
            continue;
        }
        if (type == DNS_TXT)
            records[i].text.size = length;
        memcpy(texts + parts.texts_size, said.values[i], length + 1);
        parts.texts_size += length + 1;
    }
    return answer_new(&parts);
}

bool oracle_deliver(struct resolver *r)
{
    struct resolver_query *q = r->waiting;
    struct answer *answer;

    if (!q)
        return false;
    r->waiting = q->next;
    answer = answer_of(r, q->name, q->type);
    cache_put(r->cache, answer, clock_ms());
    if (q->done)
        q->done(q->arg, &answer->view, false);
    answer_unref(answer);
    free(q);
    return true;
}

const struct dns_answer *resolver_cached(struct resolver *r, const char *name, enum dns_type type)
{
    uint16_t number = (uint16_t)type;
    char key[2 + DNS_NAME_SIZE];
    struct answer *found;

    memcpy(key, &number, 2);
    lower(name, key + 2);
    found = cache_find(r->cache, key, 2 + strlen(key + 2), clock_ms());
    return found ? &found->view : NULL;
}

const struct dns_answer *resolver_get(struct resolver *r, const struct resolver_question *question,
                                      struct resolver_query **query)
{
    const struct dns_answer *known = resolver_cached(r, question->name, question->type);
    struct resolver_query **last = &r->waiting, *q;

    *query = NULL;
    if (known)
        return known;
    *query = q = calloc(1, sizeof(*q));
    if (!q)
        abort();
    *q = (struct resolver_query){.type = question->type, .done = question->done, .arg = question->arg};
    lower(question->name, q->name);
    while (*last)
        last = &(*last)->next;
    *last = q;
    r->sent++;
    return NULL;
}

void resolver_cancel(struct resolver_query *q)
{
    q->done = NULL;
}

void resolver_count_hits(struct resolver *r, unsigned answers)
{
    r->recalled += answers;
}

unsigned oracle_sent(const struct resolver *r)
{
    return r->sent;
}

unsigned oracle_recalled(const struct resolver *r)
{
    return r->recalled;
}

bool history_at_once(struct history *h, const struct history_greeting *greeting, struct history_facts *out)
{
    struct history_limits limits = out->limits;

    (void)greeting;
    if (!h->at_once)
        return false;
    *out = h->facts;
    out->limits = limits;
    return true;
}

struct history_query *history_ask(struct history *h, const struct history_greeting *greeting, history_done *done,
                                  void *arg)
{
    (void)greeting;
    h->done = done;
    h->arg = arg;
    return (struct history_query *)h;
}

void history_cancel(struct history_query *q)
{
    if (q)
        ((struct history *)q)->done = NULL;
}

bool oracle_remember(struct history *h)
{
    history_done *done = h ? h->done : NULL;

    if (!done)
        return false;
    h->done = NULL;
    done(h->arg, &h->facts);
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * greetings: pairs of client and HELO name over the bounded, seeded table. The texts of a pair lie in the same block
 * of memory as the pair itself and were filtered before they were stored.
 */
#include "greetings.h"

#include <stdlib.h>
#include <string.h>

#include "rule.h"
#include "text.h"

enum { GREETINGS_MAX = 50000, CLIENTS_MAX = 65536, KEY_SIZE = 1200, TEXTS = 5 };

/* A client that proved its name in a greeting that reached no threshold. */
struct welcomed {
    struct table_entry entry;
    struct address client;
    uint64_t count;
};

struct greetings {
    struct table *pairs, *welcomed;
};

const char *greeting_sign_name(enum greeting_sign sign)
{
    static const char *const names[SIGN_COUNT] = {
        [SIGN_CONFIRMED] = "confirmed reverse name",
        [SIGN_PROVED] = "proved its name",
        [SIGN_WELCOMED] = "welcomed later",
        [SIGN_DELIVERED] = "delivered",
        [SIGN_HAM] = "sent ham",
        [SIGN_SPAM] = "sent spam",
    };

    return names[sign];
}

struct greetings *greetings_new(void)
{
    const struct table_limits pairs = {.max_entries = GREETINGS_MAX}, clients = {.max_entries = CLIENTS_MAX};
    struct greetings *g = calloc(1, sizeof(*g));

    if (!g)
        return NULL;
    g->pairs = table_new(&pairs, NULL, NULL);
    g->welcomed = table_new(&clients, NULL, NULL);
    if (g->pairs && g->welcomed)
        return g;
    greetings_free(g);
    return NULL;
}

void greetings_free(struct greetings *g)
{
    if (!g)
        return;
    table_free(g->pairs);
    table_free(g->welcomed);
    free(g);
}

/* The texts one after the other, each with its NUL; they are the pair's key, too. */
static size_t make_key(char key[KEY_SIZE], const char *const texts[TEXTS], size_t starts[TEXTS])
{
    size_t used = 0;

    for (size_t i = 0; i < TEXTS; i++) {
        struct text t;

        starts[i] = used;
        text_init(&t, key + used, (KEY_SIZE - used) / (TEXTS - i));
        text_add_as(&t, TEXT_PLAIN, texts[i], SIZE_MAX);
        used += t.used + 1;
    }
    return used;
}

static struct greeting *find_or_add(struct greetings *g, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    char network[NETWORK_TEXT_SIZE], key[KEY_SIZE];
    const char *const texts[TEXTS] = {f->client, f->helo, f->rdns, l->domain, logged_network(l, network)};
    size_t starts[TEXTS], size = make_key(key, texts, starts);
    struct greeting *pair = (struct greeting *)(void *)table_find(g->pairs, key, size);
    char *copy;

    if (pair)
        return pair;
    pair = calloc(1, sizeof(*pair) + size);
    if (!pair)
        return NULL;
    copy = memcpy(pair + 1, key, size);
    pair->entry.key = copy;
    pair->entry.key_size = size;
    pair->client = l->client;
    pair->client_text = copy + starts[0];
    pair->helo = copy + starts[1];
    pair->rdns = copy + starts[2];
    pair->domain = copy + starts[3];
    pair->network = copy + starts[4];
    pair->score = -1;
    table_insert(g->pairs, &pair->entry);
    return pair;
}

static void keep_worst(struct greeting *pair, const struct logged *l)
{
    struct text t;

    if (l->verdict.score <= pair->score)
        return;
    pair->score = l->verdict.score;
    pair->worst = l->state;
    text_init(&t, pair->id, sizeof(pair->id));
    text_add_as(&t, TEXT_PLAIN, l->record->fields->id, SIZE_MAX);
    text_init(&t, pair->findings, sizeof(pair->findings));
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        size_t before = t.used;

        text_addf(&t, "%s%s:%d", i ? " " : "", rules[l->verdict.findings[i].rule]->name,
                  l->verdict.findings[i].counted);
        if (t.full)
            text_rewind(&t, before);
    }
}

void greetings_add(struct greetings *g, const struct logged *l, int label, bool delivered)
{
    struct greeting *pair = find_or_add(g, l);
    time_t when = l->record->when;

    if (!pair)
        return;
    pair->count++;
    pair->states[l->state]++;
    pair->signs[SIGN_CONFIRMED] += logged_confirmed(l);
    pair->signs[SIGN_PROVED] += l->proved;
    pair->signs[SIGN_DELIVERED] += delivered;
    pair->signs[SIGN_HAM] += label == LABEL_HAM;
    pair->signs[SIGN_SPAM] += label == LABEL_SPAM;
    if (when && (pair->first == 0 || when < pair->first))
        pair->first = when;
    if (when > pair->last)
        pair->last = when;
    keep_worst(pair, l);
}

void greetings_welcome(struct greetings *g, const struct address *client)
{
    struct welcomed *w = (struct welcomed *)(void *)table_find(g->welcomed, client, sizeof(*client));

    if (!w) {
        w = calloc(1, sizeof(*w));
        if (!w)
            return;
        w->client = *client;
        w->entry.key = &w->client;
        w->entry.key_size = sizeof(w->client);
        table_insert(g->welcomed, &w->entry);
    }
    w->count++;
}

uint64_t greeting_refused(const struct greeting *g)
{
    return g->states[OUTCOME_DEFER] + g->states[OUTCOME_REJECT];
}

bool greeting_looks_wrong(const struct greeting *g)
{
    if (g->signs[SIGN_HAM] != g->signs[SIGN_SPAM])
        return g->signs[SIGN_HAM] > g->signs[SIGN_SPAM];
    return g->signs[SIGN_PROVED] > 0 || g->signs[SIGN_WELCOMED] > 0 || g->signs[SIGN_DELIVERED] > 0;
}

static int harm(const struct greeting *g)
{
    return greeting_refused(g) == 0 ? 0 : greeting_looks_wrong(g) ? 2 : 1;
}

static int by_harm(const void *a, const void *b)
{
    const struct greeting *x = *(struct greeting *const *)a, *y = *(struct greeting *const *)b;

    if (harm(x) != harm(y))
        return harm(x) < harm(y) ? 1 : -1;
    if (greeting_refused(x) != greeting_refused(y))
        return greeting_refused(x) < greeting_refused(y) ? 1 : -1;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->client_text, y->client_text) != 0 ? strcmp(x->client_text, y->client_text)
                                                       : strcmp(x->helo, y->helo);
}

struct listing {
    const struct greetings *g;
    struct greeting **rows;
    size_t n;
};

static bool list(struct table_entry *entry, void *arg)
{
    struct listing *to = arg;
    struct greeting *pair = (struct greeting *)(void *)entry;
    const struct table_entry *welcomed = table_peek(to->g->welcomed, &pair->client, sizeof(pair->client));

    if (welcomed)
        pair->signs[SIGN_WELCOMED] = ((const struct welcomed *)(const void *)welcomed)->count;
    to->rows[to->n++] = pair;
    return true;
}

struct greeting **greetings_by_harm(const struct greetings *g, size_t *n)
{
    struct listing l = {.g = g, .rows = calloc(table_count(g->pairs) + 1, sizeof(struct greeting *))};

    *n = 0;
    if (!l.rows)
        return NULL;
    table_walk(g->pairs, list, &l);
    qsort(l.rows, l.n, sizeof(*l.rows), by_harm);
    *n = l.n;
    return l.rows;
}

uint64_t greetings_dropped(const struct greetings *g)
{
    return table_evicted(g->pairs);
}

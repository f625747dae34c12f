/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * greetings: pairs of client and HELO name over the bounded, seeded table. The texts of a pair lie in the same block
 * of memory as the pair itself and were filtered before they were stored.
 */
#include "greetings.h"

#include <stdlib.h>
#include <string.h>

#include "rule.h"
#include "tally.h"
#include "text.h"

enum { KEY_SIZE = 1200, TEXTS = 5 };

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

/* Joins the texts, each with its NUL at the end. They are the key of the pair. */
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

static struct greeting *find_or_add(struct table *pairs, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    char network[NETWORK_TEXT_SIZE], key[KEY_SIZE];
    const char *const texts[TEXTS] = {f->client, f->helo, f->rdns, l->domain, logged_network(l, network)};
    size_t starts[TEXTS], size = make_key(key, texts, starts);
    struct greeting *pair = sure_entry(pairs, key, size, sizeof(*pair));
    const char *copy = pair->entry.key;

    if (pair->count > 0)
        return pair;
    pair->client = l->client;
    pair->client_text = copy + starts[0];
    pair->helo = copy + starts[1];
    pair->rdns = copy + starts[2];
    pair->domain = copy + starts[3];
    pair->network = copy + starts[4];
    pair->score = -1;
    return pair;
}

static void keep_worst(struct greeting *pair, const struct logged *l)
{
    struct text t;

    /* The same score can have different outcomes when the policy changed between two decisions. */
    if (l->state < pair->worst || (l->state == pair->worst && l->verdict.score <= pair->score))
        return;
    pair->score = l->verdict.score;
    pair->worst = l->state;
    text_init(&t, pair->id, sizeof(pair->id));
    text_add_as(&t, TEXT_PLAIN, l->record->fields->id, SIZE_MAX);
    text_init(&t, pair->findings, sizeof(pair->findings));
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        size_t before = t.used;

        text_addf(&t, "%s%s:%d", i ? " " : "", rule_names[l->verdict.findings[i].rule], l->verdict.findings[i].counted);
        if (t.full)
            text_rewind(&t, before);
    }
}

void greetings_add(struct table *pairs, const struct logged *l, int label, bool delivered)
{
    struct greeting *pair = find_or_add(pairs, l);
    time_t when = l->record->when;

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

uint64_t greeting_refused(const struct greeting *g)
{
    return g->states[OUTCOME_DEFER] + g->states[OUTCOME_REJECT];
}

bool greeting_looks_wrong(const struct greeting *g)
{
    if (g->signs[SIGN_HAM] != g->signs[SIGN_SPAM])
        return g->signs[SIGN_HAM] > g->signs[SIGN_SPAM];
    return g->signs[SIGN_PROVED] > 0 || g->signs[SIGN_WELCOMED] > 0;
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

struct greeting **greetings_by_harm(const struct table *pairs, const struct table *clients, size_t *n)
{
    struct greeting **rows = tally_sorted(pairs, NULL, SIZE_MAX, n);

    for (size_t i = 0; i < *n; i++) {
        const struct table_entry *client = table_peek(clients, &rows[i]->client, sizeof(rows[i]->client));

        if (client)
            rows[i]->signs[SIGN_WELCOMED] = ((const struct greeting_client *)client)->welcomed;
    }
    qsort(rows, *n, sizeof(*rows), by_harm);
    return rows;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kept: what the DNS said of a greeting, kept whole, so that the same greeting needs no look-ups and no waves while it
 * is true. Local facts, history and rules are judged anew each time.
 *
 * A piece is kept only when every answer it rests on came out of the cache, and for no longer than the first of them
 * stays there: it says nothing that the cache would not say. So strangers, who ask once, cost nothing here and push
 * nothing out. What rests on a failure is not kept.
 *
 * A piece holds copies and shares nothing: it is one allocation, and what is recalled is copied into the region. It may
 * have been settled early; whoever recalls it goes on from there when that is not enough.
 */
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "gathering.h"
#include "table.h"

enum {
    KEPT_PIECES = 8192,
    KEPT_BYTES = 3 << 20,
    PIECE_OVERHEAD = 24, /* malloc's, and a place in the table */
};

struct gather_kept {
    struct table *table;
    const struct settings *settings; /* whose questions these are */
};

/* No padding: its bytes are compared. */
struct key_head {
    const struct policy *policy;
    struct address client;
    uint8_t needs, postfix_confirmed, unused[5];
};
_Static_assert(sizeof(struct key_head) == sizeof(const struct policy *) + sizeof(struct address) + 7, "padding");

struct rdns_piece {
    enum known confirmed;
    bool has_address;
};

struct piece {
    struct table_entry entry;
    uint64_t until_ms;
    unsigned wave, asked, queries, nxdomains;
    enum known helo_family[GATHERING_FAMILIES];
    enum known reverse, helo_is_client, helo_mx;
    bool rdns_partial, helo_near_client, has_spf, spf_deny_all;
    unsigned rdns_count, rdns_left_out, helo_address_count;
    enum spf_result spf_result;
    unsigned spf_lookups, spf_voids;
    struct rdns_piece rdns[EVIDENCE_RDNS_MAX];
    char bytes[]; /* addresses of HELO; names of rdns[] and texts of SPF, each with its NUL; the key */
};

static void release(struct table_entry *entry, void *arg)
{
    (void)arg;
    free(entry);
}

struct gather_kept *gather_kept_new(const struct settings *settings)
{
    static const struct table_limits limits = {.max_entries = KEPT_PIECES, .max_bytes = KEPT_BYTES};
    struct gather_kept *kept = calloc(1, sizeof(*kept));

    if (!kept)
        return NULL;
    kept->settings = settings;
    kept->table = table_new(&limits, release, NULL);
    if (kept->table)
        return kept;
    free(kept);
    return NULL;
}

void gather_kept_free(struct gather_kept *kept)
{
    if (!kept)
        return;
    table_free(kept->table);
    free(kept);
}

void gather_kept_renew(struct gather_kept *kept, const struct settings *settings)
{
    table_clear(kept->table);
    kept->settings = settings;
}

size_t gather_kept_count(const struct gather_kept *kept)
{
    return table_count(kept->table);
}

size_t gather_kept_bytes(const struct gather_kept *kept)
{
    return table_bytes(kept->table);
}

/*
 * All that the look-ups, and what is read from them, depend on within one policy file: the greeting as it is before
 * anything was asked. False: none that is kept.
 */
static bool make_key(struct gather *g)
{
    const struct name *helo = &g->e.helo, *postfix = &g->e.rdns[0].name;
    const struct key_head head = {
        .policy = g->options.policy,
        .client = g->e.client,
        .needs = (uint8_t)g->needs,
        .postfix_confirmed = g->postfix_confirmed,
    };
    size_t postfix_length = g->e.rdns_count > 0 ? postfix->length : 0;
    char *at;

    if (helo->length >= DNS_NAME_SIZE)
        return false;
    g->key_size = sizeof(head) + helo->length + 1 + postfix_length;
    g->key = at = region_alloc(g->region, g->key_size);
    if (!at)
        return false;
    memcpy(at, &head, sizeof(head));
    memcpy(at + sizeof(head), helo->text, helo->length + 1);
    if (postfix_length > 0)
        memcpy(at + g->key_size - postfix_length, postfix->text, postfix_length);
    g->now_ms = clock_ms();
    g->until_ms = UINT64_MAX;
    return true;
}

/* Those of the daemon: `heloctl` looks at every answer, and asks for more than the verdict needs. */
static bool is_for(const struct gather_kept *kept, const struct gather *g)
{
    const struct gather_options *o = &g->options;

    return kept && kept->settings == o->settings && !o->suspend_dns && !o->everything && !o->also && !o->observer;
}

static const char *after(const char *text)
{
    return text + strlen(text) + 1;
}

/* A name that Postfix confirmed stands there already; the others are read again. */
static const char *recall_rdns(struct gather *g, const struct piece *p, const char *text)
{
    if (!g->postfix_confirmed)
        g->e.rdns_count = 0;
    for (unsigned i = 0; i < p->rdns_count; i++, text = after(text)) {
        if (i >= g->e.rdns_count)
            gathering_rdns_add(g, text);
        g->e.rdns[i].confirmed = p->rdns[i].confirmed;
        g->e.rdns[i].has_address = p->rdns[i].has_address;
    }
    return text;
}

static void recall_spf(struct gather *g, const struct piece *p, const char *texts)
{
    size_t size = (size_t)((const char *)p->entry.key - texts);
    struct spf_outcome *spf = region_alloc(g->region, sizeof(*spf));
    char *copy = region_alloc(g->region, size);

    if (!spf || !copy)
        return;
    memcpy(copy, texts, size);
    spf->result = p->spf_result;
    spf->deny_all = p->spf_deny_all;
    spf->lookups = p->spf_lookups;
    spf->voids = p->spf_voids;
    spf->record = copy;
    spf->term = after(spf->record);
    spf->domain = after(spf->term);
    spf->reason = after(spf->domain);
    spf->explanation = "";
    g->e.helo_spf = spf;
}

static void recall(struct gather *g, const struct piece *p)
{
    size_t addresses = p->helo_address_count * sizeof(struct address);
    struct evidence *e = &g->e;
    const char *texts;

    g->wave = p->wave;
    gathering_asks_for(g, p->asked);
    g->nxdomains = p->nxdomains;
    g->until_ms = p->until_ms;
    g->recalled = e->queries = e->cached = p->queries;
    memcpy(g->helo_family, p->helo_family, sizeof(g->helo_family));
    e->reverse = p->reverse;
    e->rdns_partial = p->rdns_partial;
    e->rdns_left_out = p->rdns_left_out;
    e->helo_is_client = p->helo_is_client;
    e->helo_near_client = p->helo_near_client;
    e->helo_mx = p->helo_mx;
    e->helo_address_count = p->helo_address_count;
    memcpy(e->helo_addresses, p->bytes, addresses);
    texts = recall_rdns(g, p, p->bytes + addresses);
    if (p->has_spf)
        recall_spf(g, p, texts);
}

bool gathering_recall(struct gather *g)
{
    struct gather_kept *kept = g->context.kept;
    struct piece *p;

    if (!is_for(kept, g) || !make_key(g))
        return false;
    p = (struct piece *)table_find(kept->table, g->key, g->key_size);
    if (!p)
        return false;
    if (p->until_ms <= g->now_ms) {
        table_remove(kept->table, &p->entry);
        return false;
    }
    recall(g, p);
    resolver_count_hits(g->context.resolver, p->queries);
    return true;
}

/* What is written into a piece: at NULL it is only measured. */
struct writer {
    char *at;
    size_t size;
};

static void put(struct writer *w, const void *bytes, size_t size)
{
    if (w->at)
        memcpy(w->at + w->size, bytes, size);
    w->size += size;
}

static void put_bytes(struct writer *w, const struct gather *g)
{
    const struct evidence *e = &g->e;
    const struct spf_outcome *spf = e->helo_spf;

    put(w, e->helo_addresses, e->helo_address_count * sizeof(e->helo_addresses[0]));
    for (unsigned i = 0; i < e->rdns_count; i++)
        put(w, e->rdns[i].name.text, e->rdns[i].name.length + 1);
    if (!spf)
        return;
    put(w, spf->record, strlen(spf->record) + 1);
    put(w, spf->term, strlen(spf->term) + 1);
    put(w, spf->domain, strlen(spf->domain) + 1);
    put(w, spf->reason, strlen(spf->reason) + 1);
}

static void fill(struct piece *p, const struct gather *g)
{
    const struct evidence *e = &g->e;

    p->until_ms = g->until_ms;
    p->wave = g->wave;
    p->asked = g->asked & NEED_DNS;
    p->queries = e->queries;
    p->nxdomains = g->nxdomains;
    memcpy(p->helo_family, g->helo_family, sizeof(p->helo_family));
    p->reverse = e->reverse;
    p->helo_is_client = e->helo_is_client;
    p->helo_mx = e->helo_mx;
    p->rdns_partial = e->rdns_partial;
    p->helo_near_client = e->helo_near_client;
    p->rdns_count = e->rdns_count;
    p->rdns_left_out = e->rdns_left_out;
    p->helo_address_count = e->helo_address_count;
    for (unsigned i = 0; i < e->rdns_count; i++)
        p->rdns[i] = (struct rdns_piece){e->rdns[i].confirmed, e->rdns[i].has_address};
    p->has_spf = e->helo_spf != NULL;
    if (!e->helo_spf)
        return;
    p->spf_result = e->helo_spf->result;
    p->spf_deny_all = e->helo_spf->deny_all;
    p->spf_lookups = e->helo_spf->lookups;
    p->spf_voids = e->helo_spf->voids;
}

/* An explanation may tell the time, and the reply's other words; it is not kept, and so neither is what has one. */
static bool is_worth_it(const struct gather *g)
{
    return g->e.queries > g->recalled && g->until_ms > g->now_ms && !region_failed(g->region) &&
           !(g->e.helo_spf && g->e.helo_spf->explanation[0] != '\0');
}

void gathering_keep(const struct gather *g)
{
    struct writer w = {.at = NULL};
    struct piece *p;

    /* While it waited for the history another policy file may have come: its policies will soon be gone. */
    if (!is_for(g->context.kept, g) || !is_worth_it(g))
        return;
    put_bytes(&w, g);
    p = calloc(1, sizeof(*p) + w.size + g->key_size);
    if (!p)
        return;
    fill(p, g);
    w = (struct writer){.at = p->bytes};
    put_bytes(&w, g);
    p->entry.key = p->bytes + w.size;
    p->entry.key_size = g->key_size;
    p->entry.cost = sizeof(*p) + w.size + g->key_size + PIECE_OVERHEAD;
    put(&w, g->key, g->key_size);
    table_insert(g->context.kept->table, &p->entry);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * earlier: a table of instances (instance.h) whose answer is what policy_rescore() needs to make the verdict again.
 * Promises that only a verdict from complete evidence is kept. Two kinds are not kept: what local facts alone
 * decided, because the limit does not change it, and a good verdict from cached answers, so that most requests cost
 * nothing here.
 */
#include "earlier.h"

#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "hash.h"
#include "instance.h"
#include "table.h"
#include "text.h"

enum { WINDOW_MS = 60000, DETAIL_SIZE = 128 };

struct kept {
    struct rule_set hits;
    int doubt;
    bool partial;
    char detail[DETAIL_SIZE]; /* of the heaviest finding, for the reply */
};

struct earlier {
    struct table *table;
    struct hash_key key;
};

struct earlier *earlier_new(size_t max)
{
    struct earlier *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->table = instances_new(max);
    if (all->table != NULL && hash_key_random(&all->key))
        return all;
    earlier_free(all);
    return NULL;
}

void earlier_free(struct earlier *all)
{
    if (all == NULL)
        return;
    table_free(all->table);
    free(all);
}

/*
 * The names may be too long for the key of an instance, so their keyed hashes are used instead. A client that comes
 * back with TLS, or whose reverse name Postfix has confirmed since, is judged by that and not by what it was before.
 * The recipient counts only where HELO claims to be of its domain, because the verdict is then about that recipient.
 */
static struct instance_key key_of(const struct earlier *all, const struct evidence *e, const struct policy *policy)
{
    const struct request *req = e->request;
    const char *claimed = instances_is_claimed(req->helo_name, req->recipient) ? req->recipient : "";
    const uint64_t greeting[] = {hash_bytes(&all->key, req->helo_name, strlen(req->helo_name)),
                                 hash_bytes(&all->key, req->sender, strlen(req->sender)),
                                 hash_bytes(&all->key, req->client_name, strlen(req->client_name)),
                                 hash_bytes(&all->key, claimed, strlen(claimed)), req->encrypted};
    struct instance_key key;

    instances_key(policy->name, &e->client, "earlier", &key);
    if (key.size == 0 || key.size + sizeof(greeting) > sizeof(key.bytes)) {
        key.size = 0; /* the policy's name is too long; nothing is kept */
        return key;
    }
    memcpy(key.bytes + key.size, greeting, sizeof(greeting));
    key.size += sizeof(greeting);
    return key;
}

static bool is_worth_keeping(const struct evidence *e, const struct verdict *v)
{
    return !e->deadline && e->limit == LIMIT_NONE && e->queries > 0 &&
           (e->queries > e->cached || v->judged >= OUTCOME_DEFER);
}

static void keep(struct earlier *all, const struct evidence *e, uint64_t now_ms, const struct verdict *v)
{
    const struct instance_key key = key_of(all, e, v->policy);
    struct kept kept = {.doubt = v->doubt, .partial = v->partial};
    struct text detail;

    for (unsigned i = 0; i < v->finding_count; i++)
        rule_set_add(&kept.hits, (size_t)v->findings[i].rule);
    text_init(&detail, kept.detail, sizeof(kept.detail));
    if (v->finding_count > 0)
        text_add(&detail, v->findings[0].detail);
    instances_keep(all->table, &key, now_ms + WINDOW_MS, (const char *)&kept, sizeof(kept));
}

static bool find(struct earlier *all, const struct evidence *e, uint64_t now_ms, const struct policy *policy,
                 struct kept *out)
{
    struct instance_key key = key_of(all, e, policy);
    size_t n;
    const char *bytes = instances_find(all->table, &key, now_ms, &n);

    if (bytes != NULL)
        memcpy(out, bytes, sizeof(*out)); /* a copy, because the stored bytes may be unaligned */
    return bytes != NULL;
}

static void remake(const struct kept *kept, const struct policy *policy, struct region *r, struct verdict *out)
{
    const char *detail = region_strdup(r, kept->detail);

    *out = (struct verdict){.exemption = -1, .doubt = kept->doubt, .partial = kept->partial};
    EACH_RULE (i, &kept->hits)
        out->findings[out->finding_count++] = (struct finding){.rule = (int16_t)i, .detail = ""};
    policy_rescore(policy, out);
    if (out->finding_count > 0 && detail != NULL)
        out->findings[0].detail = detail;
}

void earlier_apply(struct earlier *all, const struct evidence *e, uint64_t now_ms, struct region *r, struct verdict *v)
{
    struct verdict before;
    struct kept kept;

    if (v->skip != SKIP_NONE)
        return;
    if (is_worth_keeping(e, v))
        keep(all, e, now_ms, v);
    if (!limit_is_the_clients(e->limit) || !find(all, e, now_ms, v->policy, &kept))
        return;
    remake(&kept, v->policy, r, &before);
    if (v->limited != LIMIT_NONE || before.judged > v->judged)
        *v = before;
}

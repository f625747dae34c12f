/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: asks the resolver for one request, within the request's limits, and counts what was asked. Every answer
 * passes observe() exactly once.
 *
 * Whoever owns a zone can make each answer 64 KB long, which takes 0.3 ms of processor time over TCP. So an account
 * gets no more lookups once its answers have reached a number of bytes. A reverse name in a zone of hundreds, or a HELO
 * name whose SPF record needs fifteen lookups, stays below that. What was not looked up is unknown, as after any
 * failure.
 */
#include "clock.h"
#include "gathering.h"

enum { LOOKUP_COST = 1280 }; /* in bytes of a large answer; an answer that fits in a datagram takes as long as that */
static const uint32_t most_spent[ACCOUNTS] = {
    [ACCOUNT_REVERSE] = 16384, [ACCOUNT_HELO] = 32768, [ACCOUNT_OWNER] = 32768};

static const struct dns_answer unanswered = {.status = DNS_TEMPERROR, .why = "not asked", .name = "", .canonical = ""};

enum dns_type lookup_client_type(const struct gather *g)
{
    return g->e.client.family == ADDRESS_IPV4 ? DNS_A : DNS_AAAA;
}

static void observe(struct gather *g, const struct dns_answer *answer, bool from_cache)
{
    g->e.queries++;
    g->e.cached += from_cache;
    if (g->options.observer)
        g->options.observer(g->options.observer_arg, answer, from_cache);
}

void lookup_arrived(struct gather *g)
{
    if (--g->pending == g->reverse_pending)
        g->resume(g);
}

static void answered(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct gathering_ask *ask = arg;
    struct gather *g = ask->gather;

    ask->query = NULL;
    g->spent[ask->account] += from_cache ? 0 : answer->size;
    observe(g, answer, from_cache);
    ask->handler(g, ask->index, answer);
    lookup_arrived(g);
}

/* Only the cache may be used. Where it does not have the answer, the decision line says why nothing was looked up. */
static const struct dns_answer *cached(struct gather *g, const struct gathering_question *q, enum limit limit)
{
    const struct dns_answer *answer = resolver_cached(g->context.resolver, q->name, q->type);

    if (!answer) {
        g->e.limit = limit;
        return &unanswered;
    }
    observe(g, answer, true);
    return answer;
}

/* The client network that chose the names, to which the lookups are charged. Most requests look nothing up. */
static struct address client_network(const struct gather *g)
{
    return address_network(&g->e.client, g->e.client.family == ADDRESS_IPV4 ? 24 : 48).base;
}

/* Asks the resolver. Returns NULL if the answer will come later. */
static const struct dns_answer *ask_resolver(struct gather *g, const struct gathering_question *q)
{
    struct gathering_ask *ask = region_alloc(g->region, sizeof(*ask));
    const struct resolver_question question = {
        .name = q->name, .type = q->type, .source = client_network(g), .done = answered, .arg = ask};
    const struct dns_answer *known;

    if (!ask)
        return &unanswered;
    *ask = (struct gathering_ask){
        .gather = g, .handler = q->handler, .index = q->index, .account = q->account, .next = g->asks};
    known = resolver_get(g->context.resolver, &question, &ask->query);
    if (known)
        observe(g, known, true);
    if (known || !ask->query)
        return known ? known : &unanswered;
    g->asks = ask;
    g->pending++;
    g->spent[q->account] += LOOKUP_COST;
    if (g->waiting_since_ms == 0)
        g->waiting_since_ms = clock_ms();
    return NULL;
}

const struct dns_answer *lookup_get(struct gather *g, const struct gathering_question *q)
{
    const struct dns_answer *known;

    if (!g->context.resolver || g->options.suspend_dns) {
        g->e.limit = g->options.suspend_dns ? LIMIT_GUARD : g->options.limit;
        return &unanswered;
    }
    if (g->options.limit == LIMIT_NONE && g->options.limit_of) {
        known = resolver_cached(g->context.resolver, q->name, q->type);
        if (known) {
            resolver_count_hits(g->context.resolver, 1);
            observe(g, known, true);
            return known;
        }
    }
    if (gathering_is_limited(g))
        return cached(g, q, g->options.limit);
    return g->spent[q->account] < most_spent[q->account] ? ask_resolver(g, q) : cached(g, q, LIMIT_ANSWERS);
}

void lookup_ask(struct gather *g, const struct gathering_question *q)
{
    const struct dns_answer *known = lookup_get(g, q);

    if (known)
        q->handler(g, q->index, known);
}

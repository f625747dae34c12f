/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup: asks the resolver for one request, within the request's limits, and counts what was asked. Every answer
 * passes observe() exactly once.
 */
#include "clock.h"
#include "gathering.h"

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
    observe(g, answer, from_cache);
    ask->handler(g, ask->index, answer);
    lookup_arrived(g);
}

/* Only the cache may be used. Where it does not have the answer, the decision line says why nothing was looked up. */
static const struct dns_answer *cached(struct gather *g, const char *name, enum dns_type type)
{
    const struct dns_answer *answer = resolver_cached(g->context.resolver, name, type);

    if (!answer) {
        g->e.limit = g->options.limit;
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

const struct dns_answer *lookup_get(struct gather *g, const char *name, enum dns_type type, gathering_answer *handler,
                                    unsigned index)
{
    struct resolver_question question = {.name = name, .type = type, .done = answered};
    const struct dns_answer *known;
    struct gathering_ask *ask;

    if (!g->context.resolver || g->options.suspend_dns) {
        g->e.limit = g->options.suspend_dns ? LIMIT_GUARD : g->options.limit;
        return &unanswered;
    }
    if (g->options.limit == LIMIT_NONE && g->options.limit_of) {
        known = resolver_cached(g->context.resolver, name, type);
        if (known) {
            resolver_count_hits(g->context.resolver, 1);
            observe(g, known, true);
            return known;
        }
    }
    if (gathering_is_limited(g))
        return cached(g, name, type);
    question.source = client_network(g);
    question.arg = ask = region_alloc(g->region, sizeof(*ask));
    if (!ask)
        return &unanswered;
    *ask = (struct gathering_ask){.gather = g, .handler = handler, .index = index, .next = g->asks};
    known = resolver_get(g->context.resolver, &question, &ask->query);
    if (known)
        observe(g, known, true);
    if (known || !ask->query)
        return known ? known : &unanswered;
    g->asks = ask;
    g->pending++;
    if (g->waiting_since_ms == 0)
        g->waiting_since_ms = clock_ms();
    return NULL;
}

void lookup_ask(struct gather *g, const char *name, enum dns_type type, gathering_answer *handler, unsigned index)
{
    const struct dns_answer *known = lookup_get(g, name, type, handler, index);

    if (known)
        handler(g, index, known);
}

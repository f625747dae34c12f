/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather: collects the evidence for a request in waves of lookups. When all answers of a wave have arrived it
 * judges, and if the outcome is not decided it starts the next wave: the kinds of evidence that an open rule needs.
 *
 * A wave waits for the reverse names only while they could matter: if HELO has addresses and none is the client's,
 * no reverse name can verify it, so the next wave starts without them. Otherwise a sender whose reverse zone never
 * answers could prevent helod from reading the SPF record of a forged name before the deadline.
 *
 * A fact is TEMPERROR from the moment it is asked for until its answer comes, so whatever is missing at the deadline
 * already counts as unknown. Without SPF a greeting costs at most 5 + dns.ptr_names lookups (PTR, A, AAAA and MX of
 * HELO, one forward lookup for each reverse name, and one for the domain that HELO claims to be of).
 */
#include "clock.h"
#include "gathering.h"

const struct gather_kind *const gather_kinds[] = {
    &kind_history, &kind_reverse, &kind_confirm, &kind_helo_address, &kind_helo_mx, &kind_helo_spf, &kind_owner, NULL,
};

void gather_resolver_options(struct resolver_options *out, const struct dns_settings *dns)
{
    *out = (struct resolver_options){
        .servers = dns->servers,
        .timeout_ms = dns->timeout_ms,
        .tries = dns->tries,
        .cache_entries = dns->cache,
        .in_flight = dns->in_flight,
        .ttl_min = (uint32_t)(dns->ttl_min_ms / 1000),
        .ttl_max = (uint32_t)(dns->ttl_max_ms / 1000),
        .negative_ttl_max = (uint32_t)(dns->negative_ttl_ms / 1000),
        .failure_ttl = (uint32_t)(dns->failure_ttl_ms / 1000),
        .edns = dns->edns,
    };
}

static void conclude(struct gather *g)
{
    for (const struct gather_kind *const *kind = gather_kinds; *kind; kind++)
        if ((*kind)->conclude)
            (*kind)->conclude(g);
    evidence_conclude(&g->e);
    exempt_names(g);
    if (g->waiting_since_ms != 0)
        g->e.dns_ms = clock_ms() - g->waiting_since_ms;
}

/* The kinds of a set for which there is something to ask. */
static unsigned possible(const struct gather *g, unsigned needs)
{
    unsigned found = 0;

    for (const struct gather_kind *const *kind = gather_kinds; *kind; kind++)
        if ((needs & (unsigned)(*kind)->need) && (*kind)->possible(g))
            found |= (unsigned)(*kind)->need;
    return found;
}

/* What a judgement waits for. The header of a marked mail reports iprev, so that is looked up as well. */
static unsigned wanted_by(const struct gather *g, const struct judgement *j)
{
    if (!j->decided)
        return j->needs | g->exempt_needs;
    if (j->outcome == OUTCOME_MARK && j->policy->header == HEADER_AUTHENTICATION_RESULTS)
        return NEED_REVERSE | NEED_CONFIRM;
    return 0;
}

static unsigned wanted(const struct gather *g)
{
    unsigned needs;

    if (g->options.everything)
        needs = g->options.policy->needs | g->options.also | g->exempt_needs;
    else
        needs = wanted_by(g, &g->result.judgement);
    if (!g->options.everything && g->options.policy->shadow)
        needs |= wanted_by(g, &g->result.shadow);
    return needs & NEED_CONFIRM ? needs | NEED_REVERSE : needs;
}

/* Whether only reverse names are missing that cannot verify HELO. */
static bool can_go_ahead(const struct gather *g)
{
    return g->pending == g->reverse_pending && g->e.helo_is_client == KNOWN_ABSENT && !g->postfix_confirmed;
}

/*
 * Answers are final only once no lookup is in flight. So after a judgement that did not wait for all, every rule
 * runs again.
 */
static void judge_under(const struct gather *g, const struct policy *policy, struct judgement *j)
{
    if (j->policy && !g->judged_ahead)
        judge_again(j, &g->e);
    else
        judge_evidence(policy, &g->e, j);
}

static void judge(struct gather *g)
{
    const struct policy *policy = g->options.policy;

    judge_under(g, policy, &g->result.judgement);
    if (policy->shadow)
        judge_under(g, policy->shadow, &g->result.shadow);
    g->judged_ahead = g->pending > 0;
}

/* Asks the next wave. False: there is nothing left to ask. */
static bool ask(struct gather *g)
{
    unsigned open = possible(g, wanted(g));

    if (g->pending > 0)
        open &= ~(unsigned)(NEED_REVERSE | NEED_CONFIRM);
    for (const struct gather_kind *const *kind = gather_kinds; *kind; kind++) {
        unsigned after = (*kind)->after | (g->postfix_confirmed ? (*kind)->after_confirmed : 0);

        if ((open & (unsigned)(*kind)->need) && (open & after) == 0)
            (*kind)->ask(g);
    }
    return open != 0;
}

/* Whether the outcome was decided while evidence that could have changed the score was still missing. */
static void mark_partial(const struct gather *g, struct judgement *j)
{
    j->partial = j->decided && j->low != j->high && possible(g, j->needs) != 0;
}

static void finish(struct gather *g)
{
    g->finished = true;
    if (!g->e.deadline) {
        mark_partial(g, &g->result.judgement);
        mark_partial(g, &g->result.shadow);
    }
    if (g->returned)
        g->options.done(g->options.arg, &g->result);
}

/* The callback may free the request's region, and *g with it, so do not use *g after finish(). */
static void resume(struct gather *g)
{
    while (!g->finished && (g->pending == 0 || can_go_ahead(g))) {
        conclude(g);
        judge(g);
        if (g->e.skip != SKIP_NONE || region_failed(g->region) || !ask(g)) {
            if (g->pending == 0)
                finish(g);
            return;
        }
    }
}

static struct history_limits history_limits(const struct history_settings *settings)
{
    return (struct history_limits){
        .churn_domains = settings->churn_domains,
        .shared_networks = settings->shared_networks,
        .known_days = settings->known_days,
        .known_count = settings->known_count,
    };
}

static bool begin(struct gather *g)
{
    exempt_client(g);
    if (!local_names(g))
        return false;
    for (const struct gather_kind *const *kind = gather_kinds; *kind; kind++)
        if ((*kind)->begin)
            (*kind)->begin(g);
    local_recipient(g);
    return !region_failed(g->region);
}

const struct gathered *gather_start(const struct gather_context *context, const struct gather_options *options,
                                    struct gather **pending)
{
    struct gather *g = region_alloc(options->region, sizeof(*g));

    *pending = NULL;
    if (!g)
        return NULL;
    g->context = *context;
    g->options = *options;
    g->region = options->region;
    g->resume = resume;
    g->result.evidence = &g->e;
    g->e.request = options->request;
    g->e.client = options->request->client;
    g->e.exemption = -1;
    if (context->history) /* without a store the limits are 0, and its rules answer NO */
        g->e.history.limits = history_limits(&options->settings->history);
    if (!begin(g))
        return NULL;
    resume(g);
    if (g->finished)
        return &g->result;
    g->returned = true;
    *pending = g;
    return NULL;
}

void gather_cancel(struct gather *g)
{
    for (struct gathering_ask *ask = g->asks; ask; ask = ask->next)
        if (ask->query)
            resolver_cancel(ask->query);
    g->asks = NULL;
    history_cancel(g->history);
    g->history = NULL;
    g->pending = 0;
    g->finished = true;
}

void gather_expire(struct gather *g)
{
    if (g->finished)
        return;
    gather_cancel(g);
    g->e.deadline = true;
    helo_spf_abandon(g);
    conclude(g);
    judge(g);
    finish(g);
}

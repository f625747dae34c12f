/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather: request to evidence. Counts down what is under way; when a wave has been answered it asks whether the verdict
 * is settled, and only if not starts the next wave.
 *
 * A fact that is asked for is TEMPERROR until its answer comes, so that a deadline needs no clean-up: what is missing
 * then reads as unknown. Without SPF a greeting costs at most 4 + dns.ptr_names look-ups (PTR, A, AAAA and MX of HELO,
 * one forward look-up for each reverse name).
 */
#include <string.h>

#include "clock.h"
#include "decision.h"
#include "gathering.h"

static const struct dns_answer unanswered = {.status = DNS_TEMPERROR, .why = "not asked", .name = "", .canonical = ""};

static void advance(struct gather *g);

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

/* The cache rounds what is left of a TTL up. A failure may not be kept, and what was just asked is no repeated one. */
static void rests_on(struct gather *g, const struct dns_answer *answer, bool from_cache)
{
    bool stays = from_cache && answer->status != DNS_TEMPERROR && answer->ttl > 0;
    uint64_t until_ms = stays ? g->now_ms + (answer->ttl - 1) * UINT64_C(1000) : 0;

    if (until_ms < g->until_ms)
        g->until_ms = until_ms;
}

static const struct dns_answer *none(struct gather *g)
{
    rests_on(g, &unanswered, false);
    return &unanswered;
}

/* Counts, observes; every answer that reaches a handler or SPF has come through here once. */
static void observe(struct gather *g, const struct dns_answer *answer, bool from_cache)
{
    rests_on(g, answer, from_cache);
    g->e.queries++;
    g->e.cached += from_cache;
    if (g->options.observer)
        g->options.observer(g->options.observer_arg, answer, from_cache);
}

void gathering_asks_for(struct gather *g, unsigned needs)
{
    g->asked |= needs;
    g->news |= needs;
}

void gathering_arrived(struct gather *g)
{
    if (--g->pending == 0)
        advance(g);
}

static void answered(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct gathering_ask *ask = arg;
    struct gather *g = ask->gather;

    ask->query = NULL;
    observe(g, answer, from_cache);
    ask->handler(g, ask->index, answer);
    gathering_arrived(g);
}

/* Only the cache may be used; where that is too little, the decision says why. */
static const struct dns_answer *cached(struct gather *g, const char *name, enum dns_type type)
{
    const struct dns_answer *answer = resolver_cached(g->context.resolver, name, type);

    if (!answer) {
        g->e.limit = g->options.limit;
        return none(g);
    }
    observe(g, answer, true);
    return answer;
}

const struct dns_answer *gathering_get(struct gather *g, const char *name, enum dns_type type,
                                       gathering_answer *handler, unsigned index)
{
    struct resolver_question question = {.name = name, .type = type, .done = answered};
    const struct dns_answer *known;
    struct gathering_ask *ask;

    if (g->options.suspend_dns)
        g->e.limit = LIMIT_GUARD;
    if (!g->context.resolver || g->options.suspend_dns)
        return none(g);
    if (g->options.limit != LIMIT_NONE)
        return cached(g, name, type);
    question.arg = ask = region_alloc(g->region, sizeof(*ask));
    if (!ask)
        return none(g);
    *ask = (struct gathering_ask){.gather = g, .handler = handler, .index = index, .next = g->asks};
    known = resolver_get(g->context.resolver, &question, &ask->query);
    if (known)
        observe(g, known, true);
    if (known || !ask->query)
        return known ? known : none(g);
    g->asks = ask;
    g->pending++;
    if (g->waiting_since_ms == 0)
        g->waiting_since_ms = clock_ms();
    return NULL;
}

void gathering_ask(struct gather *g, const char *name, enum dns_type type, gathering_answer *handler, unsigned index)
{
    const struct dns_answer *known = gathering_get(g, name, type, handler, index);

    if (known)
        handler(g, index, known);
}

/* What of the needs is neither known nor under way nor out of the question for this greeting. */
static unsigned missing(const struct gather *g)
{
    return g->needs & ~g->asked;
}

static void wave_names(struct gather *g)
{
    if (missing(g) & NEED_HISTORY)
        gathering_history(g);
    if ((missing(g) & NEED_REVERSE) && !g->postfix_confirmed)
        gathering_reverse(g);
    if (missing(g) & NEED_HELO_ADDRESS)
        gathering_helo(g, GATHERING_CLIENT_FAMILY);
}

/* Does HELO fit the confirmed name that Postfix gave? Then its other PTR names cannot tell more. */
static bool aligned(const struct gather *g)
{
    return g->e.helo_is_client == KNOWN_PRESENT ||
           (g->e.confirmed && name_same_domain(&g->e.confirmed->name, &g->e.helo));
}

static void wave_confirm(struct gather *g)
{
    bool helo_asked = g->helo_family[GATHERING_CLIENT_FAMILY] != KNOWN_NOT_ASKED;
    if ((missing(g) & NEED_REVERSE) && g->postfix_confirmed && !aligned(g) && g->e.helo.kind == NAME_HOST)
        gathering_reverse(g);
    else if (missing(g) & NEED_CONFIRM)
        gathering_confirm(g);
    if (helo_asked && g->e.helo_address_count == 0 && g->nxdomains == 0)
        gathering_helo(g, GATHERING_OTHER_FAMILY);
}

/* The names that the wave before may have added; the MX of a name without addresses. */
static void wave_late_names(struct gather *g)
{
    if (g->postfix_confirmed && (g->asked & NEED_REVERSE) && (missing(g) & NEED_CONFIRM))
        gathering_confirm(g);
    if ((missing(g) & NEED_HELO_MX) && g->e.helo_address == KNOWN_ABSENT && !g->e.helo_nxdomain)
        gathering_helo_mx(g);
}

static void wave_identity(struct gather *g)
{
    if (missing(g) & NEED_HELO_SPF)
        gathering_spf(g);
}

static void (*const waves[])(struct gather *g) = {wave_names, wave_confirm, wave_late_names, wave_identity};
enum { WAVES = sizeof(waves) / sizeof(waves[0]) };

static void sum_up(struct gather *g)
{
    if (g->asked & (NEED_REVERSE | NEED_CONFIRM)) /* else all is as gathering_local() left it */
        gathering_rdns_sum(g);
    gathering_helo_sum(g);
    /* The confirmed reverse name is the HELO name: its owner has said all, as where Postfix found it so. */
    if (g->e.confirmed && name_equal(&g->e.confirmed->name, &g->e.helo))
        g->needs &= ~(unsigned)(NEED_HELO_MX | NEED_HELO_SPF) | g->options.also;
    /* Postfix's confirmed name speaks for HELO, or HELO is no name to speak for: no other PTR name is asked for. */
    if (g->e.rdns_partial && g->postfix_confirmed && (aligned(g) || g->e.helo.kind != NAME_HOST)) {
        g->e.rdns_partial = false;
        g->news |= NEED_REVERSE;
    }
    gathering_exemptions(g);
    if (g->waiting_since_ms != 0)
        g->e.dns_ms = clock_ms() - g->waiting_since_ms;
}

/* An exemption that is still to be confirmed may yet turn a bad verdict into none. */
static bool exemption_possible(const struct gather *g)
{
    bool by_rdns = suffix_set_count(g->options.settings->exempt.rdns) > 0 && (missing(g) & NEED_CONFIRM);
    bool by_helo = g->has_helo_exemption && (missing(g) & (NEED_HELO_ADDRESS | NEED_HELO_SPF));

    return by_rdns || by_helo;
}

static bool settled_under(const struct gather *g, const struct decision_course *course)
{
    if (course->outcome != OUTCOME_DUNNO && exemption_possible(g))
        return false;
    /* The header of a marked mail tells iprev. */
    if (course->outcome == OUTCOME_MARK && course->policy->header == HEADER_AUTHENTICATION_RESULTS &&
        (missing(g) & NEED_CONFIRM))
        return false;
    return decision_settled(course, &g->e, missing(g));
}

/* Both judgements see all that is new, also where the first alone wants more. */
static bool settled(struct gather *g)
{
    unsigned news = g->news | (g->news & NEED_REVERSE ? NEED_CONFIRM : 0);

    decision_go_on(&g->course, &g->e, news, g->region);
    if (g->options.policy->shadow)
        decision_go_on(&g->shadow_course, &g->e, news, g->region);
    g->news = 0;
    if (region_failed(g->region))
        return true; /* it will not be judged */
    return settled_under(g, &g->course) && (!g->options.policy->shadow || settled_under(g, &g->shadow_course));
}

static bool enough(struct gather *g)
{
    if (g->e.skip != SKIP_NONE || missing(g) == 0)
        return true;
    return !g->options.everything && settled(g);
}

static void finish(struct gather *g)
{
    g->finished = true;
    if (g->key)
        gathering_keep(g);
    if (g->returned)
        g->done(g->arg, &g->e);
}

/* A wave that has done nothing brings nothing new to judge by. */
static void advance(struct gather *g)
{
    while (!g->finished && g->pending == 0) {
        bool news = g->wave == 0 || g->news != 0;

        if (news)
            sum_up(g);
        if (g->wave == WAVES || (news && enough(g))) {
            finish(g);
            return;
        }
        waves[g->wave++](g);
    }
}

/* What this greeting cannot have is not needed: no forward records of a literal, no DNS for a reserved name. */
static unsigned possible_needs(const struct gather *g)
{
    unsigned needs = g->options.policy->needs | g->options.also;

    if (suffix_set_count(g->options.settings->exempt.rdns) > 0)
        needs |= NEED_REVERSE | NEED_CONFIRM;
    if (g->has_helo_exemption)
        needs |= NEED_HELO_ADDRESS | NEED_HELO_SPF;
    if (needs & NEED_CONFIRM)
        needs |= NEED_REVERSE;
    if (!g->context.history)
        needs &= ~(unsigned)NEED_HISTORY;
    if (g->e.helo.kind != NAME_HOST || g->e.helo.reserved != NAME_RESERVED_NONE)
        needs &= ~(unsigned)(NEED_HELO_ADDRESS | NEED_HELO_MX | NEED_HELO_SPF);
    /* Postfix's confirmed name and a HELO that it speaks for: the reverse side is done. */
    if (g->postfix_confirmed && (aligned(g) || g->e.helo.kind != NAME_HOST))
        needs &= ~(unsigned)(NEED_REVERSE | NEED_CONFIRM);
    return needs;
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

const struct evidence *gather_start(const struct gather_context *context, const struct gather_options *options,
                                    const struct request *req, struct region *r, gather_done *done, void *arg,
                                    struct gather **pending)
{
    struct gather *g = region_alloc(r, sizeof(*g));

    *pending = NULL;
    if (!g)
        return NULL;
    g->context = *context;
    g->options = *options;
    g->region = r;
    g->done = done;
    g->arg = arg;
    g->e.request = req;
    g->e.client = req->client;
    g->e.exemption = -1;
    decision_begin(&g->course, options->policy);
    if (options->policy->shadow)
        decision_begin(&g->shadow_course, options->policy->shadow);
    g->e.dns_suspended = options->suspend_dns;
    if (context->history) /* without a store its rules are out of the question, and leave no doubt */
        g->e.history.limits = history_limits(&options->settings->history);
    gathering_skips(g);
    if (!gathering_local(g))
        return NULL;
    gathering_exemptions(g);
    g->needs = possible_needs(g);
    if (g->e.skip == SKIP_NONE && (missing(g) & NEED_HISTORY)) /* costs less than to find out whether it matters */
        gathering_history_at_once(g);
    if (g->e.skip == SKIP_NONE && (missing(g) & NEED_DNS) && gathering_recall(g) && (missing(g) & NEED_HISTORY))
        gathering_history(g);
    advance(g);
    if (g->finished)
        return &g->e;
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
    if (g->spf && !g->e.helo_spf) {
        spf_abandon(g->spf);
        g->e.helo_spf = spf_outcome(g->spf);
    }
    sum_up(g);
    g->done(g->arg, &g->e);
}

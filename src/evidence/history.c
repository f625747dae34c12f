/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: what the store remembers of the client and its name. Asked together with the first lookups. A store that is
 * down answers "not known", which leaves the facts as they were.
 */
#include "gathering.h"
#include "json.h"
#include "text.h"

static void remembered(void *arg, const struct history_facts *facts)
{
    struct gather *g = arg;
    struct history_limits limits = g->e.history.limits;

    g->history = NULL;
    g->e.history = *facts;
    g->e.history.limits = limits;
    lookup_arrived(g);
}

static struct history_greeting greeting_of(const struct gather *g)
{
    return (struct history_greeting){
        .client = &g->e.client,
        .helo = &g->e.helo,
        .known_count = g->e.history.limits.known_count,
        .policy = g->options.policy->name,
    };
}

static bool possible(const struct gather *g)
{
    return g->context.history && !(g->asked & NEED_HISTORY);
}

/* A store in memory answers at once. Asking it is cheaper than finding out whether the answer matters. */
static void begin(struct gather *g)
{
    const struct history_greeting greeting = greeting_of(g);

    if (g->e.skip == SKIP_NONE && possible(g) && (g->options.policy->needs & NEED_HISTORY) &&
        history_at_once(g->context.history, &greeting, &g->e.history))
        g->asked |= NEED_HISTORY;
}

static void ask(struct gather *g)
{
    const struct history_greeting greeting = greeting_of(g);

    g->asked |= NEED_HISTORY;
    if (gathering_is_limited(g)) {
        g->e.limit = g->options.limit;
        return;
    }
    g->history = history_ask(g->context.history, &greeting, remembered, g);
    g->pending += g->history != NULL;
}

/*
 * STARTTLS counts as offered if the policy file says so, or if clients of enough unrelated networks used it
 * recently.
 */
static void conclude(struct gather *g)
{
    const struct history_facts *h = &g->e.history;

    if (g->options.policy->starttls != STARTTLS_AUTO)
        g->e.starttls = answer_if(g->options.policy->starttls == STARTTLS_YES);
    else if (g->context.history == NULL)
        g->e.starttls = NO;
    else
        g->e.starttls = h->known ? answer_if(h->encrypted_networks >= STARTTLS_NETWORKS) : OPEN;
}

static void text(const struct evidence *e, struct text *t)
{
    const struct history_facts *h = &e->history;

    if (!h->known)
        return;
    text_addf(t, "history           %u unverified domains and %u names of this client; this name from %u networks\n",
              h->domains, h->names, h->networks);
    text_addf(t, "                  %u times unverified since its last verified greeting, on %u days\n", h->misfits,
              h->misfit_days);
    text_addf(t, "                  %u verified greetings with this domain over %u days%s\n", h->good, h->good_days,
              h->verified_other ? "; known for another domain" : "");
}

static void json(const struct evidence *e, struct json *j)
{
    const struct history_facts *h = &e->history;

    json_open(j, "history", '{');
    json_bool(j, "known", h->known);
    json_number(j, "domains", h->domains);
    json_number(j, "names", h->names);
    json_number(j, "networks", h->networks);
    json_number(j, "misfits", h->misfits);
    json_number(j, "misfit_days", h->misfit_days);
    json_number(j, "encrypted_networks", h->encrypted_networks);
    json_number(j, "good", h->good);
    json_number(j, "good_days", h->good_days);
    json_bool(j, "verified_other", h->verified_other);
    json_close(j, '}');
}

const struct gather_kind kind_history = {
    .need = NEED_HISTORY,
    .begin = begin,
    .possible = possible,
    .ask = ask,
    .conclude = conclude,
    .text = text,
    .json = json,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * identity: SPF of the HELO name (RFC 7208 section 2.3), driven over the shared resolver. One look-up at a time;
 * answers out of the cache are fed in a loop, so that a long record does not deepen the stack.
 */
#include "clock.h"
#include "gathering.h"

static void spf_answered(struct gather *g, unsigned index, const struct dns_answer *answer);

static void spf_run(struct gather *g)
{
    struct spf_ask ask;

    while (spf_step(g->spf, &ask) == SPF_ASK) {
        const struct dns_answer *answer = gathering_get(g, ask.name, ask.type, spf_answered, 0);

        if (!answer)
            return;
        spf_feed(g->spf, answer);
    }
    g->e.helo_spf = spf_outcome(g->spf);
}

static void spf_answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    (void)index;
    spf_feed(g->spf, answer);
    spf_run(g);
}

void gathering_spf(struct gather *g)
{
    struct spf_query query = {
        .client = g->e.client,
        .domain = g->e.helo.text,
        .sender = "",
        .helo = g->e.helo.text,
        .receiver = g->options.policy->authserv_id,
        .now = clock_wall(),
        .void_limit = g->options.settings->dns.void_limit,
        .explain = g->options.everything || g->options.policy->wants_explanation,
    };

    gathering_asks_for(g, NEED_HELO_SPF);
    g->spf = spf_new(&query, g->region);
    if (g->spf)
        spf_run(g);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helo_spf: SPF of the HELO name (RFC 7208 section 2.3), run over the shared resolver with one lookup at a time.
 * Answers from the cache are fed in a loop, so a long record does not deepen the stack.
 */
#include "clock.h"
#include "gathering.h"
#include "json.h"
#include "text.h"

/* A name that reverse DNS verified is not asked for SPF. */
static bool possible(const struct gather *g)
{
    bool needed = !gathering_helo_is_verified(g) || (g->options.also & NEED_HELO_SPF);

    return needed && gathering_helo_is_askable(g) && !(g->asked & NEED_HELO_SPF);
}

static unsigned after(const struct gather *g)
{
    (void)g;
    return NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_MX;
}

static void answered(struct gather *g, unsigned index, const struct dns_answer *answer);

static void run(struct gather *g)
{
    struct spf_ask ask;

    while (spf_step(g->spf, &ask) == SPF_ASK) {
        const struct dns_answer *answer = lookup_get(g, ask.name, ask.type, answered, 0);

        if (!answer)
            return;
        spf_feed(g->spf, answer);
    }
    g->e.helo_spf = spf_outcome(g->spf);
}

static void answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    (void)index;
    spf_feed(g->spf, answer);
    run(g);
}

static void ask(struct gather *g)
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

    g->asked |= NEED_HELO_SPF;
    g->spf = spf_new(&query, g->region);
    if (g->spf)
        run(g);
}

static void text(const struct evidence *e, struct text *t)
{
    const struct spf_outcome *spf = e->helo_spf;

    if (!spf)
        return;
    text_addf(t, "SPF of HELO       %s", spf_result_name(spf->result));
    if (spf->record[0]) {
        text_add(t, "  \"");
        text_add_as(t, TEXT_PLAIN, spf->record, SIZE_MAX);
        text_add(t, "\"");
    }
    if (spf->term[0]) {
        text_add(t, "  by ");
        text_add_as(t, TEXT_PLAIN, spf->term, SIZE_MAX);
    }
    text_add(t, "\n");
}

static void json(const struct evidence *e, struct json *j)
{
    json_text(j, "spf", spf_result_name(e->helo_spf ? e->helo_spf->result : SPF_NOT_ASKED));
    json_text(j, "spf_record", e->helo_spf ? e->helo_spf->record : NULL);
    json_text(j, "spf_term", e->helo_spf ? e->helo_spf->term : NULL);
}

const struct gather_kind kind_helo_spf = {
    .need = NEED_HELO_SPF,
    .possible = possible,
    .after = after,
    .ask = ask,
    .text = text,
    .json = json,
};

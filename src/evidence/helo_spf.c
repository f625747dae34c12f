/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helo_spf: SPF of the HELO name (RFC 7208 section 2.3), and of the domain that it claims to be of (owner.c). Each runs
 * over the shared resolver with one lookup at a time. Answers from the cache are fed in a loop, so a long record does
 * not deepen the stack.
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

static void answered(struct gather *g, unsigned which, const struct dns_answer *answer);

static void take(struct gather *g, unsigned which)
{
    const struct spf_outcome *outcome = spf_outcome(g->spf[which]);

    if (which == SPF_OF_HELO)
        g->e.helo_spf = outcome;
    else
        g->e.owner_spf = outcome;
}

static void run(struct gather *g, unsigned which)
{
    struct spf_ask ask;

    while (spf_step(g->spf[which], &ask) == SPF_ASK) {
        const struct gathering_question question = {.name = ask.name,
                                                    .type = ask.type,
                                                    .account = which == SPF_OF_HELO ? ACCOUNT_HELO : ACCOUNT_OWNER,
                                                    .handler = answered,
                                                    .index = which};
        const struct dns_answer *answer = lookup_get(g, &question);

        if (!answer)
            return;
        spf_feed(g->spf[which], answer);
    }
    take(g, which);
}

static void answered(struct gather *g, unsigned which, const struct dns_answer *answer)
{
    spf_feed(g->spf[which], answer);
    run(g, which);
}

void helo_spf_start(struct gather *g, unsigned which, const char *domain)
{
    struct spf_query query = {
        .client = g->e.client,
        .domain = domain,
        .sender = "",
        .helo = g->e.helo.text,
        .receiver = g->options.policy->authserv_id,
        .now = clock_wall(),
        .void_limit = g->options.settings->dns.void_limit,
        .explain = which == SPF_OF_HELO && (g->options.everything || g->options.policy->wants_explanation),
    };

    g->spf[which] = spf_new(&query, g->region);
    if (g->spf[which])
        run(g, which);
}

void helo_spf_abandon(struct gather *g)
{
    const struct spf_outcome *const done[SPF_COUNT] = {g->e.helo_spf, g->e.owner_spf};

    for (unsigned which = 0; which < SPF_COUNT; which++) {
        if (g->spf[which] && !done[which]) {
            spf_abandon(g->spf[which]);
            take(g, which);
        }
    }
}

static void ask(struct gather *g)
{
    g->asked |= NEED_HELO_SPF;
    helo_spf_start(g, SPF_OF_HELO, g->e.helo.text);
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
    .after = NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_MX,
    .ask = ask,
    .text = text,
    .json = json,
};

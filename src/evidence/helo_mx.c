/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helo_mx: whether the HELO name has an MX. Asked only for a name that exists and has no address: such a name may still
 * be a domain that receives mail.
 */
#include "gathering.h"
#include "json.h"
#include "text.h"

static bool possible(const struct gather *g)
{
    bool needed = !gathering_helo_is_verified(g) || (g->options.also & NEED_HELO_MX);

    return needed && !(g->asked & NEED_HELO_MX) && g->e.helo_address == KNOWN_ABSENT && !g->e.helo_nxdomain;
}

static void answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    (void)index;
    if (answer->status == DNS_TEMPERROR)
        return;
    g->e.helo_mx = KNOWN_ABSENT;
    for (unsigned i = 0; i < answer->count; i++)
        if (answer->records[i].host.name[0] != '\0') /* "." is the null MX of RFC 7505 */
            g->e.helo_mx = KNOWN_PRESENT;
}

static void ask(struct gather *g)
{
    g->asked |= NEED_HELO_MX;
    g->e.helo_mx = KNOWN_TEMPERROR;
    lookup_ask(g, &(struct gathering_question){
                      .name = g->e.helo.text, .type = DNS_MX, .account = ACCOUNT_HELO, .handler = answered});
}

static void text(const struct evidence *e, struct text *t)
{
    if (e->helo_mx != KNOWN_NOT_ASKED)
        text_addf(t, "HELO MX           %s\n", evidence_known_name(e->helo_mx));
}

static void json(const struct evidence *e, struct json *j)
{
    json_text(j, "helo_mx", evidence_known_name(e->helo_mx));
}

const struct gather_kind kind_helo_mx = {
    .need = NEED_HELO_MX,
    .possible = possible,
    .after = NEED_HELO_ADDRESS,
    .ask = ask,
    .text = text,
    .json = json,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owner: what the domain itself says of a client that claims to be one of its hosts. Its SPF record may list the
 * client, or its address record may name it, although the HELO name's own records do not: www.example.org behind a
 * CDN, whose web server sends mail. Looked up last, and only for a client that would otherwise count as an impostor.
 */
#include "gathering.h"
#include "json.h"
#include "text.h"

static bool possible(const struct gather *g)
{
    return !(g->asked & NEED_OWNER) && !gathering_helo_is_verified(g) && evidence_owner(&g->e) != NULL;
}

static void answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    (void)index;
    if (answer->status == DNS_TEMPERROR)
        return;
    if (answer->left_out == 0) /* otherwise the client may be among those left out */
        g->e.owner_is_client = KNOWN_ABSENT;
    for (unsigned i = 0; i < answer->count; i++)
        if (address_equal(&answer->records[i].address, &g->e.client))
            g->e.owner_is_client = KNOWN_PRESENT;
}

static void ask(struct gather *g)
{
    const char *owner = evidence_owner(&g->e);

    g->asked |= NEED_OWNER;
    g->e.owner_is_client = KNOWN_TEMPERROR;
    lookup_ask(g, &(struct gathering_question){
                      .name = owner, .type = lookup_client_type(g), .account = ACCOUNT_OWNER, .handler = answered});
    helo_spf_start(g, SPF_OF_OWNER, owner);
}

static const char *spf_of_owner(const struct evidence *e)
{
    return spf_result_name(e->owner_spf ? e->owner_spf->result : SPF_NOT_ASKED);
}

static void text(const struct evidence *e, struct text *t)
{
    if (e->owner_is_client == KNOWN_NOT_ASKED)
        return;
    text_addf(t, "domain's record   %s: address is client %s, SPF %s\n", evidence_owner(e),
              evidence_known_answer(e->owner_is_client), spf_of_owner(e));
}

static void json(const struct evidence *e, struct json *j)
{
    json_text(j, "owner", evidence_owner(e));
    json_text(j, "owner_is_client", evidence_known_name(e->owner_is_client));
    json_text(j, "owner_spf", spf_of_owner(e));
}

const struct gather_kind kind_owner = {
    .need = NEED_OWNER,
    .possible = possible,
    .after = NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_MX | NEED_HELO_SPF,
    .ask = ask,
    .text = text,
    .json = json,
};

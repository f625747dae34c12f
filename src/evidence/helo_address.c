/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helo_address: the address records of the HELO name. The client's address family is asked first, because it alone can
 * show that the name belongs to the client. The other family only shows whether the name exists.
 */
#include "gathering.h"
#include "json.h"
#include "text.h"

/* HELO is the name that Postfix confirmed: it resolves to the client, and nothing more needs to be asked of it. */
static void begin(struct gather *g)
{
    struct evidence *e = &g->e;

    if (!g->postfix_confirmed || !name_equal(&e->helo, &e->rdns[0].name))
        return;
    e->helo_address = KNOWN_PRESENT;
    e->helo_is_client = KNOWN_PRESENT;
    e->helo_addresses[0] = e->client;
    e->helo_address_count = 1;
    e->helo_near_client = true;
}

/* One NXDOMAIN is valid for every type of the name. */
static bool possible(const struct gather *g)
{
    if (!gathering_helo_is_askable(g) || g->e.helo_address == KNOWN_PRESENT || g->nxdomains > 0)
        return false;
    return g->helo_family[CLIENT_FAMILY] == KNOWN_NOT_ASKED || g->helo_family[OTHER_FAMILY] == KNOWN_NOT_ASKED;
}

static bool near_client(const struct address *a, const struct address *client)
{
    struct network around = address_network(client, client->family == ADDRESS_IPV4 ? 24 : 48);

    return address_in(a, &around);
}

static void answered(struct gather *g, unsigned family, const struct dns_answer *answer)
{
    struct evidence *e = &g->e;

    if (answer->status == DNS_TEMPERROR)
        return;
    g->nxdomains += answer->status == DNS_NXDOMAIN;
    g->helo_family[family] = answer->count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    if (family == CLIENT_FAMILY && answer->left_out == 0) /* otherwise the client may be among those left out */
        e->helo_is_client = KNOWN_ABSENT;
    for (unsigned i = 0; i < answer->count; i++) {
        const struct address *a = &answer->records[i].address;

        if (address_equal(a, &e->client))
            e->helo_is_client = KNOWN_PRESENT;
        e->helo_near_client = e->helo_near_client || near_client(a, &e->client);
        if (e->helo_address_count < EVIDENCE_ADDRESSES_MAX)
            e->helo_addresses[e->helo_address_count++] = *a;
    }
}

static void ask(struct gather *g)
{
    unsigned family = g->helo_family[CLIENT_FAMILY] == KNOWN_NOT_ASKED ? CLIENT_FAMILY : OTHER_FAMILY;
    enum dns_type type = lookup_client_type(g);

    if (family == OTHER_FAMILY)
        type = type == DNS_A ? DNS_AAAA : DNS_A;
    else
        g->e.helo_is_client = KNOWN_TEMPERROR;
    g->helo_family[family] = KNOWN_TEMPERROR;
    lookup_ask(
        g, &(struct gathering_question){
               .name = g->e.helo.text, .type = type, .account = ACCOUNT_HELO, .handler = answered, .index = family});
}

static void conclude(struct gather *g)
{
    enum known first = g->helo_family[CLIENT_FAMILY], other = g->helo_family[OTHER_FAMILY];
    struct evidence *e = &g->e;

    if (first == KNOWN_NOT_ASKED)
        return; /* not asked, or known from Postfix */
    e->helo_nxdomain = g->nxdomains > 0 && e->helo_address_count == 0;
    if (first == KNOWN_PRESENT || other == KNOWN_PRESENT)
        e->helo_address = KNOWN_PRESENT;
    else if (e->helo_nxdomain || (first == KNOWN_ABSENT && other == KNOWN_ABSENT))
        e->helo_address = KNOWN_ABSENT;
    else
        e->helo_address = first == KNOWN_ABSENT && other == KNOWN_NOT_ASKED ? KNOWN_NOT_ASKED : KNOWN_TEMPERROR;
}

static void text(const struct evidence *e, struct text *t)
{
    text_addf(t, "HELO address      %s\n", evidence_known_name(e->helo_address));
    text_addf(t, "HELO is client    %s\n", evidence_known_answer(e->helo_is_client));
}

static void json(const struct evidence *e, struct json *j)
{
    json_text(j, "helo_address", evidence_known_name(e->helo_address));
    json_text(j, "helo_is_client", evidence_known_name(e->helo_is_client));
}

const struct gather_kind kind_helo_address = {
    .need = NEED_HELO_ADDRESS,
    .begin = begin,
    .possible = possible,
    .ask = ask,
    .conclude = conclude,
    .text = text,
    .json = json,
};

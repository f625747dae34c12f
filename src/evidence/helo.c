/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helo: the forward records of the HELO name. The client's address family is asked first: it alone can show that the
 * name belongs to the client. The other one, and then MX, only tell whether the name exists for mail at all.
 */
#include "gathering.h"

enum dns_type gathering_client_type(const struct gather *g)
{
    return g->e.client.family == ADDRESS_IPV4 ? DNS_A : DNS_AAAA;
}

static bool near_client(const struct address *a, const struct address *client)
{
    struct network around = address_network(client, client->family == ADDRESS_IPV4 ? 24 : 48);

    return address_in(a, &around);
}

static void address_answered(struct gather *g, unsigned family, const struct dns_answer *answer)
{
    struct evidence *e = &g->e;

    if (answer->status == DNS_TEMPERROR)
        return;
    g->nxdomains += answer->status == DNS_NXDOMAIN;
    g->helo_family[family] = answer->count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    if (family == GATHERING_CLIENT_FAMILY && answer->left_out == 0) /* else it may be among those left out */
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

void gathering_helo(struct gather *g, unsigned family)
{
    enum dns_type type = gathering_client_type(g);

    if (family == GATHERING_OTHER_FAMILY)
        type = type == DNS_A ? DNS_AAAA : DNS_A;
    else
        g->e.helo_is_client = KNOWN_TEMPERROR;
    gathering_asks_for(g, NEED_HELO_ADDRESS);
    g->helo_family[family] = KNOWN_TEMPERROR;
    gathering_ask(g, g->e.helo.text, type, address_answered, family);
}

static void mx_answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    (void)index;
    if (answer->status == DNS_TEMPERROR)
        return;
    g->e.helo_mx = KNOWN_ABSENT;
    for (unsigned i = 0; i < answer->count; i++)
        if (answer->records[i].host.name[0] != '\0')
            g->e.helo_mx = KNOWN_PRESENT;
}

void gathering_helo_mx(struct gather *g)
{
    gathering_asks_for(g, NEED_HELO_MX);
    g->e.helo_mx = KNOWN_TEMPERROR;
    gathering_ask(g, g->e.helo.text, DNS_MX, mx_answered, 0);
}

void gathering_helo_sum(struct gather *g)
{
    enum known first = g->helo_family[GATHERING_CLIENT_FAMILY];
    enum known other = g->helo_family[GATHERING_OTHER_FAMILY];
    struct evidence *e = &g->e;

    if (first == KNOWN_NOT_ASKED)
        return; /* not asked, or known from Postfix */
    e->helo_nxdomain = g->nxdomains > 0 && e->helo_address_count == 0;
    if (first == KNOWN_PRESENT || other == KNOWN_PRESENT)
        e->helo_address = KNOWN_PRESENT;
    else if (e->helo_nxdomain)
        e->helo_address = KNOWN_ABSENT; /* one NXDOMAIN speaks for every type of the name */
    else if (first == KNOWN_ABSENT && other == KNOWN_ABSENT)
        e->helo_address = KNOWN_ABSENT;
    else
        e->helo_address = first == KNOWN_ABSENT && other == KNOWN_NOT_ASKED ? KNOWN_NOT_ASKED : KNOWN_TEMPERROR;
}

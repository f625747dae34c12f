/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rdns: the client's reverse names and their forward confirmation (RFC 8601 section 3, iprev).
 *
 * All PTR names are seen, those that fit the HELO name first, at most dns.ptr_names of them; a forward look-up is made
 * in the client's address family only. A temporary failure of one name leaves the whole unknown unless another
 * confirms.
 */
#include <string.h>

#include "gathering.h"

/* 2: equal to HELO, 1: of its domain, 0: other. */
static int fit(const struct gather *g, const struct name *name)
{
    return name_equal(name, &g->e.helo) ? 2 : name_same_domain(name, &g->e.helo) ? 1 : 0;
}

static bool is_there(const struct gather *g, const struct name *name)
{
    for (unsigned i = 0; i < g->e.rdns_count; i++)
        if (strcmp(g->e.rdns[i].name.text, name->text) == 0)
            return true;
    return false;
}

static void add_name(struct gather *g, const struct name *name)
{
    g->e.rdns[g->e.rdns_count++] = (struct evidence_rdns){
        .name = *name,
        .naming = name_naming(name, &g->e.client, g->options.settings->name_data, g->region),
    };
}

void gathering_rdns_add(struct gather *g, const char *text)
{
    struct name name;

    name_parse(&name, text, strlen(text), g->options.settings->name_data, g->region);
    add_name(g, &name);
}

static void take_names(struct gather *g, const struct dns_answer *answer)
{
    unsigned most = g->options.settings->dns.ptr_names;
    struct name name;

    for (int wanted = 2; wanted >= 0; wanted--)
        for (unsigned i = 0; i < answer->count; i++) {
            const char *text = answer->records[i].host.name;

            name_parse(&name, text, strlen(text), g->options.settings->name_data, g->region);
            if (name.kind == NAME_HOST || name.kind == NAME_SINGLE) {
                if (fit(g, &name) != wanted || is_there(g, &name))
                    continue;
                if (g->e.rdns_count < most && g->e.rdns_count < EVIDENCE_RDNS_MAX)
                    add_name(g, &name);
                else
                    g->e.rdns_left_out++;
            } else {
                g->e.rdns_left_out += wanted == 0;
            }
        }
}

static void reverse_answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    (void)index;
    if (answer->status == DNS_TEMPERROR)
        return; /* e.reverse stays what it was set to when asked */
    if (!g->postfix_confirmed)
        g->e.rdns_count = 0; /* our own look at all PTR names replaces the one name Postfix saw */
    g->e.rdns_partial = false;
    g->e.rdns_left_out = answer->left_out;
    if (answer->status == DNS_FOUND)
        take_names(g, answer);
    g->e.reverse = g->e.rdns_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
}

void gathering_reverse(struct gather *g)
{
    char name[ADDRESS_REVERSE_SIZE];

    gathering_asks_for(g, NEED_REVERSE);
    if (g->e.reverse == KNOWN_NOT_ASKED)
        g->e.reverse = KNOWN_TEMPERROR;
    gathering_ask(g, address_reverse_name(&g->e.client, name), DNS_PTR, reverse_answered, 0);
}

static void confirm_answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    struct evidence_rdns *rdns = &g->e.rdns[index];

    if (answer->status == DNS_TEMPERROR)
        return;
    if (answer->left_out == 0) /* else the client may be among those left out */
        rdns->confirmed = KNOWN_ABSENT;
    rdns->has_address = answer->count > 0;
    for (unsigned i = 0; i < answer->count; i++)
        if (address_equal(&answer->records[i].address, &g->e.client))
            rdns->confirmed = KNOWN_PRESENT;
}

void gathering_confirm(struct gather *g)
{
    gathering_asks_for(g, NEED_CONFIRM);
    for (unsigned i = 0; i < g->e.rdns_count; i++) {
        struct evidence_rdns *rdns = &g->e.rdns[i];

        if (rdns->confirmed != KNOWN_NOT_ASKED)
            continue;
        /* One name that Postfix confirmed is enough for FCrDNS; others matter only where they speak for the HELO. */
        if (g->postfix_confirmed && fit(g, &rdns->name) == 0)
            continue;
        if (name_equal(&rdns->name, &g->e.helo) && g->e.helo_is_client != KNOWN_NOT_ASKED) {
            rdns->confirmed = g->e.helo_is_client;
            rdns->has_address = g->helo_family[GATHERING_CLIENT_FAMILY] == KNOWN_PRESENT;
            continue;
        }
        rdns->confirmed = KNOWN_TEMPERROR;
        gathering_ask(g, rdns->name.text, gathering_client_type(g), confirm_answered, i);
    }
}

void gathering_rdns_sum(struct gather *g)
{
    struct evidence *e = &g->e;
    bool unsure = false;
    int best = -1;

    e->confirmed = NULL;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        const struct evidence_rdns *rdns = &e->rdns[i];
        int fits = rdns->confirmed == KNOWN_PRESENT ? fit(g, &rdns->name) : -1;

        if (fits > best) {
            best = fits;
            e->confirmed = rdns;
        }
        unsure = unsure || rdns->confirmed == KNOWN_TEMPERROR;
    }
    if (e->confirmed)
        e->fcrdns = KNOWN_PRESENT;
    else if (e->reverse == KNOWN_ABSENT)
        e->fcrdns = KNOWN_ABSENT;
    else if (e->reverse == KNOWN_TEMPERROR || unsure)
        e->fcrdns = KNOWN_TEMPERROR;
    else
        e->fcrdns = (g->asked & NEED_CONFIRM) ? KNOWN_ABSENT : KNOWN_NOT_ASKED;
}

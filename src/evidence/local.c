/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local: what a question tells before anything is asked: its names, whether they are ours, what Postfix has proved
 * already, and who is not judged at all. Pure but for the date that ends an exemption.
 */
#include <string.h>

#include "clock.h"
#include "gathering.h"

static bool said(const char *postfix_name)
{
    return postfix_name[0] != '\0' && strcmp(postfix_name, "unknown") != 0;
}

/* The domain of an envelope address. Foreign text: name_parse() takes any bytes. */
static void domain_of(struct gather *g, const char *mailbox, struct name *out)
{
    const char *at = strrchr(mailbox, '@');
    const char *domain = at ? at + 1 : "";

    name_parse(out, domain, strlen(domain), g->options.settings->name_data, g->region);
}

/*
 * client_name is a reverse name that Postfix has confirmed forward; "unknown" proves nothing. reverse_client_name alone
 * proves that some PTR exists, which is worth having when nothing may be asked.
 */
static void take_postfix_names(struct gather *g)
{
    const struct request *req = g->e.request;
    bool confirmed = said(req->client_name);
    const char *name = confirmed ? req->client_name : req->reverse_client_name;
    struct evidence_rdns *rdns = &g->e.rdns[0];

    if (!said(name))
        return;
    if (strcmp(name, req->helo_name) == 0) {
        rdns->name = g->e.helo;
        rdns->naming = g->e.helo_naming;
    } else {
        name_parse(&rdns->name, name, strlen(name), g->options.settings->name_data, g->region);
        rdns->naming = name_naming(&rdns->name, &g->e.client, g->options.settings->name_data, g->region);
    }
    if (rdns->name.kind != NAME_HOST && rdns->name.kind != NAME_SINGLE)
        return;
    rdns->confirmed = confirmed ? KNOWN_PRESENT : KNOWN_NOT_ASKED;
    rdns->has_address = confirmed;
    g->e.rdns_count = 1;
    g->e.reverse = KNOWN_PRESENT;
    g->e.rdns_partial = true;
    g->postfix_confirmed = confirmed;
    gathering_rdns_sum(g);
}

static void take_ours(struct gather *g)
{
    const struct local_settings *local = &g->options.settings->local;
    struct evidence *e = &g->e;

    e->client_is_local = network_set_find(local->networks, &e->client) != LOOKUP_NONE;
    if (e->client_is_local)
        return;
    if (e->helo.kind == NAME_HOST || e->helo.kind == NAME_SINGLE)
        e->helo_is_ours = suffix_set_find(local->own, e->helo.text) != LOOKUP_NONE;
    if (e->helo.kind == NAME_LITERAL || e->helo.kind == NAME_BARE)
        e->helo_is_our_address = network_set_find(local->networks, &e->helo.literal) == LOCAL_OURS;
}

/* HELO equal to Postfix's confirmed name: the name resolves to the client, and nothing more needs to be asked. */
static void take_verified_helo(struct gather *g)
{
    struct evidence *e = &g->e;

    if (!g->postfix_confirmed || !name_equal(&e->helo, &e->rdns[0].name))
        return;
    e->helo_address = KNOWN_PRESENT;
    e->helo_is_client = KNOWN_PRESENT;
    e->helo_addresses[0] = e->client;
    e->helo_address_count = 1;
    e->helo_near_client = true;
    g->asked |= NEED_HELO_ADDRESS | NEED_HELO_MX | NEED_HELO_SPF;
}

bool gathering_local(struct gather *g)
{
    const struct name_data *data = g->options.settings->name_data;
    struct evidence *e = &g->e;
    const char *helo = e->request->helo_name;

    name_parse(&e->helo, helo, strlen(helo), data, g->region);
    e->helo_naming = name_naming(&e->helo, &e->client, data, g->region);
    e->helo_provider = name_provider(&e->helo, data);
    domain_of(g, e->request->sender, &e->sender_domain);
    e->sender_provider = name_provider(&e->sender_domain, data);
    take_postfix_names(g);
    take_ours(g);
    take_verified_helo(g);
    if (e->helo_is_client != KNOWN_PRESENT)
        domain_of(g, e->request->recipient, &e->recipient_domain);
    return !region_failed(g->region);
}

void gathering_skips(struct gather *g)
{
    const struct request *req = g->e.request;
    bool certified = g->options.settings->exempt.certificates && req->ccert_subject[0] != '\0';
    int32_t entry;

    if (req->sasl_username[0] != '\0' || certified)
        g->e.skip = SKIP_AUTHENTICATED;
    else if (req->client.family == ADDRESS_NONE)
        g->e.skip = SKIP_NO_CLIENT;
    else if (req->state == REQUEST_STATE_VRFY || req->state == REQUEST_STATE_CONNECT ||
             (req->state == REQUEST_STATE_OTHER && req->protocol_state[0] != '\0'))
        g->e.skip = SKIP_NO_MAIL;
    if (g->e.skip != SKIP_NONE)
        return;
    entry = settings_exempt_client(g->options.settings, &g->e.client, clock_wall());
    if (entry >= 0) {
        g->e.skip = SKIP_EXEMPT;
        g->e.exemption = entry;
    }
}

static void exempt_by_rdns(struct gather *g, time_t now)
{
    int32_t entry;

    for (unsigned i = 0; i < g->e.rdns_count; i++) {
        if (g->e.rdns[i].confirmed != KNOWN_PRESENT)
            continue;
        entry = settings_exempt_rdns(g->options.settings, g->e.rdns[i].name.text, now);
        if (entry < 0)
            continue;
        g->e.skip = SKIP_EXEMPT;
        g->e.exemption = entry;
        return;
    }
}

void gathering_exemptions(struct gather *g)
{
    const struct settings *settings = g->options.settings;
    const struct exempt_settings *exempt = &settings->exempt;
    struct evidence *e = &g->e;
    time_t now;

    if (e->skip != SKIP_NONE || suffix_set_count(exempt->rdns) + suffix_set_count(exempt->helo) == 0)
        return;
    now = clock_wall();
    exempt_by_rdns(g, now);
    if (e->skip != SKIP_NONE || (e->helo.kind != NAME_HOST && e->helo.kind != NAME_SINGLE))
        return;
    g->helo_exemption = settings_exempt_helo(settings, e->helo.text, now);
    g->has_helo_exemption = g->helo_exemption >= 0;
    if (!g->has_helo_exemption)
        return;
    if (exempt->helo_unverified || e->helo_is_client == KNOWN_PRESENT ||
        (e->helo_spf && e->helo_spf->result == SPF_PASS)) {
        e->skip = SKIP_EXEMPT;
        e->exemption = g->helo_exemption;
    }
}

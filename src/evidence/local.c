/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * local: what the request itself says of the names in it, and whether they are ours. Pure.
 */
#include <string.h>

#include "gathering.h"

/* The domain of an envelope address. The text is foreign, but name_parse() takes any bytes. */
static void domain_of(struct gather *g, const char *mailbox, struct name *out)
{
    const char *at = strrchr(mailbox, '@');
    const char *domain = at ? at + 1 : "";

    name_parse(out, domain, strlen(domain), g->options.settings->name_data, g->region);
}

static void find_ours(struct gather *g)
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

bool local_names(struct gather *g)
{
    const struct name_data *data = g->options.settings->name_data;
    struct evidence *e = &g->e;
    const char *helo = e->request->helo_name;

    name_parse(&e->helo, helo, strlen(helo), data, g->region);
    e->helo_naming = name_naming(&e->helo, &e->client, data, g->region);
    e->helo_provider = name_provider(&e->helo, data);
    domain_of(g, e->request->sender, &e->sender_domain);
    e->sender_provider = name_provider(&e->sender_domain, data);
    find_ours(g);
    return !region_failed(g->region);
}

void local_recipient(struct gather *g)
{
    if (g->e.helo_is_client != KNOWN_PRESENT)
        domain_of(g, g->e.request->recipient, &g->e.recipient_domain);
}

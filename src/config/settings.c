/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings: lifetime and queries of finished settings. Nothing changes after policyfile_read() has returned them, and
 * the last settings_unref() frees everything.
 */
#include <stdlib.h>
#include <string.h>

#include "reading.h"

enum { SETTINGS_MAX = 512 * 1024 * 1024 };

struct owned_settings *settings_new(void)
{
    struct owned_settings *owned = calloc(1, sizeof(*owned));

    if (!owned)
        return NULL;
    owned->references = 1;
    owned->region = region_new(SETTINGS_MAX);
    if (owned->region)
        return owned;
    free(owned);
    return NULL;
}

struct settings *settings_ref(struct settings *s)
{
    ((struct owned_settings *)s)->references++;
    return s;
}

void settings_unref(struct settings *s)
{
    struct owned_settings *owned = (struct owned_settings *)s;

    if (!s || --owned->references > 0)
        return;
    network_set_free(s->exempt.clients);
    suffix_set_free(s->exempt.rdns);
    suffix_set_free(s->exempt.helo);
    suffix_set_free(s->local.own);
    network_set_free(s->local.networks);
    network_set_free(s->server.allow);
    network_set_free(s->status.allow);
    name_data_free((struct name_data *)s->name_data);
    free(s->exempt.entries);
    region_free(owned->region);
    free(owned);
}

const struct policy *settings_policy(const struct settings *s, const char *context)
{
    for (size_t i = 0; context && i < s->policy_count; i++) {
        if (strcmp(s->policies[i]->name, context) == 0)
            return s->policies[i];
    }
    return s->default_policy;
}

static bool counts(const struct exemption *entry, time_t now)
{
    return entry->until == 0 || now < entry->until;
}

/*
 * The set finds only the most specific entry. If that entry has expired since the file was read (entries already
 * expired then were dropped), a wider entry may still apply. In that rare case the list is searched, until the next
 * reload.
 */
static int32_t standing(const struct settings *s, int32_t found, time_t now,
                        bool (*covers)(const struct exemption *entry, const void *what), const void *what)
{
    const struct exemption *entries = s->exempt.entries;

    if (found == LOOKUP_NONE || counts(&entries[found], now))
        return found;
    for (size_t i = 0; i < s->exempt.count; i++) {
        if (entries[i].kind == entries[found].kind && counts(&entries[i], now) && covers(&entries[i], what))
            return (int32_t)i;
    }
    return LOOKUP_NONE;
}

static bool covers_client(const struct exemption *entry, const void *client)
{
    struct network net;

    return network_parse(&net, entry->pattern, strlen(entry->pattern)) && address_in(client, &net);
}

static bool covers_name(const struct exemption *entry, const void *name)
{
    if (entry->pattern[0] == '.')
        return name_under(name, entry->pattern + 1);
    return strcmp(name, entry->pattern) == 0;
}

int32_t settings_exempt_client(const struct settings *s, const struct address *client, time_t now)
{
    return standing(s, network_set_find(s->exempt.clients, client), now, covers_client, client);
}

int32_t settings_exempt_rdns(const struct settings *s, const char *confirmed_name, time_t now)
{
    return standing(s, suffix_set_find(s->exempt.rdns, confirmed_name), now, covers_name, confirmed_name);
}

int32_t settings_exempt_helo(const struct settings *s, const char *helo, time_t now)
{
    return standing(s, suffix_set_find(s->exempt.helo, helo), now, covers_name, helo);
}

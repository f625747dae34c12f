/* SPDX-License-Identifier: BSD-2-Clause */
/* remembering: greetings by hand for the tests of the history's stores. */
#ifndef HELOD_REMEMBERING_H
#define HELOD_REMEMBERING_H

#include <event2/event.h>
#include <string.h>

#include "history.h"
#include "names.h"
#include "settings.h"

static const struct history_settings plain_settings = {
    .store = HISTORY_MEMORY,
    .file = "",
    .snapshot_ms = 60000,
    .window_ms = 7 * 86400000ull,
    .ipv4_bits = 32,
    .ipv6_bits = 64,
    .entries = 200000,
    .bytes = 64 << 20,
    .hash_key = "",
    .redis = (const char *const[]){NULL},
    .redis_sentinel = "",
    .redis_user = "",
    .redis_password = "",
    .redis_prefix = "",
    .redis_timeout_ms = 50,
};

/* The registrable domain is what stands behind the first dot. */
struct greeting {
    struct address client;
    struct name helo;
    char text[300];
};

static inline struct history_greeting greets(struct greeting *g, const char *client, const char *helo)
{
    const char *dot;

    memset(g, 0, sizeof(*g));
    address_parse(&g->client, client, strlen(client));
    strncpy(g->text, helo, sizeof(g->text) - 1);
    dot = strchr(g->text, '.');
    g->helo = (struct name){.text = g->text,
                            .length = strlen(g->text),
                            .kind = dot ? NAME_HOST : NAME_SINGLE,
                            .registrable = dot ? dot + 1 : NULL};
    return (struct history_greeting){.client = &g->client, .helo = &g->helo, .known_count = 3};
}

static inline void note(struct history *h, const char *client, const char *helo, bool verified)
{
    struct greeting g;
    struct history_greeting greeting = greets(&g, client, helo);

    history_note(h, &greeting, verified);
}

static inline struct history_facts known_of(struct history *h, const char *client, const char *helo)
{
    struct history_facts facts = {.known = false};
    struct greeting g;
    struct history_greeting greeting = greets(&g, client, helo);

    history_at_once(h, &greeting, &facts);
    return facts;
}

#endif

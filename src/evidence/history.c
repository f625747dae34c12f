/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: what the store remembers of the client and its name. Asked beside the first look-ups; a store that is down
 * answers "not known", which leaves the facts as they were.
 */
#include "gathering.h"

static void remembered(void *arg, const struct history_facts *facts)
{
    struct gather *g = arg;
    struct history_limits limits = g->e.history.limits;

    g->history = NULL;
    g->e.history = *facts;
    g->e.history.limits = limits;
    gathering_arrived(g);
}

static struct history_greeting greeting_of(const struct gather *g)
{
    return (struct history_greeting){
        .client = &g->e.client,
        .helo = &g->e.helo,
        .known_count = g->e.history.limits.known_count,
    };
}

void gathering_history_at_once(struct gather *g)
{
    const struct history_greeting greeting = greeting_of(g);

    if (history_at_once(g->context.history, &greeting, &g->e.history))
        gathering_asks_for(g, NEED_HISTORY);
}

void gathering_history(struct gather *g)
{
    const struct history_greeting greeting = greeting_of(g);

    gathering_asks_for(g, NEED_HISTORY);
    if (g->options.limit != LIMIT_NONE)
        return;
    g->history = history_ask(g->context.history, &greeting, remembered, g);
    g->pending += g->history != NULL;
}

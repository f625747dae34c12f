/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * housekeeping: two timers. One of them is for the watchdog. It runs in the event loop, so the service manager
 * notices a loop that hangs.
 */
#include "housekeeping.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "connection.h"
#include "counts.h"
#include "history.h"
#include "log.h"
#include "notify.h"
#include "server.h"
#include "status.h"
#include "table.h"
#include "text.h"

enum { TICK_S = 1, STATUS_TICKS = 30, DNS_STATUSES = DNS_TEMPERROR + 1, LABELS_SIZE = 256 };

struct housekeeping {
    struct server *server;
    struct event *tick, *watchdog;
    unsigned ticks;
    uint64_t answers[DNS_TYPE_NUMBERS][DNS_STATUSES]; /* counted already */
};

static void count_dns(struct housekeeping *u)
{
    struct metrics *m = u->server->metrics;
    struct resolver_stats stats;

    resolver_stats(u->server->gather.resolver, &stats);
    for (unsigned type = 0; type < DNS_TYPE_NUMBERS; type++) {
        for (unsigned i = 0; i < DNS_STATUSES; i++) {
            uint64_t *counted = &u->answers[type][i], now = stats.by_status[type][i];

            metrics_add_by(m, METRIC_DNS_ANSWERS, type, i, now - *counted);
            *counted = now;
        }
    }
    metrics_set(m, METRIC_DNS_ASKED, stats.asked);
    metrics_set(m, METRIC_DNS_CACHE_HITS, stats.hits);
    metrics_set(m, METRIC_DNS_REFUSED, stats.refused);
    metrics_set(m, METRIC_DNS_IN_FLIGHT, stats.in_flight);
    metrics_set(m, METRIC_DNS_CACHE_ENTRIES, stats.cached);
    metrics_set(m, METRIC_DNS_CACHE_BYTES, stats.cached_bytes);
}

static void count_nodes(struct metrics *m, const struct history_stats *stats)
{
    for (unsigned i = 0; i < HISTORY_NODES_MAX; i++) {
        const struct history_node *node = i < stats->node_count ? &stats->nodes[i] : NULL;

        metrics_node(m, i, node != NULL ? node->name : NULL);
        for (unsigned state = 0; node != NULL && state < HISTORY_NODE_STATES; state++)
            metrics_add_by(m, METRIC_HISTORY_NODES, i, state,
                           (node->state == state) - metrics_get_by(m, METRIC_HISTORY_NODES, i, state));
        metrics_set_by(m, METRIC_HISTORY_SLOTS, i, node != NULL ? node->slots : 0);
        metrics_set_by(m, METRIC_HISTORY_LATENCY, i, node != NULL ? node->latency_us : 0);
    }
}

static void count_history(const struct server *s)
{
    struct history_stats stats;

    if (s->gather.history == NULL)
        return;
    history_stats(s->gather.history, &stats);
    metrics_set(s->metrics, METRIC_HISTORY_UP, stats.up);
    metrics_set(s->metrics, METRIC_HISTORY_NETWORKS, stats.networks);
    metrics_set(s->metrics, METRIC_HISTORY_NAMES, stats.names);
    metrics_set(s->metrics, METRIC_HISTORY_BYTES, stats.bytes);
    metrics_set(s->metrics, METRIC_HISTORY_EVICTED, stats.evicted);
    metrics_set(s->metrics, METRIC_HISTORY_ASKED, stats.asked);
    metrics_set(s->metrics, METRIC_HISTORY_UNKNOWN, stats.unknown);
    count_nodes(s->metrics, &stats);
}

static void watch_resolver(struct server *s)
{
    const struct dns_settings *dns = &s->settings->dns;
    int trouble = resolver_trouble(s->gather.resolver);
    enum guard_probe probe = GUARD_PROBE_OPEN;
    char status[STATUS_SIZE];

    metrics_set(s->metrics, METRIC_DNS_TROUBLE, trouble > 0 ? (uint64_t)trouble : 0);
    if (guard_suspects(&s->guard, trouble, dns->guard))
        probe = probe_resolver(&s->probe, s->gather.resolver, dns->probe, clock_ms());
    switch (guard_update(&s->guard, trouble, probe, dns->guard, clock_ms())) {
    case GUARD_SAME:
        return;
    case GUARD_SUSPENDED:
        log_error("the resolver fails: %d %% of the recent lookups; DNS points are suspended until it recovers",
                  trouble);
        break;
    case GUARD_RESUMED:
        log_info("the resolver has recovered: DNS points count again");
        break;
    }
    metrics_set(s->metrics, METRIC_GUARD, s->guard.suspended);
    notify_send("STATUS=%s", housekeeping_status(s, status));
}

void housekeeping_settings(struct server *s)
{
    metrics_set(s->metrics, METRIC_GENERATION, s->settings->generation);
    metrics_set(s->metrics, METRIC_LOADED, (uint64_t)clock_wall());
    for (size_t i = 0; i < s->settings->policy_count; i++)
        metrics_policy(s->metrics, s->settings->policies[i]->name);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct housekeeping *u = arg;
    struct server *s = u->server;
    char status[STATUS_SIZE];

    (void)fd;
    (void)what;
    connections_sweep(s->connections);
    status_tick(s->status);
    count_dns(u);
    count_history(s);
    watch_resolver(s);
    metrics_set(s->metrics, METRIC_INSTANCES, table_count(s->instances));
    metrics_set(s->metrics, METRIC_LOG_LOST, log_lost());
    if (++u->ticks % STATUS_TICKS == 0)
        notify_send("STATUS=%s", housekeeping_status(s, status));
}

static void on_watchdog(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    notify_send("WATCHDOG=1");
}

static struct event *every(struct server *s, const struct timeval *time, event_callback_fn handler, void *arg)
{
    struct event *e = event_new(s->base, -1, EV_PERSIST, handler, arg);

    if (e != NULL && event_add(e, time) != 0) {
        event_free(e);
        return NULL;
    }
    return e;
}

struct housekeeping *housekeeping_new(struct server *s)
{
    static const struct timeval tick = {.tv_sec = TICK_S};
    struct housekeeping *u = calloc(1, sizeof(*u));
    uint64_t half = notify_watchdog_ms() / 2;
    struct timeval pulse = clock_timeval(half);

    if (u == NULL)
        return NULL;
    u->server = s;
    housekeeping_settings(s);
    metrics_set(s->metrics, METRIC_STARTED, (uint64_t)clock_wall());
    u->tick = every(s, &tick, on_tick, u);
    if (half > 0)
        u->watchdog = every(s, &pulse, on_watchdog, u);
    if (u->tick == NULL || (half > 0 && u->watchdog == NULL)) {
        housekeeping_free(u);
        return NULL;
    }
    return u;
}

void housekeeping_free(struct housekeeping *u)
{
    if (u == NULL)
        return;
    if (u->tick != NULL)
        event_free(u->tick);
    if (u->watchdog != NULL)
        event_free(u->watchdog);
    free(u);
}

const char *housekeeping_status(const struct server *s, char out[STATUS_SIZE])
{
    struct text t;

    text_init(&t, out, STATUS_SIZE);
    text_addf(&t, "policy %u; %zu connections, %llu requests%s", s->settings->generation,
              connections_count(s->connections), (unsigned long long)metrics_get(s->metrics, METRIC_REQUESTS, 0),
              s->guard.suspended ? "; the resolver fails, DNS points are suspended" : "");
    return out;
}

static void report_metric(const struct server *s, const struct metric_row *row)
{
    for (unsigned number = 0; number < row->numbers; number++) {
        unsigned long long value = metrics_get(s->metrics, row->id, number);
        char labels[LABELS_SIZE];
        struct text t;

        if (value == 0)
            continue;
        text_init(&t, labels, sizeof(labels));
        for (const struct metric_label *l = row->labels; l != NULL && l->name != NULL; l++)
            text_addf(&t, "%s%s=\"%s\"", t.used > 0 ? "," : "", l->name, l->value(number));
        log_info(row->labels != NULL ? "stats: %s{%s} %llu" : "stats: %s%s %llu", row->name, labels, value);
    }
}

void housekeeping_report(const struct server *s)
{
    const struct exempt_settings *exempt = &s->settings->exempt;
    char status[STATUS_SIZE];

    log_info("stats: %s", housekeeping_status(s, status));
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        report_metric(s, &metric_rows[i]);
    for (size_t i = 0; i < exempt->count; i++) {
        const struct exemption *entry = &exempt->entries[i];
        unsigned long long hits = counts_get(s->hits[entry->kind], entry->pattern, strlen(entry->pattern));
        char where[EXEMPTION_WHERE_SIZE];

        if (hits > 0)
            log_info("stats: exemption %s %s: %llu hits", exempt_where(entry, where), entry->pattern, hits);
    }
}

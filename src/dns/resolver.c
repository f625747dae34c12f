/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver: takes queries, answers them from the cache or by a lookup, calls back, and replaces channels.
 *
 * Callbacks run only from on_drain(), which the event loop calls, never from inside resolver_ask() or c-ares. A
 * callback may therefore ask and cancel freely. Lookups in flight, queued lookups and the cache are all bounded. A
 * new configuration gets a new channel; the old one finishes its lookups and is then destroyed, again from
 * on_drain().
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "lookup.h"
#include "wire.h"

enum {
    WATCH_MS = 2000,
    DRAIN_MAX = 256,    /* callbacks per run, so that sockets are served in between */
    OPEN_MAX = 1 << 20, /* never reached, because the line has its own bound */
    TIMEOUT_MS = 2000,
};

/*
 * Makes the key of a name: lower case, no trailing dot. Returns its size, or 0 if the name does not fit in a
 * message.
 */
static size_t make_key(const char *name, uint16_t type, uint8_t key[ANSWER_KEY_MAX])
{
    size_t used = 2, label = 0;

    memcpy(key, &type, 2);
    for (; *name != '\0'; name++) {
        bool dot = *name == '.';

        if (dot ? label == 0 : ++label > WIRE_LABEL_MAX)
            return 0;
        if (dot && name[1] == '\0')
            break;
        if (used == 2 + WIRE_NAME_MAX - 2)
            return 0;
        label = dot ? 0 : label;
        key[used++] = (uint8_t)(*name >= 'A' && *name <= 'Z' ? *name + ('a' - 'A') : *name);
    }
    return label > 0 ? used : 0;
}

/* ---- callbacks, from the event loop only ---- */

static void call_back(struct resolver *r, struct resolver_query *q)
{
    static const struct dns_answer no_memory = {.status = DNS_TEMPERROR, .name = "", .canonical = "", .why = "memory"};
    struct answer *answer = q->answer;
    resolver_done *done = q->done;
    void *arg = q->arg;
    bool from_cache = q->from_cache;

    TAILQ_REMOVE(&r->ready, q, link);
    free(q);
    done(arg, answer ? &answer->view : &no_memory, from_cache);
    answer_unref(answer);
}

static void destroy_old(struct resolver *r)
{
    for (struct old_channel **at = &r->old; *at;) {
        struct old_channel *old = *at;
        if (channel_pending(old->channel) > 0) {
            at = &old->next;
            continue;
        }
        *at = old->next;
        channel_free(old->channel);
        free(old);
    }
}

static void on_drain(evutil_socket_t fd, short what, void *arg)
{
    struct resolver *r = arg;
    struct resolver_query *q;
    struct lookup *l;

    (void)fd;
    (void)what;
    r->draining = true;
    while ((l = TAILQ_FIRST(&r->ended)) != NULL)
        lookup_end(l);
    lookup_start_line(r);
    destroy_old(r);
    for (unsigned n = 0; n < DRAIN_MAX && (q = TAILQ_FIRST(&r->ready)) != NULL; n++)
        call_back(r, q);
    r->draining = false;
    if (!TAILQ_EMPTY(&r->ready) || !TAILQ_EMPTY(&r->ended))
        event_add(r->drain, &(struct timeval){0, 0});
}

/* ---- queries ---- */

static struct resolver_query *new_query(struct resolver *r, const struct resolver_question *question)
{
    struct resolver_query *q = calloc(1, sizeof *q);

    if (q) {
        q->resolver = r;
        q->source = question->source;
        q->done = question->done;
        q->arg = question->arg;
    }
    return q;
}

/* The answer is known; the query takes over its reference. */
static struct resolver_query *make_ready(struct resolver_query *q, struct answer *answer, bool from_cache)
{
    struct resolver *r = q->resolver;

    if (!answer) {
        free(q);
        return NULL;
    }
    q->answer = answer;
    q->from_cache = from_cache;
    TAILQ_INSERT_TAIL(&r->ready, q, link);
    lookup_wake(r);
    return q;
}

static struct resolver_query *refuse(struct resolver_query *q, const uint8_t *key, size_t key_size, uint16_t type)
{
    char name[DNS_NAME_SIZE];

    q->resolver->stats.refused++;
    memcpy(name, key + 2, key_size - 2);
    name[key_size - 2] = '\0';
    return make_ready(q, answer_empty(name, type, DNS_TEMPERROR, "busy"), false);
}

/* Joins the lookup in flight for this key, or starts one. */
static struct resolver_query *ask_dns(struct resolver *r, struct resolver_query *q, const uint8_t *key, size_t key_size)
{
    struct lookup *l = (struct lookup *)table_find(r->open, key, key_size);
    uint16_t type;

    memcpy(&type, key, 2);
    if (l) {
        r->stats.shared++;
    } else if (r->stats.waiting >= r->options.in_flight * LOOKUP_LINE_FACTOR) {
        return refuse(q, key, key_size, type);
    } else if ((l = lookup_new(r, key, key_size)) == NULL) {
        free(q);
        return NULL;
    } else {
        l->source = q->source;
    }
    q->lookup = l;
    TAILQ_INSERT_TAIL(&l->queries, q, link);
    lookup_start_line(r);
    return q;
}

/* Returns NULL when the answer is not cached or has expired. */
static struct answer *find_cached(struct resolver *r, const uint8_t *key, size_t key_size)
{
    struct answer *a = cache_find(r->cache, key, key_size, clock_ms());

    r->stats.asked++;
    r->stats.hits += a != NULL;
    return a;
}

static struct resolver_query *ask_key(struct resolver *r, const struct resolver_question *question, const uint8_t *key,
                                      size_t key_size)
{
    struct resolver_query *q = new_query(r, question);

    if (!q || key_size > 0)
        return q ? ask_dns(r, q, key, key_size) : NULL;
    return make_ready(q, answer_empty(question->name, (uint16_t)question->type, DNS_NXDOMAIN, "badname"), false);
}

const struct dns_answer *resolver_get(struct resolver *r, const struct resolver_question *question,
                                      struct resolver_query **query)
{
    uint8_t key[ANSWER_KEY_MAX];
    size_t key_size = make_key(question->name, (uint16_t)question->type, key);
    const struct answer *cached = find_cached(r, key, key_size);

    *query = cached ? NULL : ask_key(r, question, key, key_size);
    return cached ? &cached->view : NULL;
}

struct resolver_query *resolver_ask(struct resolver *r, const char *name, enum dns_type type, resolver_done *done,
                                    void *arg)
{
    const struct resolver_question question = {.name = name, .type = type, .done = done, .arg = arg};
    uint8_t key[ANSWER_KEY_MAX];
    size_t key_size = make_key(name, (uint16_t)type, key);
    struct answer *cached = find_cached(r, key, key_size);
    struct resolver_query *q;

    if (!cached)
        return ask_key(r, &question, key, key_size);
    q = new_query(r, &question);
    return q ? make_ready(q, answer_ref(cached), true) : NULL;
}

void resolver_cancel(struct resolver_query *q)
{
    struct resolver *r = q->resolver;
    struct lookup *l = q->lookup;

    TAILQ_REMOVE(l ? &l->queries : &r->ready, q, link);
    answer_unref(q->answer);
    free(q);
    if (l && l->state == LOOKUP_IN_LINE && TAILQ_EMPTY(&l->queries))
        lookup_free(l);
}

const struct dns_answer *resolver_cached(struct resolver *r, const char *name, enum dns_type type)
{
    uint8_t key[ANSWER_KEY_MAX];
    size_t key_size = make_key(name, (uint16_t)type, key);
    struct answer *a = key_size > 0 ? cache_find(r->cache, key, key_size, clock_ms()) : NULL;

    return a ? &a->view : NULL;
}

/* ---- life ---- */

static const char *resolv_conf_of(const struct resolver_options *o)
{
    return o->resolv_conf && *o->resolv_conf != '\0' ? o->resolv_conf : "/etc/resolv.conf";
}

static bool has_servers(const struct resolver_options *o)
{
    return o->servers && o->servers[0];
}

static struct channel *make_channel(struct event_base *base, const struct resolver_options *o, char *error,
                                    size_t error_size)
{
    struct channel_options options = {
        .servers = o->servers,
        .resolv_conf = resolv_conf_of(o),
        .timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS,
        .tries = o->tries > 0 ? o->tries : 1,
        .edns = o->edns,
    };

    if (!has_servers(o) && !watch_names_server(options.resolv_conf)) {
        snprintf(error, error_size, "%s names no nameserver", options.resolv_conf);
        return NULL;
    }
    return channel_new(base, &options, error, error_size);
}

/* The old channel goes into `old` and finishes its lookups there. */
static void replace_channel(struct resolver *r, struct channel *channel, struct old_channel *old)
{
    if (r->channel) {
        *old = (struct old_channel){r->channel, r->old};
        r->old = old;
        lookup_wake(r);
    } else {
        free(old);
    }
    r->channel = channel;
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct resolver *r = arg;
    struct old_channel *old;
    struct channel *channel;
    char error[128];

    (void)fd;
    (void)what;
    if (!watch_changed(&r->watch))
        return;
    old = malloc(sizeof *old);
    channel = old ? make_channel(r->base, &r->options, error, sizeof error) : NULL;
    if (channel)
        replace_channel(r, channel, old);
    else
        free(old);
}

/* resolv.conf is watched only when it names the servers that are used. */
static void set_watch(struct resolver *r, bool own_servers)
{
    struct timeval every = clock_timeval(r->options.watch_ms > 0 ? r->options.watch_ms : WATCH_MS);

    event_del(r->watcher);
    if (own_servers)
        return;
    watch_init(&r->watch, r->options.resolv_conf);
    event_add(r->watcher, &every);
}

static struct cache_ttls ttls_of(const struct resolver_options *o)
{
    return (struct cache_ttls){o->ttl_min, o->ttl_max, o->negative_ttl_max, o->failure_ttl};
}

/* Called when everything that can fail has succeeded. */
static void take_options(struct resolver *r, const struct resolver_options *o, char *resolv_conf)
{
    free((char *)r->options.resolv_conf);
    r->options = *o;
    r->options.servers = NULL;
    r->options.resolv_conf = resolv_conf;
    if (r->options.in_flight == 0)
        r->options.in_flight = 1;
    if (r->options.tries == 0)
        r->options.tries = 1;
    if (r->options.timeout_ms == 0)
        r->options.timeout_ms = TIMEOUT_MS;
    set_watch(r, has_servers(o));
}

bool resolver_reconfigure(struct resolver *r, const struct resolver_options *options, char *error, size_t error_size)
{
    struct cache_ttls ttls = ttls_of(options);
    struct channel *channel = make_channel(r->base, options, error, error_size);
    struct old_channel *old;
    char *resolv_conf;

    if (!channel)
        return false;
    old = malloc(sizeof *old);
    resolv_conf = strdup(resolv_conf_of(options));
    if (!old || !resolv_conf || !cache_resize(r->cache, options->cache_entries, &ttls)) {
        snprintf(error, error_size, "out of memory");
        free(old);
        free(resolv_conf);
        channel_free(channel);
        return false;
    }
    replace_channel(r, channel, old);
    take_options(r, options, resolv_conf);
    lookup_start_line(r);
    return true;
}

static void keep_entry(struct table_entry *entry, void *arg)
{
    (void)entry; /* a lookup lives on after it leaves the table */
    (void)arg;
}

struct resolver *resolver_new(struct event_base *base, const struct resolver_options *options, char *error,
                              size_t error_size)
{
    struct resolver *r = calloc(1, sizeof *r);

    snprintf(error, error_size, "out of memory");
    if (!r)
        return NULL;
    r->base = base;
    TAILQ_INIT(&r->line);
    TAILQ_INIT(&r->sent);
    TAILQ_INIT(&r->ended);
    TAILQ_INIT(&r->ready);
    r->drain = evtimer_new(base, on_drain, r);
    r->watcher = event_new(base, -1, EV_PERSIST, on_watch, r);
    r->open = table_new(&(struct table_limits){.max_entries = OPEN_MAX}, keep_entry, NULL);
    r->cache = cache_new(0, &(struct cache_ttls){0, 0, 0, 0});
    if (!r->drain || !r->watcher || !r->open || !r->cache || !trouble_init(&r->trouble) || !silent_init(&r->silent) ||
        !resolver_reconfigure(r, options, error, error_size)) {
        resolver_free(r);
        return NULL;
    }
    return r;
}

static void free_queries(struct query_list *queries)
{
    struct resolver_query *q;

    while ((q = TAILQ_FIRST(queries)) != NULL) {
        TAILQ_REMOVE(queries, q, link);
        answer_unref(q->answer);
        free(q);
    }
}

void resolver_free(struct resolver *r)
{
    struct lookup *l;

    if (!r)
        return;
    struct lookup_list *lists[] = {&r->line, &r->sent, &r->ended};
    /* Freeing a channel makes c-ares call back for each pending lookup, which moves it to `ended`. */
    channel_free(r->channel);
    for (struct old_channel *old = r->old, *next; old; old = next) {
        next = old->next;
        channel_free(old->channel);
        free(old);
    }
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        while ((l = TAILQ_FIRST(lists[i])) != NULL) {
            free_queries(&l->queries);
            lookup_free(l);
        }
    }
    free_queries(&r->ready);
    cache_free(r->cache);
    table_free(r->open);
    if (r->drain)
        event_free(r->drain);
    if (r->watcher)
        event_free(r->watcher);
    free((char *)r->options.resolv_conf);
    free(r);
}

/* ---- statistics and description ---- */

void resolver_count_hits(struct resolver *r, unsigned answers)
{
    r->stats.asked += answers;
    r->stats.hits += answers;
}

void resolver_stats(const struct resolver *r, struct resolver_stats *out)
{
    *out = r->stats;
    out->cached = cache_count(r->cache);
    out->cached_bytes = cache_bytes(r->cache);
}

int resolver_trouble(const struct resolver *r)
{
    return trouble_share(&r->trouble, clock_ms());
}

bool resolver_zone_is_silent(const struct resolver *r, const char *reverse_name)
{
    return silent_is(&r->silent, reverse_name, clock_ms());
}

const char *resolver_version(void)
{
    return channel_version();
}

const char *resolver_warning(struct resolver *r)
{
    return channel_warning(r->channel);
}

const char *resolver_servers(struct resolver *r)
{
    channel_servers(r->channel, r->servers, sizeof r->servers);
    return r->servers;
}

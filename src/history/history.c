/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: implements the promises of history.h for all stores. A query has one waiter with one timer. If the store
 * answers at once, the timer fires in the next turn of the event loop; otherwise it fires after the store's timeout.
 * Store or timer, whichever comes first, ends the query.
 */
#include "history.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "keys.h"
#include "listing.h"
#include "names.h"
#include "region.h"

enum { PEOPLE_WAIT_MS = 5000, TEXTS_MAX = 1 << 20 };

struct history {
    struct event_base *base;
    struct history_settings settings; /* with copies of the texts in use */
    struct region *texts;
    struct keys_form form;
    struct store_keys keys;     /* of the greeting that was last queried or recorded */
    struct address keys_client; /* its client */
    const struct store *store;
    void *state;
    struct history_query *queries;
    bool read_only;
    uint64_t asked, unknown;
};

struct history_query {
    struct store_waiter waiter; /* first */
    struct event timer;
    struct history *h;
    struct history_query *next, **link;
    history_done *done;
    void *arg;
};

/* The row of a store; NULL if this build lacks it, and for none. */
static const struct store *store_of(enum history_store kind)
{
    static const struct store *const stores[] = {
        [HISTORY_MEMORY] = &store_memory,
#ifdef HAVE_HIREDIS
        [HISTORY_REDIS] = &store_redis,
#else
        [HISTORY_REDIS] = NULL,
#endif
    };

    return stores[kind];
}

/* The settings' texts belong to the policy file, which a reload may free. */
static bool copy_texts(struct history_settings *s, struct region *r)
{
    const char **texts[] = {&s->file,           &s->redis_sentinel, &s->redis_user,
                            &s->redis_password, &s->redis_prefix,   &s->hash_key};

    const char **list;
    size_t count = 0;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = region_strdup(r, *texts[i]);
    while (s->redis[count] != NULL)
        count++;
    list = region_alloc(r, (count + 1) * sizeof(*list));
    for (size_t i = 0; list != NULL && i < count; i++)
        list[i] = region_strdup(r, s->redis[i]);
    s->redis = list;
    return !region_failed(r);
}

bool history_check(const struct history_settings *settings, char *error, size_t error_size)
{
    const struct store *store = store_of(settings->store);

    if (settings->store == HISTORY_NONE)
        return true;
    if (store != NULL)
        return store->check == NULL || store->check(settings, error, error_size);
    snprintf(error, error_size, "history.store: this helod was built without hiredis and cannot use \"redis\"");
    return false;
}

struct history *history_new(struct event_base *base, const struct history_options *options, char *error,
                            size_t error_size)
{
    struct history *h = calloc(1, sizeof(*h));
    struct store_context context = {
        .base = base, .read_only = options->read_only, .report = options->report, .report_arg = options->report_arg};

    snprintf(error, error_size, "no memory");
    if (h == NULL)
        return NULL;
    h->base = base;
    h->settings = *options->settings;
    h->read_only = options->read_only;
    h->texts = region_new(TEXTS_MAX);
    if (h->texts != NULL && copy_texts(&h->settings, h->texts)) {
        keys_form_init(&h->form, &h->settings);
        context.settings = &h->settings;
        h->store = store_of(h->settings.store);
        if (history_check(&h->settings, error, error_size))
            h->state = h->store->open(&context, error, error_size);
    }
    if (h->state != NULL)
        return h;
    region_free(h->texts);
    free(h);
    return NULL;
}

static void query_free(struct history_query *q)
{
    if (q->waiter.request != NULL)
        q->h->store->cancel(q->h->state, &q->waiter);
    evtimer_del(&q->timer);
    *q->link = q->next;
    if (q->next != NULL)
        q->next->link = q->link;
    free(q);
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    while (h->queries != NULL)
        query_free(h->queries);
    h->store->close(h->state);
    region_free(h->texts);
    free(h);
}

/*
 * The keys of the greeting's client and policy, valid until the next call; NULL if it has no client address. They are
 * cached, because a client is usually queried and then recorded.
 */
static struct store_keys *client_keys(struct history *h, const struct history_greeting *greeting)
{
    if (greeting->client->family == ADDRESS_NONE)
        return NULL;
    if (!address_equal(greeting->client, &h->keys_client)) {
        keys_of_client(&h->form, greeting->client, &h->keys);
        h->keys_client = *greeting->client;
    }
    h->keys.policy = greeting->policy != NULL ? greeting->policy : "";
    return &h->keys;
}

/* The same with the keys of its name. */
static struct store_keys *keys_for(struct history *h, const struct history_greeting *greeting)
{
    struct store_keys *keys = client_keys(h, greeting);

    if (keys != NULL)
        keys_of_name(&h->form, greeting, keys);
    return keys;
}

static void count(struct history *h, const struct history_facts *facts)
{
    h->asked++;
    h->unknown += !facts->known || !facts->name_known;
}

static bool answered_at_once(struct history *h, const struct store_keys *keys, struct history_facts *out)
{
    struct history_limits limits = out->limits;

    *out = (struct history_facts){.limits = limits};
    return h->store->at_once(h->state, keys, out);
}

bool history_at_once(struct history *h, const struct history_greeting *greeting, struct history_facts *out)
{
    const struct store_keys *keys = keys_for(h, greeting);

    if (keys == NULL) {
        out->known = out->name_known = false;
        return true;
    }
    if (!answered_at_once(h, keys, out))
        return false;
    count(h, out);
    return true;
}

static void query_end(struct history_query *q)
{
    struct history_facts facts = q->waiter.facts;
    history_done *done = q->done;
    void *arg = q->arg;

    count(q->h, &facts);
    query_free(q);
    done(arg, &facts);
}

static void query_answered(struct store_waiter *w)
{
    query_end((struct history_query *)w);
}

/* The store's timeout has passed, or the store had answered at once. What has arrived until now counts. */
static void on_query_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    query_end(arg);
}

static void start_timer(struct event *timer, uint64_t ms)
{
    struct timeval after = clock_timeval(ms);

    evtimer_add(timer, &after);
}

struct history_query *history_ask(struct history *h, const struct history_greeting *greeting, history_done *done,
                                  void *arg)
{
    struct history_query *q = calloc(1, sizeof(*q));
    const struct store_keys *keys;

    if (q == NULL)
        return NULL;
    *q = (struct history_query){.waiter = {.answered = query_answered}, .h = h, .done = done, .arg = arg};
    evtimer_assign(&q->timer, h->base, on_query_timer, q);
    q->next = h->queries;
    q->link = &h->queries;
    if (q->next != NULL)
        q->next->link = &q->next;
    h->queries = q;
    keys = keys_for(h, greeting);
    if (keys != NULL && !answered_at_once(h, keys, &q->waiter.facts))
        h->store->ask(h->state, keys, &q->waiter);
    start_timer(&q->timer, q->waiter.request == NULL ? 0 : h->settings.redis_timeout_ms);
    return q;
}

void history_cancel(struct history_query *q)
{
    if (q != NULL)
        query_free(q);
}

void history_note_encrypted(struct history *h, const struct history_greeting *greeting)
{
    struct store_keys *keys = h->read_only || greeting->policy == NULL ? NULL : client_keys(h, greeting);

    if (keys == NULL)
        return;
    keys_of_neighbourhood(&h->form, greeting->client, keys);
    h->store->note_encrypted(h->state, keys);
}

void history_note(struct history *h, const struct history_greeting *greeting, bool verified)
{
    struct store_keys *keys = h->read_only ? NULL : keys_for(h, greeting);

    if (keys == NULL || keys->name[0] == '\0')
        return;
    if (!verified)
        keys_of_neighbourhood(&h->form, greeting->client, keys);
    h->store->note(h->state, keys, verified);
}

static void on_over(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    *(bool *)arg = true;
}

/* Runs the event loop until the server has answered. Whatever has not arrived in time is missing. */
static void wait_for_answer(struct history *h, struct store_waiter *w)
{
    struct event timer;
    bool over = false;

    evtimer_assign(&timer, h->base, on_over, &over);
    start_timer(&timer, PEOPLE_WAIT_MS);
    while (w->request != NULL && !over && event_base_loop(h->base, EVLOOP_ONCE) == 0)
        ;
    evtimer_del(&timer);
    if (w->request != NULL)
        h->store->cancel(h->state, w);
}

static void nobody_waits(struct store_waiter *w)
{
    (void)w; /* wait_for_answer() sees that the store has no request any more */
}

static char *reach(struct history *h, const char *subject, enum history_form form, bool forget, bool *ok)
{
    static struct listing listing; /* large */
    struct store_waiter waiter = {.answered = nobody_waits, .record = &listing.record};

    *ok = false;
    if (h->store->ask != NULL && !h->read_only)
        return NULL;
    listing = (struct listing){.asked = subject, .form = form, .forget = forget};
    if (keys_of_subject(&h->form, subject, &listing.subject, listing.key)) {
        (forget ? h->store->forget : h->store->show)(h->state, listing.subject, listing.key, &waiter);
        if (waiter.request != NULL)
            wait_for_answer(h, &waiter);
        *ok = waiter.ok;
        listing.trouble = waiter.ok ? NULL : "the store does not answer";
    } else {
        listing.trouble = "this is neither an address nor a name";
    }
    return listing_text(&listing);
}

char *history_show(struct history *h, const char *subject, enum history_form form, bool *ok)
{
    return reach(h, subject, form, false, ok);
}

char *history_forget(struct history *h, const char *subject, enum history_form form, bool *ok)
{
    return reach(h, subject, form, true, ok);
}

void history_stats(const struct history *h, struct history_stats *out)
{
    *out = (struct history_stats){.store = h->store->name, .asked = h->asked, .unknown = h->unknown};
    h->store->stats(h->state, out);
}

bool history_save(struct history *h, char *error, size_t error_size)
{
    return h->read_only || h->store->save == NULL || h->store->save(h->state, error, error_size);
}

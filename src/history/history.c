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
    struct history_showing *showings;
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

struct history_showing {
    struct store_waiter waiter; /* first */
    struct event timer;
    struct history *h;
    struct history_showing *next, **link;
    history_shown *shown;
    void *arg;
    bool forget;
    struct listing listing;
    char asked[STORE_KEY_SIZE], key[STORE_KEY_SIZE];
    struct store_record record;
};

/* The row of a store; NULL if this build lacks it. */
static const struct store *store_of(enum history_store kind)
{
    static const struct store *const stores[] = {
        [HISTORY_NONE] = &store_none,
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

static void showing_free(struct history_showing *s)
{
    if (s->waiter.request != NULL)
        s->h->store->cancel(s->h->state, &s->waiter);
    evtimer_del(&s->timer);
    *s->link = s->next;
    if (s->next != NULL)
        s->next->link = s->link;
    free(s);
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    while (h->queries != NULL)
        query_free(h->queries);
    while (h->showings != NULL)
        showing_free(h->showings);
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
    struct timeval after = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

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

/* NULL: no memory. */
static char *listing_of(const struct history_showing *s, const char *trouble)
{
    char *out = malloc(LISTING_SIZE);
    struct text t;

    if (out == NULL)
        return NULL;
    text_init(&t, out, LISTING_SIZE);
    if (trouble != NULL)
        listing_trouble(&s->listing, trouble, &t);
    else if (s->forget)
        listing_forgotten(&s->listing, s->record.found, &t);
    else
        listing_record(&s->listing, &s->record, &t);
    return out;
}

static void showing_end(struct history_showing *s, const char *trouble)
{
    history_shown *shown = s->shown;
    void *arg = s->arg;
    bool ok = trouble == NULL && s->waiter.ok;
    char *out = listing_of(s, ok ? NULL : trouble != NULL ? trouble : "the store does not answer");

    showing_free(s);
    shown(arg, ok && out != NULL, out != NULL ? out : "no memory\n");
    free(out);
}

static void showing_answered(struct store_waiter *w)
{
    showing_end((struct history_showing *)w, NULL);
}

static const char no_subject[] = "this is neither an address nor a name";

static void on_showing_timer(evutil_socket_t fd, short what, void *arg)
{
    struct history_showing *s = arg;

    (void)fd;
    (void)what;
    if (s->key[0] == '\0')
        showing_end(s, no_subject);
    else
        showing_end(s, s->waiter.request != NULL ? "the store does not answer" : NULL);
}

static struct history_showing *reach(struct history *h, const char *subject, bool forget, history_shown *shown,
                                     void *arg)
{
    struct history_showing *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return NULL;
    s->waiter = (struct store_waiter){.answered = showing_answered, .record = &s->record};
    s->h = h;
    s->shown = shown;
    s->arg = arg;
    s->forget = forget;
    s->listing = (struct listing){.asked = s->asked, .key = s->key};
    snprintf(s->asked, sizeof(s->asked), "%s", subject);
    evtimer_assign(&s->timer, h->base, on_showing_timer, s);
    s->next = h->showings;
    s->link = &h->showings;
    if (s->next != NULL)
        s->next->link = &s->next;
    h->showings = s;
    if (keys_of_subject(&h->form, subject, &s->listing.subject, s->key))
        (forget ? h->store->forget : h->store->show)(h->state, s->listing.subject, s->key, &s->waiter);
    start_timer(&s->timer, s->waiter.request == NULL ? 0 : PEOPLE_WAIT_MS);
    return s;
}

struct history_showing *history_show(struct history *h, const char *subject, enum history_form form,
                                     history_shown *shown, void *arg)
{
    struct history_showing *s = reach(h, subject, false, shown, arg);

    if (s != NULL)
        s->listing.form = form;
    return s;
}

struct history_showing *history_forget(struct history *h, const char *subject, history_shown *shown, void *arg)
{
    return reach(h, subject, true, shown, arg);
}

static char *at_once(struct history *h, const char *subject, enum history_form form, bool forget, bool *ok)
{
    struct history_showing *s = h->store->ask != NULL ? NULL : calloc(1, sizeof(*s));
    char *out;

    *ok = false;
    if (s == NULL)
        return NULL;
    s->waiter.record = &s->record;
    s->forget = forget;
    s->listing = (struct listing){.asked = s->asked, .key = s->key, .form = form};
    snprintf(s->asked, sizeof(s->asked), "%s", subject);
    *ok = keys_of_subject(&h->form, subject, &s->listing.subject, s->key);
    if (*ok)
        (forget ? h->store->forget : h->store->show)(h->state, s->listing.subject, s->key, &s->waiter);
    out = listing_of(s, *ok ? NULL : no_subject);
    free(s);
    return out;
}

char *history_show_at_once(struct history *h, const char *subject, enum history_form form, bool *ok)
{
    return at_once(h, subject, form, false, ok);
}

char *history_forget_at_once(struct history *h, const char *subject, enum history_form form, bool *ok)
{
    return at_once(h, subject, form, true, ok);
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

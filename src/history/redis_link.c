/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_link: connects to one address of the server after the other, logs in (AUTH, PING), notices when the server
 * stops answering, closes the connection, and connects again with growing pauses, at most RETRY_MAX_MS long. hiredis
 * 0.14 has no timers, so all timers are here.
 *
 * The kernel of a server whose process is stopped still accepts connections, so a connection counts as up only after a
 * PONG in time. The first PONG ends the login, which includes the round trips of TCP and TLS; the second one must come
 * within the store's timeout. Nothing here blocks, except that a host name is resolved once, before anything is served.
 */
#include "redis_link.h"

#include <event2/event.h>
#include <hiredis/adapters/libevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "redis_reply.h"

enum {
    RETRY_MIN_MS = 200,
    RETRY_MAX_MS = 5000,
    GREETING = 2, /* times the timeout, from connecting to the first PONG */
    STUCK = 4,    /* times the timeout without a reply to anything */
    LATE_MAX = 5, /* late replies in a row */
    ROOM = 20000, /* commands in flight */
    REASON_SIZE = 240,
    REASONS_SIZE = 600, /* of all addresses */
};

struct redis_link {
    struct redis_link_owner owner;
    const struct store_context *context;
    const char *channel; /* NULL: none */
    bool may_be_open;
    redisAsyncContext *connection; /* NULL: none */
    struct redis_expected expected;
    bool up;
    struct redis_tls *tls; /* NULL: none wanted */
    struct event *timer;   /* connected: a PONG is due; else: the next attempt */
    uint64_t retry_ms;
    uint64_t up_ms;       /* since when it is up */
    uint64_t progress_ms; /* time of the last reply, or of the first command sent while none was in flight */
    uint64_t latency_us;  /* a moving average */
    unsigned under_way, late;
    bool resting; /* until the next attempt */
    bool reported, complained, closing;
    struct redis_place place;
    struct text reasons; /* why each address failed that was tried since the last pause */
    char reasons_bytes[REASONS_SIZE];
};

static void report(const struct redis_link *l, enum redis_link_news news, const char *detail)
{
    if (l->owner.report != NULL)
        l->owner.report(l->owner.arg, news, detail);
}

static void changed(const struct redis_link *l)
{
    if (l->owner.changed != NULL && !l->closing)
        l->owner.changed(l->owner.arg);
}

static void wait_ms(struct redis_link *l, uint64_t ms)
{
    struct timeval after = clock_timeval(ms);

    evtimer_add(l->timer, &after);
}

/* "::1: Connection refused, 127.0.0.1: certificate has expired"; the address only if there are several. */
static void note_reason(struct redis_link *l, const char *reason)
{
    const char *address = redis_place_shown(&l->place);

    text_addf(&l->reasons, "%s%s%s%s", l->reasons.used > 0 ? ", " : "", address, *address != '\0' ? ": " : "", reason);
}

/*
 * Called when all addresses have failed. A server that keeps closing connections is also retried after growing
 * pauses.
 */
static void pause_link(struct redis_link *l)
{
    if (!l->reported)
        report(l, REDIS_LINK_LOST, l->reasons_bytes);
    l->reported = true;
    text_init(&l->reasons, l->reasons_bytes, sizeof(l->reasons_bytes));
    wait_ms(l, l->retry_ms);
    l->retry_ms = l->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : l->retry_ms * 2;
}

/* Ends the connection and tries the next address at once. If the server had been up, it pauses first. */
static void go_down(struct redis_link *l, const char *reason)
{
    redisAsyncContext *connection = l->connection;
    bool was_up = l->up;

    if (l->closing || l->resting)
        return;
    if (was_up && clock_ms() - l->up_ms >= RETRY_MAX_MS)
        l->retry_ms = RETRY_MIN_MS;
    l->resting = true;
    l->connection = NULL;
    l->up = false;
    l->late = 0;
    note_reason(l, reason);
    if (!was_up && redis_place_next(&l->place))
        wait_ms(l, 0);
    else
        pause_link(l);
    if (connection != NULL)
        redisAsyncFree(connection);
    l->under_way = 0;
    if (was_up)
        changed(l);
}

/* Prefers OpenSSL's error text, because hiredis may report "Success" instead. */
static void lose(struct redis_link *l, const char *error)
{
    char reason[REASON_SIZE];

    if (l->expected.unasked)
        snprintf(reason, sizeof(reason), "the server sent an unexpected reply; is it Redis?");
    else if (l->tls == NULL || !redis_tls_explain(l->tls, reason, sizeof(reason)))
        snprintf(reason, sizeof(reason), "%s", error);
    go_down(l, reason);
}

static void on_connect(const redisAsyncContext *connection, int status)
{
    struct redis_link *l = connection->data;

    if (status == REDIS_OK || l->connection != connection)
        return;
    l->connection = NULL; /* hiredis frees it */
    lose(l, connection->errstr);
}

static void on_disconnect(const redisAsyncContext *connection, int status)
{
    struct redis_link *l = connection->data;

    if (l->connection != connection)
        return;
    l->connection = NULL;
    lose(l, status == REDIS_OK ? "the server closed the connection" : connection->errstr);
}

static void on_auth(redisAsyncContext *connection, void *reply, void *arg)
{
    struct redis_link *l = arg;
    const redisReply *got = reply;

    if (got != NULL && got->type == REDIS_REPLY_ERROR && l->connection == connection && !l->may_be_open)
        go_down(l, got->str);
}

/* Whether the reply is valid and a caller still waits for it. */
static bool is_pong(struct redis_link *l, const redisAsyncContext *connection, const redisReply *got)
{
    if (got == NULL || l->connection != connection)
        return false;
    if (got->type == REDIS_REPLY_ERROR)
        go_down(l, got->str);
    return got->type != REDIS_REPLY_ERROR;
}

static void come_up(struct redis_link *l)
{
    evtimer_del(l->timer);
    l->up = true;
    l->up_ms = clock_ms();
    l->complained = false;
    redis_place_works(&l->place);
    text_init(&l->reasons, l->reasons_bytes, sizeof(l->reasons_bytes));
    if (l->reported)
        report(l, REDIS_LINK_BACK, "");
    l->reported = false;
    changed(l);
}

static void on_pong(redisAsyncContext *connection, void *reply, void *arg)
{
    if (is_pong(arg, connection, reply))
        come_up(arg);
}

/* The first message confirms the subscription. */
static void on_message(redisAsyncContext *connection, void *reply, void *arg)
{
    struct redis_link *l = arg;

    if (!is_pong(l, connection, reply))
        return;
    if (!l->up)
        come_up(l);
    else
        l->owner.message(l->owner.arg, reply);
}

static void on_greeted(redisAsyncContext *connection, void *reply, void *arg)
{
    struct redis_link *l = arg;

    if (!is_pong(l, connection, reply))
        return;
    wait_ms(l, l->context->settings->redis_timeout_ms);
    if (l->channel != NULL) {
        l->expected.channel = l->channel;
        redisAsyncCommand(connection, on_message, l, "SUBSCRIBE %s", l->channel);
        return;
    }
    if (l->owner.greeted != NULL)
        l->owner.greeted(l->owner.arg);
    redisAsyncCommand(connection, on_pong, l, "PING");
}

static void greet(struct redis_link *l)
{
    const struct history_settings *s = l->context->settings;

    if (s->redis_user[0] != '\0')
        redisAsyncCommand(l->connection, on_auth, l, "AUTH %s %s", s->redis_user, s->redis_password);
    else if (s->redis_password[0] != '\0')
        redisAsyncCommand(l->connection, on_auth, l, "AUTH %s", s->redis_password);
    if (l->connection != NULL)
        redisAsyncCommand(l->connection, on_greeted, l, "PING");
}

/* After each read: resumes reading, unless a reply is longer than any valid one. The event loop then closes the
   connection, because here the library is still using it. */
static void read_on(void *arg)
{
    const redisLibeventEvents *events = arg;
    const struct redis_link *l = events->context->data;

    if (redis_reply_is_endless(events->context->c.reader))
        event_active(l->timer, EV_TIMEOUT, 0);
    else
        redisLibeventAddRead(arg);
}

/* NULL, with the reason, if connecting failed at once. */
static redisAsyncContext *begin_connection(struct redis_link *l, char reason[REASON_SIZE])
{
    redisAsyncContext *c = redis_place_connect(&l->place);
    bool good = c != NULL && c->err == 0;

    snprintf(reason, REASON_SIZE, "%s", c == NULL ? "out of memory" : c->errstr);
    if (good && l->tls != NULL)
        good = redis_tls_start(l->tls, c, reason, REASON_SIZE);
    if (good && redisLibeventAttach(c, l->context->base) == REDIS_OK)
        return c;
    if (c != NULL)
        redisAsyncFree(c);
    return NULL;
}

static void try_connect(struct redis_link *l)
{
    char reason[REASON_SIZE];
    redisAsyncContext *c = begin_connection(l, reason);

    if (c == NULL) {
        go_down(l, reason);
        return;
    }
    l->expected = (struct redis_expected){.connection = c};
    redis_reply_bound(c->c.reader, &l->expected);
    c->ev.addRead = read_on;
    c->data = l;
    l->connection = c;
    l->under_way = 0;
    redisAsyncSetConnectCallback(c, on_connect);
    redisAsyncSetDisconnectCallback(c, on_disconnect);
    wait_ms(l, GREETING * l->context->settings->redis_timeout_ms);
    greet(l);
}

static const char *why_late(const struct redis_link *l)
{
    if (redis_reply_is_endless(l->connection->c.reader))
        return "a reply exceeds all bounds";
    if (l->tls != NULL && (l->connection->c.flags & REDIS_CONNECTED) && !redis_tls_is_up(l->tls))
        return "TLS: no answer to the handshake; does it speak TLS on this port?";
    return "no answer in time";
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct redis_link *l = arg;

    (void)fd;
    (void)what;
    l->resting = false;
    if (l->connection == NULL)
        try_connect(l);
    else
        lose(l, why_late(l));
}

struct redis_link *redis_link_new(const struct redis_link_options *options)
{
    struct redis_link *l = calloc(1, sizeof(*l));

    if (l == NULL)
        return NULL;
    l->owner = options->owner;
    l->context = options->context;
    l->channel = options->channel;
    l->may_be_open = options->may_be_open;
    l->retry_ms = RETRY_MIN_MS;
    l->place = *options->place;
    text_init(&l->reasons, l->reasons_bytes, sizeof(l->reasons_bytes));
    if (options->tls != NULL)
        l->tls = redis_tls_for(options->tls, l->place.host);
    l->timer = evtimer_new(l->context->base, on_timer, l);
    if (l->timer == NULL || (options->tls != NULL && l->tls == NULL)) {
        redis_link_free(l);
        return NULL;
    }
    l->reported = l->place.port > 0 && l->place.count == 0; /* so that no caller waits for it */
    if (!l->reported)
        wait_ms(l, 0);
    return l;
}

void redis_link_free(struct redis_link *l)
{
    redisAsyncContext *connection = l != NULL ? l->connection : NULL;

    if (l == NULL)
        return;
    l->closing = true;
    l->connection = NULL;
    if (connection != NULL)
        redisAsyncFree(connection);
    if (l->timer != NULL)
        event_free(l->timer);
    redis_tls_free(l->tls);
    free(l);
}

const struct redis_place *redis_link_place(const struct redis_link *l)
{
    return &l->place;
}

bool redis_link_up(struct redis_link *l)
{
    uint64_t patience = STUCK * l->context->settings->redis_timeout_ms;

    if (l->up && l->under_way > 0 && clock_ms() - l->progress_ms > patience)
        go_down(l, "no answer in time");
    return l->up;
}

bool redis_link_pending(const struct redis_link *l)
{
    return !l->up && (l->connection != NULL || !l->reported);
}

bool redis_link_has_room(const struct redis_link *l)
{
    return l->under_way < ROOM;
}

bool redis_link_send(struct redis_link *l, redisCallbackFn *replied, void *arg, const char *command, size_t n)
{
    if (l->connection == NULL || redisAsyncFormattedCommand(l->connection, replied, arg, command, n) != REDIS_OK)
        return false;
    if (l->under_way++ == 0)
        l->progress_ms = clock_ms();
    return true;
}

bool redis_link_ask(struct redis_link *l, redisCallbackFn *replied, void *arg, const char *format, ...)
{
    char *command = NULL;
    bool sent;
    va_list args;
    int n;

    va_start(args, format);
    n = redisvFormatCommand(&command, format, args);
    va_end(args);
    sent = n > 0 && redis_link_send(l, replied, arg, command, (size_t)n);
    redisFreeCommand(command);
    return sent;
}

void redis_link_replied(struct redis_link *l, const redisReply *reply)
{
    if (reply != NULL)
        l->progress_ms = clock_ms();
    if (l->under_way > 0)
        l->under_way--;
}

void redis_link_in_time(struct redis_link *l)
{
    l->late = 0;
}

void redis_link_late(struct redis_link *l)
{
    if (l->up && ++l->late >= LATE_MAX)
        go_down(l, "it answers too slowly");
}

void redis_link_took(struct redis_link *l, uint64_t us)
{
    l->latency_us = l->latency_us == 0 ? us : (7 * l->latency_us + us) / 8;
}

uint64_t redis_link_latency_us(const struct redis_link *l)
{
    return l->latency_us;
}

void redis_link_complain(struct redis_link *l, const char *text)
{
    if (l->complained)
        return;
    l->complained = true;
    report(l, REDIS_LINK_REFUSES, text);
}

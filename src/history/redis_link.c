/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_link: connects, greets (AUTH, PING), notices that nothing comes back, goes away, comes again later and later,
 * at most every RETRY_MAX_MS. hiredis 0.14 has no timers; the ones here are all there are.
 *
 * A server whose process is stopped still lets one connect (its kernel does), so only a PONG in time makes it up: the
 * first ends the greeting, with the connection's and TLS' round trips, the second must come within the store's timeout.
 * Promises that nothing here ever waits: a host name is looked up once, before anything is served.
 */
#include "redis_link.h"

#include <errno.h>
#include <event2/event.h>
#include <hiredis/adapters/libevent.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "redis_reply.h"
#include "redis_tls.h"

enum {
    RETRY_MIN_MS = 200,
    RETRY_MAX_MS = 5000,
    GREETING = 2, /* times the timeout, from connecting to the first PONG */
    STUCK = 4,    /* times the timeout without a reply to anything */
    LATE_MAX = 5, /* questions in a row */
    ROOM = 20000, /* commands under way */
    WAIT_MS = 3000,
    REASON_SIZE = 200,
    HOST_SIZE = 256,
};

struct redis_link {
    struct store_context context;
    redisAsyncContext *connection; /* NULL: none */
    bool up;
    struct redis_tls *tls; /* NULL: none wanted */
    struct event *timer;   /* connected: a PONG is due; else: the next attempt */
    uint64_t retry_ms;
    uint64_t up_ms;       /* since when it is up */
    uint64_t progress_ms; /* last reply, or the first command since there was none under way */
    unsigned under_way, late;
    bool resting; /* until the next attempt */
    bool told, complained, closing;
    char host[64];
    int port; /* 0: `host` is not used, the path is */
    char path[108];
};

static void report(struct redis_link *l, bool is_error, const char *what, const char *detail)
{
    char message[2 * REASON_SIZE + 300];
    struct text t;

    text_init(&t, message, sizeof(message));
    text_addf(&t, "history in redis at %s: %s", l->context.settings->redis, what);
    text_add_as(&t, TEXT_PLAIN, detail, SIZE_MAX);
    l->context.report(l->context.report_arg, is_error, message);
}

static void wait_ms(struct redis_link *l, uint64_t ms)
{
    struct timeval after = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};

    evtimer_add(l->timer, &after);
}

static void go_down(struct redis_link *l, const char *reason)
{
    redisAsyncContext *connection = l->connection;

    if (l->closing || l->resting)
        return;
    /* One that comes and goes is tried less and less often, as one that does not come. */
    if (l->up && clock_ms() - l->up_ms >= RETRY_MAX_MS)
        l->retry_ms = RETRY_MIN_MS;
    l->resting = true;
    l->connection = NULL;
    l->up = false;
    l->late = 0;
    if (!l->told)
        report(l, true, "not used until it is well again: ", reason);
    l->told = true;
    wait_ms(l, l->retry_ms);
    l->retry_ms = l->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : l->retry_ms * 2;
    if (connection != NULL)
        redisAsyncFree(connection);
    l->under_way = 0;
}

static void on_connect(const redisAsyncContext *connection, int status)
{
    struct redis_link *l = connection->data;
    char reason[REASON_SIZE];

    if (status == REDIS_OK || l->connection != connection)
        return;
    snprintf(reason, sizeof(reason), "%s", connection->errstr);
    l->connection = NULL; /* hiredis frees it */
    go_down(l, reason);
}

static void on_disconnect(const redisAsyncContext *connection, int status)
{
    struct redis_link *l = connection->data;

    if (l->connection != connection)
        return;
    l->connection = NULL;
    go_down(l, status == REDIS_OK ? "closed" : connection->errstr);
}

static void on_auth(redisAsyncContext *connection, void *reply, void *arg)
{
    struct redis_link *l = arg;
    const redisReply *got = reply;

    if (got != NULL && got->type == REDIS_REPLY_ERROR && l->connection == connection)
        go_down(l, got->str);
}

/* A reply that is no error and is still waited for. */
static bool is_pong(struct redis_link *l, const redisAsyncContext *connection, const redisReply *got)
{
    if (got == NULL || l->connection != connection)
        return false;
    if (got->type == REDIS_REPLY_ERROR)
        go_down(l, got->str);
    return got->type != REDIS_REPLY_ERROR;
}

static void on_pong(redisAsyncContext *connection, void *reply, void *arg)
{
    struct redis_link *l = arg;

    if (!is_pong(l, connection, reply))
        return;
    evtimer_del(l->timer);
    l->up = true;
    l->up_ms = clock_ms();
    l->complained = false;
    if (l->told)
        report(l, false, "well again", "");
    l->told = false;
}

static void on_greeted(redisAsyncContext *connection, void *reply, void *arg)
{
    struct redis_link *l = arg;

    if (!is_pong(l, connection, reply))
        return;
    wait_ms(l, l->context.settings->redis_timeout_ms);
    redisAsyncCommand(connection, on_pong, l, "PING");
}

static void greet(struct redis_link *l)
{
    const struct history_settings *s = l->context.settings;

    if (s->redis_user[0] != '\0')
        redisAsyncCommand(l->connection, on_auth, l, "AUTH %s %s", s->redis_user, s->redis_password);
    else if (s->redis_password[0] != '\0')
        redisAsyncCommand(l->connection, on_auth, l, "AUTH %s", s->redis_password);
    if (l->connection != NULL)
        redisAsyncCommand(l->connection, on_greeted, l, "PING");
}

/* After each read: goes on reading, unless a reply has become longer than any can be. Ended by the loop: the library is
   in the middle of it. */
static void read_on(void *arg)
{
    const redisLibeventEvents *events = arg;
    const struct redis_link *l = events->context->data;

    if (redis_reply_is_endless(events->context->c.reader))
        event_active(l->timer, EV_TIMEOUT, 0);
    else
        redisLibeventAddRead(arg);
}

static void try_connect(struct redis_link *l)
{
    redisAsyncContext *c = l->port > 0 ? redisAsyncConnect(l->host, l->port) : redisAsyncConnectUnix(l->path);
    char reason[REASON_SIZE];

    if (c == NULL || c->err != 0 || (l->tls != NULL && !redis_tls_start(l->tls, c)) ||
        redisLibeventAttach(c, l->context.base) != REDIS_OK) {
        snprintf(reason, sizeof(reason), "%s", c == NULL ? "no memory" : c->err == 0 ? "no TLS" : c->errstr);
        if (c != NULL)
            redisAsyncFree(c);
        go_down(l, reason);
        return;
    }
    redis_reply_bound(c->c.reader);
    c->ev.addRead = read_on;
    c->data = l;
    l->connection = c;
    l->under_way = 0;
    redisAsyncSetConnectCallback(c, on_connect);
    redisAsyncSetDisconnectCallback(c, on_disconnect);
    wait_ms(l, GREETING * l->context.settings->redis_timeout_ms);
    greet(l);
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
        go_down(l, redis_reply_is_endless(l->connection->c.reader) ? "its reply has no end" : "it does not answer");
}

/* The one blocking look-up, before anything is served. */
static bool look_up(struct redis_link *l, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int failed = getaddrinfo(host, port, &hints, &found);

    if (failed == 0)
        failed = getnameinfo(found->ai_addr, found->ai_addrlen, l->host, sizeof(l->host), NULL, 0, NI_NUMERICHOST);
    if (found != NULL)
        freeaddrinfo(found);
    if (failed == 0) {
        l->port = (int)strtol(port, NULL, 10);
        return true;
    }
    report(l, true,
           "not used until helod is started again, its name has no address now; "
           "an address in the name's place needs no DNS: ",
           gai_strerror(failed));
    l->told = true; /* nobody need wait for it */
    return false;
}

/* "inet:HOST:PORT", [HOST] for IPv6. False: "unix:PATH"; the policy file has checked the form. */
static bool split(const char *where, char host[HOST_SIZE], const char **port)
{
    const char *colon = strrchr(where, ':');
    size_t n;

    if (strncmp(where, "inet:", 5) != 0 || colon <= where + 5)
        return false;
    where += 5;
    n = (size_t)(colon - where);
    if (n >= 2 && where[0] == '[' && where[n - 1] == ']') {
        where++;
        n -= 2;
    }
    snprintf(host, HOST_SIZE, "%.*s", (int)n, where);
    *port = colon + 1;
    return true;
}

struct redis_link *redis_link_new(const struct store_context *context, char *error, size_t error_size)
{
    struct redis_link *l = calloc(1, sizeof(*l));
    char host[HOST_SIZE];
    const char *port, *where = context->settings->redis;
    bool is_inet = split(where, host, &port);

    if (l == NULL)
        return NULL;
    l->context = *context;
    l->retry_ms = RETRY_MIN_MS;
    if (context->settings->redis_tls)
        l->tls = redis_tls_new(is_inet ? host : NULL, error, error_size);
    l->timer = evtimer_new(context->base, on_timer, l);
    if (l->timer == NULL || (context->settings->redis_tls && l->tls == NULL)) {
        redis_link_free(l);
        return NULL;
    }
    if (!is_inet)
        snprintf(l->path, sizeof(l->path), "%s", where + strlen("unix:"));
    if (!is_inet || look_up(l, host, port))
        try_connect(l);
    return l;
}

void redis_link_free(struct redis_link *l)
{
    redisAsyncContext *connection = l->connection;

    l->closing = true;
    l->connection = NULL;
    if (connection != NULL)
        redisAsyncFree(connection);
    if (l->timer != NULL)
        event_free(l->timer);
    redis_tls_free(l->tls);
    free(l);
}

bool redis_link_up(struct redis_link *l)
{
    uint64_t patience = STUCK * l->context.settings->redis_timeout_ms;

    if (l->up && l->under_way > 0 && clock_ms() - l->progress_ms > patience)
        go_down(l, "it does not answer");
    return l->up;
}

bool redis_link_wait(struct redis_link *l)
{
    uint64_t until = clock_ms() + WAIT_MS;

    if (l->context.read_only) /* heloctl: its loop does nothing else */
        while (!l->up && (l->connection != NULL || !l->told) && clock_ms() < until)
            event_base_loop(l->context.base, EVLOOP_ONCE);
    return redis_link_up(l);
}

bool redis_link_has_room(const struct redis_link *l)
{
    return l->under_way < ROOM;
}

bool redis_link_send(struct redis_link *l, redisCallbackFn *replied, void *arg, const char *format, va_list args)
{
    if (l->connection == NULL || redisvAsyncCommand(l->connection, replied, arg, format, args) != REDIS_OK)
        return false;
    if (l->under_way++ == 0)
        l->progress_ms = clock_ms();
    return true;
}

void redis_link_progress(struct redis_link *l)
{
    l->progress_ms = clock_ms();
}

void redis_link_replied(struct redis_link *l)
{
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
        go_down(l, "it is too slow");
}

void redis_link_complain(struct redis_link *l, const char *text)
{
    if (l->complained)
        return;
    l->complained = true;
    report(l, true,
           strncmp(text, "MOVED", 5) == 0
               ? "it is one node of a cluster: set redis_prefix to \"{helod}:\", or ask by a proxy: "
               : "it refuses: ",
           text);
}

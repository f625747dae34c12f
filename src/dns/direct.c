/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct: a stub resolver for the few names that c-ares refuses to query. It queries the same servers by UDP, and by
 * TCP if an answer was truncated. It does not use EDNS, because TCP covers all answers longer than 512 bytes.
 *
 * Promises: each attempt has a random id and a socket of its own, and so a random source port. A datagram counts only
 * if it comes from the server that was queried and has the same id and question; all others are ignored, so a forger
 * can neither answer nor end a lookup. Work is bounded: at most `tries` attempts per server, and none begins later than
 * `tries` timeouts after the start.
 */
#include "direct.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ascii.h"
#include "clock.h"
#include "wire.h"

enum {
    SERVERS_MAX = 8,
    HEAD_SIZE = 12,
    LENGTH_SIZE = 2, /* in front of a message over TCP */
    TYPE_AND_CLASS = 4,
    QUERY_MAX = LENGTH_SIZE + HEAD_SIZE + WIRE_NAME_MAX + TYPE_AND_CLASS,
    DATAGRAM_MAX = 4096,
    MESSAGE_MAX = 65535,
    CLASS_IN = 1,
};

/* Bits of the header's third and fourth byte. */
enum { BIT_RESPONSE = 0x80, BIT_TRUNCATED = 0x02, BIT_RECURSION_DESIRED = 0x01, RCODE_BITS = 0x0f, RCODE_NXDOMAIN = 3 };

struct server {
    struct sockaddr_storage address;
    socklen_t size;
};

struct query {
    struct direct *direct;
    TAILQ_ENTRY(query) link;
    channel_done *done;
    void *arg;
    uint64_t until_ms; /* no attempt begins later */
    unsigned attempts;
    unsigned server; /* of the current attempt */
    const char *why; /* the last attempt failed */
    struct event timer;
    struct event readable;
    int fd;                     /* of UDP; -1: none */
    struct bufferevent *stream; /* of TCP; NULL: none */
    size_t size;                /* of the message */
    uint8_t bytes[QUERY_MAX];   /* its length, then the message */
};

TAILQ_HEAD(queries, query);

struct direct {
    struct event_base *base;
    uint64_t timeout_ms;
    unsigned tries;
    struct server servers[SERVERS_MAX];
    unsigned count;
    unsigned first; /* the server that is asked first: moves on when that one fails */
    struct queries queries;
    size_t pending;
};

static uint8_t *message_of(struct query *q)
{
    return q->bytes + LENGTH_SIZE;
}

/* ---- one attempt ---- */

static void end_attempt(struct query *q)
{
    event_del(&q->timer);
    if (q->fd >= 0) {
        event_del(&q->readable);
        close(q->fd);
        q->fd = -1;
    }
    if (q->stream)
        bufferevent_free(q->stream);
    q->stream = NULL;
}

static void finish(struct query *q, const struct channel_reply *reply)
{
    struct direct *d = q->direct;

    TAILQ_REMOVE(&d->queries, q, link);
    d->pending--;
    q->done(q->arg, reply); /* its bytes may be the stream's */
    end_attempt(q);
    free(q);
}

static bool start_timer(struct query *q)
{
    struct timeval after = clock_timeval(q->direct->timeout_ms);

    return event_add(&q->timer, &after) == 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg);

/* Sends the question to a server from a new socket with a new id. False: that failed at once. */
static bool send_attempt(struct query *q)
{
    struct direct *d = q->direct;
    const struct server *s = &d->servers[q->server];

    if (getrandom(message_of(q), 2, 0) != 2)
        return false;
    q->fd = socket(s->address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (q->fd < 0)
        return false;
    event_assign(&q->readable, d->base, q->fd, EV_READ | EV_PERSIST, on_readable, q);
    /* The socket is connected, so the kernel picks the port and drops datagrams from any other address. */
    return connect(q->fd, (const struct sockaddr *)&s->address, s->size) == 0 &&
           send(q->fd, message_of(q), q->size, MSG_NOSIGNAL) == (ssize_t)q->size &&
           event_add(&q->readable, NULL) == 0 && start_timer(q);
}

static bool attempts_left(const struct query *q)
{
    return q->attempts < q->direct->tries * q->direct->count && clock_ms() < q->until_ms;
}

/* Makes the next attempt that can be sent, or ends the lookup. */
static void try_next(struct query *q)
{
    while (attempts_left(q)) {
        q->server = q->attempts++ == 0 ? q->direct->first : (q->server + 1) % q->direct->count;
        if (send_attempt(q))
            return;
        end_attempt(q);
    }
    finish(q, &(struct channel_reply){.status = DNS_TEMPERROR, .why = q->why});
}

static void fail_attempt(struct query *q, const char *why)
{
    struct direct *d = q->direct;

    if (d->first == q->server)
        d->first = (d->first + 1) % d->count;
    q->why = why;
    end_attempt(q);
    try_next(q);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    fail_attempt(arg, "timeout");
}

/* ---- answers ---- */

/* Whether this is the answer to our question. Case is ignored, because some servers change it. */
static bool is_reply(struct query *q, const uint8_t *bytes, size_t size)
{
    const uint8_t *message = message_of(q);

    if (size < q->size || memcmp(bytes, message, 2) != 0 || !(bytes[2] & BIT_RESPONSE))
        return false;
    if (memcmp(bytes + 4, message + 4, 2) != 0) /* one question */
        return false;
    for (size_t i = HEAD_SIZE; i < q->size; i++)
        if (ascii_lower(bytes[i]) != ascii_lower(message[i]))
            return false;
    return true;
}

/* A server that cannot answer is no reason not to ask another one. */
static void take_reply(struct query *q, const uint8_t *bytes, size_t size)
{
    unsigned rcode = bytes[3] & RCODE_BITS;

    if (rcode != 0 && rcode != RCODE_NXDOMAIN && attempts_left(q))
        fail_attempt(q, "failed");
    else
        finish(q, &(struct channel_reply){.bytes = bytes, .size = size, .status = DNS_FOUND, .why = "ok"});
}

static void on_stream_read(struct bufferevent *stream, void *arg)
{
    struct query *q = arg;
    struct evbuffer *in = bufferevent_get_input(stream);
    uint8_t length[LENGTH_SIZE];
    const uint8_t *all;
    size_t size;

    if (evbuffer_copyout(in, length, sizeof length) != sizeof length)
        return;
    size = (size_t)length[0] << 8 | length[1];
    if (evbuffer_get_length(in) < LENGTH_SIZE + size)
        return;
    all = evbuffer_pullup(in, (ev_ssize_t)(LENGTH_SIZE + size));
    if (all && is_reply(q, all + LENGTH_SIZE, size))
        take_reply(q, all + LENGTH_SIZE, size);
    else
        fail_attempt(q, "badresp");
}

static void on_stream_event(struct bufferevent *stream, short what, void *arg)
{
    (void)stream;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        fail_attempt(arg, "unanswered");
}

/* Sends the same question to the same server over TCP, with a new timeout. */
static void go_on_over_tcp(struct query *q)
{
    struct direct *d = q->direct;
    struct server *s = &d->servers[q->server];

    end_attempt(q);
    q->stream = bufferevent_socket_new(d->base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!q->stream) {
        fail_attempt(q, "memory");
        return;
    }
    bufferevent_setwatermark(q->stream, EV_READ, 0, LENGTH_SIZE + MESSAGE_MAX);
    if (!start_timer(q) || bufferevent_write(q->stream, q->bytes, LENGTH_SIZE + q->size) != 0 ||
        bufferevent_enable(q->stream, EV_READ | EV_WRITE) != 0 ||
        bufferevent_socket_connect(q->stream, (struct sockaddr *)&s->address, (int)s->size) != 0) {
        fail_attempt(q, "unanswered");
        return;
    }
    /* Last, because a connect that fails at once would otherwise call back from inside. */
    bufferevent_setcb(q->stream, on_stream_read, NULL, on_stream_event, q);
}

/* Reads one datagram per call, so that a flood of forged ones cannot block the event loop. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct query *q = arg;
    uint8_t bytes[DATAGRAM_MAX];
    ssize_t got = recv(fd, bytes, sizeof bytes, 0);

    (void)what;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got < 0)
        fail_attempt(q, "unanswered");
    else if (!is_reply(q, bytes, (size_t)got))
        return;
    else if (bytes[2] & BIT_TRUNCATED)
        go_on_over_tcp(q);
    else
        take_reply(q, bytes, (size_t)got);
}

/* ---- questions ---- */

static void put_u16(uint8_t *at, size_t number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

/* Returns false if the name does not fit in a message. Each attempt sets the id. */
static bool write_message(struct query *q, const char *name, uint16_t type)
{
    uint8_t *message = message_of(q);
    struct wire_name wire;

    if (!wire_from_text(&wire, name))
        return false;
    memset(message, 0, HEAD_SIZE);
    message[2] = BIT_RECURSION_DESIRED;
    put_u16(message + 4, 1); /* questions */
    memcpy(message + HEAD_SIZE, wire.bytes, wire.size);
    put_u16(message + HEAD_SIZE + wire.size, type);
    put_u16(message + HEAD_SIZE + wire.size + 2, CLASS_IN);
    q->size = HEAD_SIZE + wire.size + TYPE_AND_CLASS;
    put_u16(q->bytes, q->size);
    return true;
}

void direct_ask(struct direct *d, const char *name, uint16_t type, channel_done *done, void *arg)
{
    struct query *q = malloc(sizeof *q);

    if (!q) {
        done(arg, &(struct channel_reply){.status = DNS_TEMPERROR, .why = "memory"});
        return;
    }
    *q = (struct query){.direct = d, .done = done, .arg = arg, .fd = -1, .why = "failed"};
    q->until_ms = clock_ms() + d->timeout_ms * d->tries;
    evtimer_assign(&q->timer, d->base, on_timeout, q);
    TAILQ_INSERT_TAIL(&d->queries, q, link);
    d->pending++;
    if (write_message(q, name, type))
        try_next(q);
    else
        finish(q, &(struct channel_reply){.status = DNS_TEMPERROR, .why = "failed"});
}

size_t direct_pending(const struct direct *d)
{
    return d->pending;
}

/* ---- life ---- */

struct direct *direct_new(struct event_base *base, uint64_t timeout_ms, unsigned tries)
{
    struct direct *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->base = base;
    d->timeout_ms = timeout_ms;
    d->tries = tries;
    TAILQ_INIT(&d->queries);
    return d;
}

void direct_free(struct direct *d)
{
    struct query *q;

    if (!d)
        return;
    while ((q = TAILQ_FIRST(&d->queries)) != NULL)
        finish(q, &(struct channel_reply){.status = DNS_TEMPERROR, .why = "failed", .aborted = true});
    free(d);
}

void direct_add_server(struct direct *d, const struct address *address, uint16_t port)
{
    struct server *s = &d->servers[d->count];

    if (d->count == SERVERS_MAX)
        return;
    d->count++;
    s->size = address_to_sockaddr(address, port, &s->address);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connection: uses plain libevent events and buffers of our own, because bufferevents cost too much. An idle
 * connection owns no buffer. A request that is answered at once costs one recv() and one send(); it changes no event
 * and allocates no memory.
 *
 * Replies are sent at the end of the event-loop turn, after the log lines. Waking Postfix or the syslog daemon
 * earlier would let it preempt us in the middle of other requests.
 *
 * Promises: answers come in the order of the requests, without any other byte. A peer that closed its sending side
 * still gets its answer. Input is not read while a request is in flight or while the peer has not accepted the last
 * answer.
 */
#include "connection.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buffer.h"
#include "clock.h"
#include "log.h"
#include "protocol.h"
#include "pending.h"
#include "server.h"
#include "text.h"

enum {
    ROOM_LOOKS = 64,
    LEAVING_SIZE = 16 * 1024, /* a thousand answers of "DUNNO" */
};

struct connection {
    struct event event; /* for reading, or for writing while there is `unsent` */
    struct connections *all;
    struct line *line;                /* NULL: never */
    struct connection *older, *newer; /* in that line */
    uint64_t asked_ms;                /* when the last request came, or when the connection began */
    struct buffer *in;                /* NULL: no byte is waiting */
    struct pending *pending;          /* in flight */
    struct connection *leaving_next;
    unsigned leaving_at, leaving_size; /* its answer in connections.bytes; size 0: it has been sent */
    char *unsent;                      /* the part of an answer that the kernel did not accept */
    size_t unsent_at, unsent_size;
    bool leaving; /* its answer leaves when this turn ends */
    bool paused;  /* the event is not added */
    bool ended;   /* to be closed as soon as none of its functions is running */
    bool half;    /* the peer sends no more */
};

/* Connections by the time of their last request. */
struct line {
    struct connection *oldest, *newest;
};

struct connections {
    struct server *server;
    struct line silent; /* those that never sent a request, by the time they began */
    struct line asked;
    size_t count;
    bool draining; /* each is closed after its answer */
    struct buffers buffers;
    struct event *turn_end;
    bool in_turn;               /* turn_end is active */
    struct connection *leaving; /* those answered in this turn, the first one first */
    struct connection **leaving_end;
    size_t used;
    char bytes[LEAVING_SIZE];
};

static void on_turn_end(int fd, short what, void *arg);
static void send_all(struct connections *all);

struct connections *connections_new(struct server *s)
{
    struct connections *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->server = s;
    all->leaving_end = &all->leaving;
    all->turn_end = event_new(s->base, -1, 0, on_turn_end, all);
    if (all->turn_end != NULL)
        return all;
    free(all);
    return NULL;
}

size_t connections_count(const struct connections *all)
{
    return all->count;
}

static void line_leave(struct connection *c)
{
    *(c->older != NULL ? &c->older->newer : &c->line->oldest) = c->newer;
    *(c->newer != NULL ? &c->newer->older : &c->line->newest) = c->older;
}

/* Moves the connection to the end of the list that connections_sweep() walks. So a request needs no timer. */
static void line_join(struct line *line, struct connection *c, uint64_t now_ms)
{
    c->line = line;
    c->asked_ms = now_ms;
    c->newer = NULL;
    c->older = line->newest;
    *(line->newest != NULL ? &line->newest->newer : &line->oldest) = c;
    line->newest = c;
}

static void connection_close(struct connection *c)
{
    struct connections *all = c->all;

    if (c->pending != NULL)
        pending_cancel(c->pending);
    event_del(&c->event);
    close(event_get_fd(&c->event));
    line_leave(c);
    if (c->in != NULL)
        buffers_give(&all->buffers, c->in);
    free(c->unsent);
    free(c);
    all->count--;
    metrics_set(all->server->metrics, METRIC_CONNECTIONS, all->count);
    all->server->hooks.room(all->server->acceptor);
}

void connections_free(struct connections *all)
{
    if (all == NULL)
        return;
    all->in_turn = false;
    send_all(all);
    event_free(all->turn_end);
    while (all->silent.oldest != NULL)
        connection_close(all->silent.oldest);
    while (all->asked.oldest != NULL)
        connection_close(all->asked.oldest);
    buffers_free(&all->buffers);
    free(all);
}

static bool is_idle(const struct connection *c)
{
    return c->pending == NULL && !c->leaving && c->unsent == NULL;
}

static void line_sweep(struct line *line, uint64_t now, uint64_t idle)
{
    struct connection *c = line->oldest, *next;

    for (; c != NULL && now - c->asked_ms >= idle; c = next) {
        next = c->newer;
        if (c->pending == NULL && !c->leaving)
            connection_close(c);
    }
}

void connections_sweep(struct connections *all)
{
    uint64_t now = clock_ms(), idle = all->server->settings->server.idle_ms;

    line_sweep(&all->silent, now, idle);
    line_sweep(&all->asked, now, idle);
}

/* A request may have arrived that the event loop has not handled yet. Then the connection is not idle. */
static bool has_unread_bytes(const struct connection *c)
{
    char byte;

    return recv(event_get_fd(&c->event), &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* The number of system calls is bounded, so that a flood of connections does not make each of them expensive. */
static bool line_make_room(struct line *line, const struct connection *kept)
{
    unsigned looks = 0;

    for (struct connection *c = line->oldest; c != NULL && looks < ROOM_LOOKS; c = c->newer) {
        if (c == kept || !is_idle(c))
            continue;
        if (!has_unread_bytes(c)) {
            connection_close(c);
            return true;
        }
        looks++;
    }
    return false;
}

static bool is_drained(const struct connection *c)
{
    return is_idle(c) && c->in == NULL && !has_unread_bytes(c);
}

static void line_drain(struct line *line)
{
    struct connection *c = line->oldest, *next;

    for (; c != NULL; c = next) {
        next = c->newer;
        if (is_drained(c))
            connection_close(c);
    }
}

void connections_drain(struct connections *all)
{
    all->draining = true;
    line_drain(&all->silent);
    line_drain(&all->asked);
}

bool connections_make_room(struct connections *all)
{
    const struct connection *newest = all->silent.newest;

    return line_make_room(&all->silent, newest) || line_make_room(&all->asked, newest);
}

/* Logs what the peer did wrong, with its process id, which is known only on a unix socket. */
static void violation(struct connection *c, const char *what)
{
    static struct log_limit limit = {.burst = 5, .seconds = 60};
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    const struct buffer *b = c->in;
    size_t n = b == NULL ? 0 : b->end - b->start;
    char start[128];
    struct text t;

    text_init(&t, start, sizeof(start));
    if (b != NULL)
        text_add_as(&t, TEXT_LOGFMT, b->bytes + b->start, n < 40 ? n : 40);
    if (getsockopt(event_get_fd(&c->event), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        peer.pid = 0;
    log_limited(&limit, LOG_LEVEL_WARNING, "protocol violation: %s; pid=%ld begins=%s; closed without an answer", what,
                (long)peer.pid, start);
    metrics_add(c->all->server->metrics, METRIC_PROTOCOL_VIOLATIONS, 0, 1);
    c->ended = true;
}

/*
 * From here on, lines and answers wait until the end of this turn. The event for that end runs after everything that
 * is ready now.
 */
static void turn_begin(struct connections *all)
{
    if (all->in_turn)
        return;
    all->in_turn = true;
    log_hold();
    event_active(all->turn_end, EV_TIMEOUT, 1);
}

/* Takes one request from the buffer. False if none is complete yet. */
static bool next_request(struct connection *c)
{
    struct pending_list *all = c->all->server->pending;
    struct buffer *b = c->in;
    struct pending *p;
    const char *error = "";
    uint64_t now_us;
    size_t used = 0;

    if (b == NULL || b->start == b->end)
        return false;
    p = pending_spare(all);
    if (p == NULL) {
        c->ended = true;
        return false;
    }
    switch (protocol_parse(&b->scan, b->bytes + b->start, b->end - b->start, pending_request(p), &used, &error)) {
    case PROTOCOL_MORE:
        return false;
    case PROTOCOL_REQUEST:
        now_us = clock_us();
        b->start += used;
        b->scan = (struct protocol_scan){0};
        line_leave(c);
        line_join(&c->all->asked, c, now_us / 1000);
        c->pending = p;
        turn_begin(c->all);
        pending_begin(p, c, now_us);
        return true;
    case PROTOCOL_VIOLATION:
        violation(c, error);
        break;
    }
    return false;
}

static void connection_event(int fd, short what, void *arg);

static void wait_for(struct connection *c, short what)
{
    int fd = event_get_fd(&c->event);

    event_del(&c->event);
    event_assign(&c->event, c->all->server->base, fd, (short)(what | EV_PERSIST), connection_event, c);
    c->paused = event_add(&c->event, NULL) != 0;
    c->ended = c->ended || c->paused;
}

/* Answers the requests in the buffer, then waits for more bytes, or closes. */
void connection_go_on(struct connection *c)
{
    struct server *all = c->all->server;
    struct buffer *b;

    while (!c->ended && !c->leaving && c->pending == NULL && c->unsent == NULL && next_request(c))
        ;
    if (!c->ended && (c->pending != NULL || c->unsent != NULL))
        return;
    b = c->in;
    if (b != NULL && b->start == b->end) {
        c->in = NULL;
        buffers_give(&c->all->buffers, b);
    }
    if (c->leaving)
        return;
    if (c->half && c->in != NULL && !c->ended)
        violation(c, "the peer closed the connection in the middle of a request");
    if (c->paused && !c->half && !c->ended)
        wait_for(c, EV_READ);
    if (c->ended || c->half || (c->all->draining && is_drained(c)))
        connection_close(c);
    else
        all->hooks.room(all->acceptor); /* now idle, so it may be closed to make room for another one */
}

static void connection_read(struct connection *c)
{
    struct connections *all = c->all;
    ssize_t n;

    if (c->in == NULL)
        c->in = buffers_take(&all->buffers);
    if (c->in == NULL || !buffer_room(&c->in)) {
        c->ended = true;
    } else {
        n = recv(event_get_fd(&c->event), c->in->bytes + c->in->end, c->in->size - c->in->end, 0);
        if (n > 0)
            c->in->end += (size_t)n;
        else if (n == 0)
            c->half = true;
        else if (errno != EAGAIN && errno != EINTR)
            c->ended = true;
    }
    connection_go_on(c);
}

static void connection_write(struct connection *c)
{
    ssize_t n = send(event_get_fd(&c->event), c->unsent + c->unsent_at, c->unsent_size - c->unsent_at, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        c->ended = true;
    } else if (n > 0) {
        c->unsent_at += (size_t)n;
        if (c->unsent_at < c->unsent_size)
            return;
        free(c->unsent);
        c->unsent = NULL;
        wait_for(c, EV_READ);
    } else {
        return;
    }
    connection_go_on(c);
}

static void connection_event(int fd, short what, void *arg)
{
    struct connection *c = arg;

    (void)fd;
    if ((what & EV_WRITE) != 0) {
        connection_write(c);
    } else if (c->pending != NULL) {
        /* More bytes, or the peer closed, while a request is in flight. Both can wait. */
        event_del(&c->event);
        c->paused = true;
    } else {
        connection_read(c);
    }
}

bool connection_open(struct connections *all, int fd)
{
    struct connection *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        close(fd);
        return false;
    }
    c->all = all;
    event_assign(&c->event, all->server->base, fd, EV_READ | EV_PERSIST, connection_event, c);
    if (event_add(&c->event, NULL) != 0) {
        close(fd);
        free(c);
        return false;
    }
    line_join(&all->silent, c, clock_ms());
    all->count++;
    metrics_add(all->server->metrics, METRIC_CONNECTIONS_TOTAL, 0, 1);
    metrics_set(all->server->metrics, METRIC_CONNECTIONS, all->count);
    return true;
}

/* True if the kernel accepted all of it. The rest is sent when there is room. */
static bool send_answer(struct connection *c, const char *bytes, size_t n)
{
    ssize_t sent;

    do
        sent = send(event_get_fd(&c->event), bytes, n, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent == (ssize_t)n)
        return true;
    if (sent < 0 && errno != EAGAIN) {
        c->ended = true;
        return false;
    }
    c->unsent_at = sent > 0 ? (size_t)sent : 0;
    c->unsent_size = n;
    c->unsent = malloc(n);
    if (c->unsent == NULL) {
        c->ended = true;
        return false;
    }
    memcpy(c->unsent, bytes, n);
    wait_for(c, EV_WRITE);
    return false;
}

/* Sends the lines of this turn, then its answers. */
static void send_all(struct connections *all)
{
    log_release();
    for (struct connection *c = all->leaving; c != NULL; c = c->leaving_next) {
        if (c->leaving_size > 0)
            send_answer(c, all->bytes + c->leaving_at, c->leaving_size);
        c->leaving_size = 0;
    }
    all->used = 0;
    if (all->in_turn)
        log_hold();
}

static void on_turn_end(int fd, short what, void *arg)
{
    struct connections *all = arg;
    struct connection *c, *next;

    (void)fd;
    (void)what;
    all->in_turn = false;
    send_all(all);
    c = all->leaving;
    all->leaving = NULL;
    all->leaving_end = &all->leaving;
    for (; c != NULL; c = next) {
        next = c->leaving_next;
        c->leaving = false;
        connection_go_on(c);
    }
}

void connection_answer(struct connection *c, const char *bytes, size_t n)
{
    struct connections *all = c->all;

    c->pending = NULL;
    turn_begin(all);
    if (n > LEAVING_SIZE - all->used)
        send_all(all);
    memcpy(all->bytes + all->used, bytes, n);
    c->leaving = true;
    c->leaving_at = (unsigned)all->used;
    c->leaving_size = (unsigned)n;
    c->leaving_next = NULL;
    *all->leaving_end = c;
    all->leaving_end = &c->leaving_next;
    all->used += n;
}

bool connection_answer_now(struct connection *c, const char *bytes, size_t n)
{
    c->pending = NULL;
    return send_answer(c, bytes, n);
}

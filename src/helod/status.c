/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status: sockets and visits. A visit is one connection with one request; it ends with the answer, or after VISIT_S
 * seconds whatever it did, and there are at most VISITS_MAX: who comes then is turned away. So a stranger who reaches
 * the socket costs little, and Postfix's questions nothing. Only a reload, which no stranger may ask for, has longer.
 */
#include "status.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "doors.h"
#include "http.h"
#include "log.h"
#include "pages.h"
#include "server.h"

enum { VISITS_MAX = 8, AT_ONCE = 16 };

static const struct timeval VISIT_TIME = {.tv_sec = 5}, BREATHER = {.tv_usec = 200000};

struct visit {
    TAILQ_ENTRY(visit) link;
    struct status *all;
    struct bufferevent *stream;
    struct event *deadline;
    bool may_change; /* over a unix socket, from root or our own user */
    bool is_unix;
    bool head_only; /* asked by HEAD */
    bool answered;
};

struct status {
    struct server *server;
    struct doors doors;
    struct event *breather; /* after EMFILE */
    TAILQ_HEAD(status_visits, visit) visits;
    unsigned visit_count;
};

static void on_knock(evutil_socket_t listening, short what, void *arg);

struct status *status_new(struct server *s)
{
    struct status *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->server = s;
    all->doors = (struct doors){.on_knock = on_knock, .arg = all};
    TAILQ_INIT(&all->visits);
    return all;
}

static void visit_end(struct visit *v)
{
    TAILQ_REMOVE(&v->all->visits, v, link);
    v->all->visit_count--;
    bufferevent_free(v->stream);
    if (v->deadline != NULL)
        event_free(v->deadline);
    free(v);
}

void status_free(struct status *all)
{
    struct visit *v;

    if (all == NULL)
        return;
    while ((v = TAILQ_FIRST(&all->visits)) != NULL)
        visit_end(v);
    doors_close(&all->doors);
    if (all->breather != NULL)
        event_free(all->breather);
    free(all);
}

/* ---- answering ---- */

static const char common_headers[] =
    "Connection: close\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'\r\n";

static void answer(struct visit *v, unsigned status, const char *type, const char *body, size_t n)
{
    struct evbuffer *out = bufferevent_get_output(v->stream);

    v->answered = true;
    evbuffer_add_printf(out, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n", status,
                        http_reason(status), type, n, common_headers);
    if (!v->head_only)
        evbuffer_add(out, body, n);
}

static void refuse(struct visit *v, unsigned status)
{
    const char *reason = http_reason(status);

    answer(v, status, "text/plain; charset=utf-8", reason, strlen(reason));
}

/* 200, or why this page is not for this visit. */
static unsigned permit(const struct visit *v, const struct page *page, const struct http_request *r)
{
    if (page == NULL)
        return 404;
    if ((page->kind == PAGE_CHANGE) != (r->method == HTTP_POST))
        return 405;
    if (page->kind == PAGE_CHANGE)
        return v->may_change ? 200 : 403;
    return v->is_unix || http_host_is_local(r) ? 200 : 421;
}

static void serve(struct visit *v, const struct http_request *r)
{
    const struct page *page = pages_find(r->path);
    struct page_call call = {.server = v->all->server, .request = r};
    unsigned status = permit(v, page, r);
    char *body = NULL;
    size_t n = 0;

    if (status != 200) {
        refuse(v, status);
        return;
    }
    call.out = open_memstream(&body, &n);
    if (call.out == NULL) {
        refuse(v, 503);
        return;
    }
    status = page->write(&call);
    if (fclose(call.out) != 0)
        refuse(v, 503);
    else
        answer(v, status, page->type, body, n);
    free(body);
}

static void on_read(struct bufferevent *stream, void *arg)
{
    struct visit *v = arg;
    struct evbuffer *in = bufferevent_get_input(stream);
    size_t n = evbuffer_get_length(in);
    struct http_request request = {.method = HTTP_GET};
    const char *bytes;
    unsigned status;

    if (v->answered) {
        evbuffer_drain(in, n);
        return;
    }
    if (n > HTTP_HEAD_MAX)
        n = HTTP_HEAD_MAX;
    bytes = (const char *)evbuffer_pullup(in, (ev_ssize_t)n);
    status = bytes == NULL ? 503 : http_request_read(bytes, n, &request);
    v->head_only = request.method == HTTP_HEAD;
    if (status == HTTP_WHOLE)
        serve(v, &request);
    else if (status != HTTP_MORE)
        refuse(v, status);
}

/* We say that this was all, and wait for the other side to go: to close on bytes unread would take the answer back. */
static void on_written(struct bufferevent *stream, void *arg)
{
    struct visit *v = arg;

    if (v->answered && shutdown(bufferevent_getfd(stream), SHUT_WR) != 0)
        visit_end(v);
}

static void on_end(struct bufferevent *stream, short what, void *arg)
{
    struct visit *v = arg;

    if ((what & BEV_EVENT_EOF) != 0 && v->answered && evbuffer_get_length(bufferevent_get_output(stream)) > 0)
        return;
    visit_end(v);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    visit_end(arg);
}

/* ---- listening ---- */

static void look_at_peer(struct visit *v, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    int domain = 0;
    socklen_t domain_size = sizeof(domain);

    v->is_unix = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == 0 && domain == AF_UNIX;
    v->may_change = v->is_unix && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
                    (peer.uid == 0 || peer.uid == geteuid());
}

static void visit_begin(struct status *all, int fd)
{
    struct visit *v = all->visit_count < VISITS_MAX ? calloc(1, sizeof(*v)) : NULL;

    if (v == NULL) {
        close(fd);
        return;
    }
    v->all = all;
    look_at_peer(v, fd);
    v->stream = bufferevent_socket_new(all->server->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (v->stream == NULL) {
        close(fd);
        free(v);
        return;
    }
    TAILQ_INSERT_TAIL(&all->visits, v, link);
    all->visit_count++;
    v->deadline = evtimer_new(all->server->base, on_deadline, v);
    bufferevent_setcb(v->stream, on_read, on_written, on_end, v);
    bufferevent_setwatermark(v->stream, EV_READ, 0, HTTP_HEAD_MAX);
    if (v->deadline == NULL || evtimer_add(v->deadline, &VISIT_TIME) != 0 ||
        bufferevent_enable(v->stream, EV_READ | EV_WRITE) != 0)
        visit_end(v);
}

static void on_breather(evutil_socket_t fd, short what, void *arg)
{
    struct status *all = arg;

    (void)fd;
    (void)what;
    doors_resume(&all->doors);
}

/* The system has no descriptor for a visit: who knocks waits a little. listener.c says so where it matters. */
static void breathe(struct status *all)
{
    if (all->breather != NULL && evtimer_add(all->breather, &BREATHER) == 0)
        doors_rest(&all->doors);
}

static void on_knock(evutil_socket_t listening, short what, void *arg)
{
    struct status *all = arg;

    (void)what;
    for (int i = 0; i < AT_ONCE; i++) {
        int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            visit_begin(all, fd);
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN)
                breathe(all);
            return;
        }
    }
}

bool status_prepare(struct status *all, const struct settings *settings, char *error, size_t error_size)
{
    struct server_settings sockets = settings->server; /* owner and, where ours are not set, group */

    sockets.socket_mode = settings->status.socket_mode;
    if (settings->status.socket_group[0] != '\0')
        sockets.socket_group = settings->status.socket_group;
    return doors_prepare(&all->doors, settings->status.listen, &sockets, error, error_size);
}

void status_commit(struct status *all)
{
    if (all->breather == NULL)
        all->breather = evtimer_new(all->server->base, on_breather, all);
    doors_commit(&all->doors, all->server->base);
}

void status_abort(struct status *all)
{
    doors_abort(&all->doors);
}

bool status_listens(const struct status *all)
{
    return all->doors.first != NULL;
}

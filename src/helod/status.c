/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * status: HTTP over libevent's evhttp. A visit is one connection with one request. It ends with the answer, or after
 * VISIT_S seconds in any case.
 *
 * TCP and unix sockets each have their own evhttp and their own VISITS_MAX visits. Any local user may connect over
 * TCP, but slow TCP clients cannot keep root from using the unix socket. Further clients wait in the kernel's queue.
 * evhttp 2.1 has neither such a limit nor one for the time of a whole request, so this file enforces both.
 */
#include "status.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "address.h"
#include "listener_set.h"
#include "log.h"
#include "pages.h"
#include "server.h"
#include "settings.h"

enum { VISITS_MAX = 8, HEADERS_MAX = 4096, VISIT_S = 5, HOST_SIZE = 256 };

struct site {
    struct status *all;
    struct evhttp *http;
    struct listener_set set;
    unsigned visits;
    bool is_unix;
};

struct status {
    struct server *server;
    struct site tcp, local;
};

struct visit {
    struct site *site;
    struct bufferevent *stream;           /* until `begin` has run */
    struct evhttp_connection *connection; /* from then on */
    struct event *begin, *deadline;
};

/* ---- visits ---- */

static void resume(struct site *site)
{
    if (site->visits < VISITS_MAX)
        listener_set_resume(&site->set);
}

static void visit_free(struct visit *v)
{
    struct site *site = v->site;

    if (v->begin != NULL)
        event_free(v->begin);
    if (v->deadline != NULL)
        event_free(v->deadline);
    free(v);
    site->visits--;
    resume(site);
}

static void on_close(struct evhttp_connection *connection, void *arg)
{
    (void)connection;
    visit_free(arg);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct visit *v = arg;

    (void)fd;
    (void)what;
    evhttp_connection_free(v->connection); /* calls on_close() */
}

static bool is_allowed(const struct visit *v)
{
    static struct log_limit limit = {.burst = 5, .seconds = 60};
    const struct network_set *allow = v->site->all->server->settings->status.allow;
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(peer);

    if (v->site->is_unix)
        return true;
    (void)getpeername(bufferevent_getfd(v->stream), (struct sockaddr *)&peer, &size);
    return listener_set_allows(allow, (struct sockaddr *)&peer, "status.allow", &limit);
}

/* evhttp has set up the connection by now, whose stream has it as its argument; a stream that was freed has none. */
static void on_begin(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval limit = {.tv_sec = VISIT_S};
    struct visit *v = arg;
    void *connection = NULL;
    bool allowed = is_allowed(v);

    (void)fd;
    (void)what;
    bufferevent_getcb(v->stream, NULL, NULL, NULL, &connection);
    bufferevent_decref(v->stream);
    v->connection = connection;
    if (v->connection == NULL) {
        visit_free(v);
        return;
    }
    evhttp_connection_set_closecb(v->connection, on_close, v);
    if (!allowed || evtimer_add(v->deadline, &limit) != 0)
        evhttp_connection_free(v->connection);
}

/*
 * evhttp asks for a stream for each connection that it accepts, and that is the only moment at which it says that there
 * is one before the request is complete. on_begin() runs next, before the first byte is read.
 */
static struct bufferevent *on_accept(struct event_base *base, void *arg)
{
    struct site *site = arg;
    struct visit *v = calloc(1, sizeof(*v));

    if (v == NULL)
        return NULL;
    v->site = site;
    if (++site->visits >= VISITS_MAX)
        listener_set_pause(&site->set);
    v->stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    v->begin = evtimer_new(base, on_begin, v);
    v->deadline = evtimer_new(base, on_deadline, v);
    if (v->stream == NULL || v->begin == NULL || v->deadline == NULL) {
        if (v->stream != NULL)
            bufferevent_free(v->stream);
        visit_free(v);
        return NULL;
    }
    bufferevent_incref(v->stream);
    event_active(v->begin, EV_TIMEOUT, 0);
    return v->stream;
}

/* ---- answers ---- */

static const struct {
    const char *name, *value;
} common_headers[] = {
    {"Connection", "close"},
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
                                "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"},
};

static const struct refusal {
    int status;
    const char *reason, *text;
} refusals[] = {
    {400, "Bad Request", "this request is malformed\n"},
    {403, "Forbidden", "only root and helod's own user may do this, over the unix socket\n"},
    {404, "Not Found", "there is no such page\n"},
    {405, "Method Not Allowed", "this page does not have that method\n"},
    {421, "Misdirected Request",
     "the Host header must be localhost or an address; with status.allow also a name of local.names\n"},
    {503, "Service Unavailable", "no memory\n"},
};

static void answer(struct evhttp_request *req, int status, const char *reason, const char *type, struct evbuffer *body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
    char length[32];

    snprintf(length, sizeof(length), "%zu", body == NULL ? 0 : evbuffer_get_length(body));
    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Content-Length", length);
    for (size_t i = 0; i < sizeof(common_headers) / sizeof(common_headers[0]); i++)
        evhttp_add_header(headers, common_headers[i].name, common_headers[i].value);
    evhttp_send_reply(req, status, reason, evhttp_request_get_command(req) == EVHTTP_REQ_HEAD ? NULL : body);
}

static void refuse(struct evhttp_request *req, int status)
{
    struct evbuffer *body = evbuffer_new();
    const struct refusal *r = refusals;

    while (r->status != status)
        r++;
    if (body != NULL)
        evbuffer_add(body, r->text, strlen(r->text));
    answer(req, status, r->reason, "text/plain; charset=utf-8", body);
    if (body != NULL)
        evbuffer_free(body);
}

/*
 * Whether this Host header can mean only this machine: it is absent, localhost or an address. Any other name is
 * refused, because somebody else's DNS may point it here, so that a script on a foreign page could read the answer
 * (DNS rebinding).
 */
static bool is_local_host(const char *host)
{
    size_t n = host == NULL ? 0 : strlen(host);
    struct address a;

    if (n == 0 || strcasecmp(host, "localhost") == 0)
        return true;
    if (host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    }
    return address_parse(&a, host, n);
}

/*
 * With status.allow the page is meant for other hosts, which name this one in the Host header. A name without a dot
 * is in nobody's DNS, and only we control our own names, so neither can be used for DNS rebinding.
 */
static bool is_own_host(const struct settings *s, const char *host)
{
    char lower[HOST_SIZE];
    size_t n = strlen(host);

    if (s->status.allow == NULL || n >= sizeof(lower))
        return false;
    for (size_t i = 0; i <= n; i++)
        lower[i] = (char)(host[i] >= 'A' && host[i] <= 'Z' ? host[i] + ('a' - 'A') : host[i]);
    return strspn(lower, "abcdefghijklmnopqrstuvwxyz0123456789-_") == n ||
           suffix_set_find(s->local.own, lower) != LOOKUP_NONE;
}

static bool is_right_host(const struct site *site, const char *host)
{
    return site->is_unix || is_local_host(host) || is_own_host(site->all->server->settings, host);
}

/* Whether the process at the other end of a unix socket may change something. */
static bool is_trusted(struct evhttp_request *req)
{
    struct bufferevent *stream = evhttp_connection_get_bufferevent(evhttp_request_get_connection(req));
    struct ucred peer;
    socklen_t size = sizeof(peer);

    return getsockopt(bufferevent_getfd(stream), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

/* 200, or the status that says why this visitor does not get this page. */
static int permit(const struct site *site, struct evhttp_request *req, const struct page *page)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(req);
    bool is_change = page != NULL && page->kind == PAGE_CHANGE;

    if (page == NULL)
        return 404;
    if (is_change ? method != EVHTTP_REQ_POST : method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD)
        return 405;
    if (is_change)
        return site->is_unix && is_trusted(req) ? 200 : 403;
    return is_right_host(site, evhttp_request_get_host(req)) ? 200 : 421;
}

static void serve(struct server *s, struct evhttp_request *req, const struct page *page)
{
    const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(req));
    struct evkeyvalq arguments = {NULL, NULL};
    struct page_call call = {.server = s, .page = page, .arguments = &arguments};
    struct evbuffer *body;
    char *text = NULL;
    size_t n = 0;
    int status;

    if (evhttp_parse_query_str(query != NULL ? query : "", &arguments) != 0) {
        refuse(req, 400);
        return;
    }
    call.out = open_memstream(&text, &n);
    status = call.out != NULL ? (int)page->write(&call) : 503;
    evhttp_clear_headers(&arguments);
    body = evbuffer_new();
    if (call.out == NULL || fclose(call.out) != 0 || body == NULL || evbuffer_add(body, text, n) != 0)
        refuse(req, 503);
    else
        answer(req, status, NULL, page->type, body);
    if (body != NULL)
        evbuffer_free(body);
    free(text);
}

static void on_request(struct evhttp_request *req, void *arg)
{
    const struct site *site = arg;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));
    const struct page *page = path == NULL ? NULL : pages_find(path);
    int status = permit(site, req, page);

    if (status == 200)
        serve(site->all->server, req, page);
    else
        refuse(req, status);
}

/* ---- listening ---- */

static void attach(struct listener_set *set, struct listener *l)
{
    struct site *site = set->arg;

    l->owner = evhttp_bind_listener(site->http, l->accepting);
}

static void detach(struct listener_set *set, struct listener *l)
{
    struct site *site = set->arg;

    if (l->owner != NULL)
        evhttp_del_accept_socket(site->http, l->owner);
    else
        evconnlistener_free(l->accepting);
}

/* The system has no descriptor for a visit. status_tick() tries again; acceptor.c logs the problem. */
static void on_error(struct evconnlistener *l, void *arg)
{
    (void)arg; /* evhttp has replaced our callback with its own */
    evconnlistener_disable(l);
}

void status_tick(struct status *all)
{
    resume(&all->tcp);
    resume(&all->local);
}

static bool site_init(struct site *site, struct status *all, bool is_unix)
{
    site->all = all;
    site->is_unix = is_unix;
    site->set = (struct listener_set){
        .only = is_unix ? "unix:" : "inet:", .on_error = on_error, .arg = site, .attach = attach, .detach = detach};
    site->http = evhttp_new(all->server->base);
    if (site->http == NULL)
        return false;
    evhttp_set_bevcb(site->http, on_accept, site);
    evhttp_set_gencb(site->http, on_request, site);
    evhttp_set_max_headers_size(site->http, HEADERS_MAX);
    evhttp_set_max_body_size(site->http, 0);
    evhttp_set_timeout(site->http, VISIT_S);
    evhttp_set_allowed_methods(site->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                               EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_PATCH);
    return true;
}

static void site_free(struct site *site)
{
    listener_set_close(&site->set);
    if (site->http != NULL)
        evhttp_free(site->http);
}

struct status *status_new(struct server *s)
{
    struct status *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->server = s;
    if (site_init(&all->tcp, all, false) && site_init(&all->local, all, true))
        return all;
    status_free(all);
    return NULL;
}

void status_free(struct status *all)
{
    if (all == NULL)
        return;
    site_free(&all->tcp);
    site_free(&all->local);
    free(all);
}

bool status_prepare(struct status *all, const struct settings *settings, char *error, size_t error_size)
{
    struct server_settings sockets = settings->server; /* owner and, where ours are not set, group */

    sockets.socket_mode = settings->status.socket_mode;
    if (settings->status.socket_group[0] != '\0')
        sockets.socket_group = settings->status.socket_group;
    if (!listener_set_prepare(&all->tcp.set, settings->status.listen, &sockets, error, error_size))
        return false;
    if (listener_set_prepare(&all->local.set, settings->status.listen, &sockets, error, error_size))
        return true;
    listener_set_abort(&all->tcp.set);
    return false;
}

void status_commit(struct status *all)
{
    listener_set_commit(&all->tcp.set, all->server->base);
    listener_set_commit(&all->local.set, all->server->base);
    all->server->status_listens = all->tcp.set.first != NULL || all->local.set.first != NULL;
}

void status_abort(struct status *all)
{
    listener_set_abort(&all->tcp.set);
    listener_set_abort(&all->local.set);
}

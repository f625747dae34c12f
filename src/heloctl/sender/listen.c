/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen: the verb. A receive-only SMTP server that shows for every connection which name the MTA gave from which
 * address, and what DNS says about them. Memory is bounded: connections, buffers and greetings in progress are counted.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "audit.h"
#include "listen_socket.h"
#include "listen_tls.h"
#include "policyfile.h"
#include "sink.h"

enum {
    CONNECTIONS_MAX = 200,
    GREETINGS_MAX = 1000,
    IDLE_SECONDS = 60,
    BUFFER_MAX = 65536,
    DEADLINE_MS = 30000,
};

struct connection;

struct listening {
    struct ctl *ctl;
    struct settings settings;       /* without exemptions */
    struct ssl_ctx_st *tls;         /* NULL: STARTTLS is not offered */
    FILE *out;                      /* --out; NULL: none */
    unsigned long long most, shown; /* --count; most 0: no end */
    unsigned connection_count;
    LIST_HEAD(connections, connection) connections;
    bool wrong;
};

struct connection {
    LIST_ENTRY(connection) link;
    struct listening *all;
    struct bufferevent *bev;
    struct address peer;
    struct sink sink;
    bool middle;   /* the beginning of the present line was dropped because the line is too long */
    bool ending;   /* after the last reply */
    bool securing; /* TLS begins once the reply to STARTTLS is sent */
};

/* A greeting that waits for DNS; it may outlive its connection. */
struct greeting {
    struct ctl_job job;
    struct listening *all;
    struct audit_host host;
    const char *tls; /* the protocol version, NULL: plain text */
};

static void print_greeting(const struct greeting *g)
{
    char address[ADDRESS_TEXT_SIZE];
    struct json j;

    if (ctl_given(g->all->ctl, 'j')) {
        json_init(&j, stdout);
        audit_json_host(&j, &g->host);
        json_end(&j);
    } else {
        printf("%s %s ", address_format(&g->host.address, address), g->job.request.esmtp ? "EHLO" : "HELO");
        ctl_put(stdout, g->host.helo);
        if (g->tls)
            printf(" (%s)", g->tls);
        printf(": %s\n", audit_level(&g->host));
        audit_print_faults(&g->host);
    }
    fflush(stdout);
}

/* A name as one word that audit reads back: what no host name has becomes a question mark. */
static void put_pair(const struct greeting *g)
{
    char address[ADDRESS_TEXT_SIZE];

    fprintf(g->all->out, "%s ", address_format(&g->host.address, address));
    for (const char *c = g->host.helo; *c; c++)
        fputc(*c > ' ' && *c <= '~' && *c != '#' && *c != ',' ? *c : '?', g->all->out);
    fputc('\n', g->all->out);
    fflush(g->all->out);
}

static void show(struct ctl_job *job, const struct gathered *gathered)
{
    struct greeting *g = (struct greeting *)job;
    struct listening *all = g->all;
    struct region *keep;

    if (!gathered)
        return;
    keep = sure_region();
    audit_judge(&g->host, gathered->evidence, job->region, keep);
    all->wrong = all->wrong || audit_is_wrong(&g->host, false);
    print_greeting(g);
    region_free(keep);
    if (all->out)
        put_pair(g);
    if (++all->shown == all->most)
        event_base_loopexit(all->ctl->session.base, NULL);
}

static void look_up(struct connection *c)
{
    struct listening *all = c->all;
    struct greeting *g;

    if (all->ctl->session.job_count == GREETINGS_MAX)
        return;
    g = ctl_job_new(all->ctl, sizeof(*g), show);
    g->all = all;
    g->tls = listen_tls_version(c->bev);
    g->host = (struct audit_host){.address = c->peer, .helo = sure(region_strdup(g->job.region, c->sink.helo))};
    g->job.request.client = c->peer;
    g->job.request.helo_name = g->host.helo;
    g->job.request.esmtp = c->sink.esmtp;
    ctl_gather(&g->job, (struct gather_options){.settings = &all->settings,
                                                .policy = all->settings.default_policy,
                                                .everything = true,
                                                .also = AUDIT_NEEDS});
}

static void hang_up(struct connection *c)
{
    LIST_REMOVE(c, link);
    c->all->connection_count--;
    bufferevent_free(c->bev);
    free(c);
}

static void handle_line(struct connection *c, const char *line, size_t n)
{
    char reply[SINK_REPLY_SIZE] = "";
    enum sink_event event = sink_line(&c->sink, line, n, reply);

    bufferevent_write(c->bev, reply, strlen(reply));
    if (event == SINK_GREETING)
        look_up(c);
    c->ending = event == SINK_END;
    c->securing = event == SINK_TLS;
}

/* The client does not read its replies, so we do not read its commands. */
static bool is_deaf(const struct connection *c)
{
    return evbuffer_get_length(bufferevent_get_output(c->bev)) >= BUFFER_MAX;
}

static void readable(struct bufferevent *bev, void *arg)
{
    struct evbuffer *in = bufferevent_get_input(bev);
    struct connection *c = arg;
    char *line;
    size_t n;

    while (!c->ending && !c->securing && !is_deaf(c) && (line = evbuffer_readln(in, &n, EVBUFFER_EOL_CRLF)) != NULL) {
        if (!c->middle)
            handle_line(c, line, n);
        c->middle = false;
        free(line);
    }
    if (c->ending || c->securing || is_deaf(c)) {
        bufferevent_disable(bev, EV_READ);
        return; /* written() continues once the replies are sent */
    }
    if (evbuffer_get_length(in) >= BUFFER_MAX) {
        evbuffer_drain(in, evbuffer_get_length(in));
        c->middle = true;
    }
}

static void set_up(struct connection *c);

/*
 * What follows STARTTLS before the handshake came in plain text, so an attacker could have injected it. It is dropped,
 * because it must not be read as if it had been encrypted.
 */
static void secure(struct connection *c)
{
    struct evbuffer *in = bufferevent_get_input(c->bev);
    struct bufferevent *bev;

    evbuffer_drain(in, evbuffer_get_length(in));
    c->securing = false;
    bev = listen_tls_start(c->all->tls, c->all->ctl->session.base, c->bev);
    if (!bev) {
        hang_up(c);
        return;
    }
    c->bev = bev;
    set_up(c);
}

static void written(struct bufferevent *bev, void *arg)
{
    struct connection *c = arg;

    if (c->ending) {
        listen_tls_end(c->bev);
        hang_up(c);
        return;
    }
    if (c->securing) {
        secure(c);
        return;
    }
    bufferevent_enable(bev, EV_READ);
    readable(bev, c);
}

static void closed(struct bufferevent *bev, short what, void *arg)
{
    (void)bev;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
        hang_up(arg); /* else TLS is established */
}

static void set_up(struct connection *c)
{
    static const struct timeval idle = {IDLE_SECONDS, 0};

    bufferevent_setcb(c->bev, readable, written, closed, c);
    bufferevent_set_timeouts(c->bev, &idle, &idle);
    bufferevent_setwatermark(c->bev, EV_READ, 0, BUFFER_MAX);
    bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int size, void *arg)
{
    struct listening *all = arg;
    struct connection *c = all->connection_count < CONNECTIONS_MAX ? calloc(1, sizeof(*c)) : NULL;

    (void)listener;
    (void)size;
    if (c)
        c->bev = bufferevent_socket_new(all->ctl->session.base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!c || !c->bev || !address_from_sockaddr(&c->peer, sa)) {
        if (c && c->bev)
            bufferevent_free(c->bev);
        else
            close(fd);
        free(c);
        return;
    }
    c->all = all;
    LIST_INSERT_HEAD(&all->connections, c, link);
    all->connection_count++;
    c->sink.can_tls = all->tls != NULL;
    set_up(c);
    bufferevent_write(c->bev, sink_banner, strlen(sink_banner));
}

static void stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopexit(arg, NULL);
}

static int serve(struct listening *all, const char *where)
{
    struct event_base *base = all->ctl->session.base;
    struct event *terminate = evsignal_new(base, SIGTERM, stop, base);
    struct event *interrupt = evsignal_new(base, SIGINT, stop, base);
    struct listen_sockets sockets;
    char error[LISTEN_TEXT_SIZE];
    int status = CTL_TROUBLE;
    bool usage;

    if (!listen_sockets_open(&sockets, base, where, accepted, all, error, &usage)) {
        status = ctl_fail(all->ctl, usage ? CTL_USAGE : CTL_TROUBLE, "%s", error);
    } else if (terminate && interrupt) {
        evsignal_add(terminate, NULL);
        evsignal_add(interrupt, NULL);
        fprintf(stderr, "heloctl listen: ready on");
        for (size_t i = 0; i < sockets.count; i++)
            fprintf(stderr, " %s", sockets.places[i]);
        fputc('\n', stderr);
        event_base_dispatch(base);
        status = all->wrong ? CTL_WRONG : CTL_OK;
    }
    while (!LIST_EMPTY(&all->connections))
        hang_up(LIST_FIRST(&all->connections));
    listen_sockets_close(&sockets);
    if (terminate)
        event_free(terminate);
    if (interrupt)
        event_free(interrupt);
    return status;
}

static int open_and_serve(struct listening *all)
{
    struct ctl *ctl = all->ctl;
    const char *path = ctl_value(ctl, 'o');
    int status = CTL_TROUBLE;

    all->out = path ? fopen(path, "a") : NULL;
    if (path && !all->out)
        return ctl_fail(ctl, CTL_TROUBLE, "%s: cannot be written: %s", path, strerror(errno));
    if (ctl_session_open(ctl)) {
        ctl->session.jobs_max = GREETINGS_MAX + 1; /* ctl_gather() never waits */
        ctl->session.deadline_ms = DEADLINE_MS;
        all->tls = listen_tls_new("heloctl.invalid");
        status = serve(all, ctl->argument_count ? ctl->arguments[0] : NULL);
        listen_tls_free(all->tls);
    }
    if (all->out && fclose(all->out) != 0)
        status = ctl_fail(ctl, CTL_TROUBLE, "%s: %s", path, strerror(errno));
    return status;
}

static int run(struct ctl *ctl)
{
    struct listening all = {.ctl = ctl};

    if (!ctl_number(ctl, 'n', 1, ULLONG_MAX, &all.most))
        return CTL_USAGE;
    signal(SIGPIPE, SIG_IGN);
    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    all.settings = *ctl->settings;
    all.settings.exempt = (struct exempt_settings){.count = 0};
    return open_and_serve(&all);
}

const struct ctl_verb ctl_listen = {
    .name = "listen",
    .arguments = "[ADDRESS][:PORT]",
    .arguments_max = 1,
    .summary = "receive test mails and show how their senders greet",
    .help = "Runs an SMTP server that accepts every message and discards it. For each greeting it shows the\n"
            "address, the HELO name, and what is wrong with them in DNS. It offers STARTTLS with a certificate\n"
            "that it makes itself. Without an address it listens on every address; without a port it uses 25, or\n"
            "2525 if 25 is not available.",
    .exits = "after SIGINT, SIGTERM or --count: 0 nothing wrong, 1 something wrong, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'o', "out", "FILE", "append ADDRESS HELO lines for heloctl audit"},
                {'n', "count", "N", "exit after N greetings"},
                {'j', "json", NULL, "print one line of JSON for each greeting"}},
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * acceptor: accepts connections from Postfix as long as there is room. At max_connections it closes an idle
 * connection to make room. If none is idle, or if the system has no descriptors left, new connections wait in the
 * kernel's queue. That costs Postfix less than a closed connection.
 */
#include "acceptor.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "listener_set.h"
#include "log.h"
#include "server.h"
#include "text.h"
#include "units.h"

enum {
    INHERITED_FIRST = 3, /* sd_listen_fds(3) */
    INHERITED_MAX = 64,
    OWN_DESCRIPTORS = 64,   /* log, signals, policy files, status, epoll */
    LEAST_DESCRIPTORS = 32, /* with fewer, next to nothing is left for connections and DNS */
};

static const struct timeval BACKOFF = {.tv_usec = 200000};

struct acceptor {
    struct server *server;
    struct listener_set set;
    struct event *backoff; /* after EMFILE */
    int reserve;           /* closed when descriptors run out, so that DNS and the log still get one */
    size_t max_connections, next_max;
};

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int size, void *arg);
static void on_error(struct evconnlistener *l, void *arg);

struct acceptor *acceptor_new(struct server *s)
{
    struct acceptor *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->server = s;
    all->set = (struct listener_set){.on_accept = on_accept, .on_error = on_error, .arg = all};
    all->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return all;
}

void acceptor_free(struct acceptor *all)
{
    if (all == NULL)
        return;
    listener_set_close(&all->set);
    if (all->backoff != NULL)
        event_free(all->backoff);
    if (all->reserve >= 0)
        close(all->reserve);
    free(all);
}

/* A passed descriptor must be a listening stream socket of a family that helod supports. */
static bool is_usable(int fd)
{
    int type = 0, listening = 0;
    socklen_t type_size = sizeof(type), listening_size = sizeof(listening), at_size;
    struct sockaddr_storage at;

    at_size = sizeof(at);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_size) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &listening_size) == 0 && listening != 0 &&
           getsockname(fd, (struct sockaddr *)&at, &at_size) == 0 &&
           (at.ss_family == AF_INET || at.ss_family == AF_INET6 || at.ss_family == AF_UNIX);
}

bool acceptor_inherit(struct acceptor *all, char *error, size_t error_size)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    uint64_t ours = 0, count = 0;
    struct text t;

    text_init(&t, error, error_size);
    if (pid == NULL || fds == NULL || !units_number(pid, &ours) || ours != (uint64_t)getpid())
        return true;
    if (!units_number(fds, &count) || count > INHERITED_MAX) {
        text_add(&t, "LISTEN_FDS=");
        text_add_as(&t, TEXT_PLAIN, fds, strnlen(fds, 40));
        text_addf(&t, ": expected a number up to %d", INHERITED_MAX);
        return false;
    }
    for (int fd = INHERITED_FIRST; fd < INHERITED_FIRST + (int)count; fd++) {
        if (!is_usable(fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
            text_addf(&t, "descriptor %d from the service manager is not a listening stream socket", fd);
            return false;
        }
        if (!listener_set_inherit(&all->set, fd)) {
            text_add(&t, "no memory");
            return false;
        }
    }
    return true;
}

/*
 * max_connections, or as many as the limit of descriptors allows. Connections get at least half of the descriptors,
 * because DNS can wait.
 */
static size_t affordable(const struct settings *s)
{
    size_t half;
    rlim_t need = (rlim_t)s->server.max_connections + s->dns.in_flight + OWN_DESCRIPTORS;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return s->server.max_connections;
    if (limit.rlim_cur < need) {
        struct rlimit more = {.rlim_cur = need, .rlim_max = limit.rlim_max > need ? limit.rlim_max : need};

        if (setrlimit(RLIMIT_NOFILE, &more) == 0)
            return s->server.max_connections;
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= need)
        return s->server.max_connections;
    need -= limit.rlim_cur;
    half = (size_t)limit.rlim_cur / 2;
    log_warning("the limit of open files (%llu) is too low for max_connections = %u with dns.in_flight = %u",
                (unsigned long long)limit.rlim_cur, s->server.max_connections, s->dns.in_flight);
    if (s->server.max_connections >= need + half)
        return (size_t)(s->server.max_connections - need);
    return s->server.max_connections < half ? s->server.max_connections : half;
}

bool acceptor_prepare(struct acceptor *all, const struct settings *settings, char *error, size_t error_size)
{
    struct rlimit limit;

    all->next_max = affordable(settings);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < LEAST_DESCRIPTORS) {
        struct text t;

        text_init(&t, error, error_size);
        text_addf(&t, "the limit of open files is %llu, helod needs at least %d (ulimit -n, LimitNOFILE=)",
                  (unsigned long long)limit.rlim_cur, LEAST_DESCRIPTORS);
        return false;
    }
    return listener_set_prepare(&all->set, settings->server.listen, &settings->server, error, error_size);
}

void acceptor_abort(struct acceptor *all)
{
    listener_set_abort(&all->set);
}

static bool is_full(const struct acceptor *all)
{
    return connections_count(all->server->connections) > all->max_connections;
}

bool acceptor_is_inherited(const struct acceptor *all)
{
    return all->set.inherited;
}

void acceptor_room(struct acceptor *all)
{
    if (all == NULL || all->server->stopping || !all->set.paused ||
        (all->backoff != NULL && evtimer_pending(all->backoff, NULL)))
        return;
    if (!is_full(all) || connections_make_room(all->server->connections))
        listener_set_resume(&all->set);
}

static void on_backoff(evutil_socket_t fd, short what, void *arg)
{
    struct acceptor *all = arg;

    (void)fd;
    (void)what;
    if (all->reserve < 0)
        all->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    acceptor_room(all);
}

/*
 * The system has no descriptor or memory for another connection. Close the reserve, so that DNS and the log still get
 * a descriptor, and try again a little later.
 */
static void back_off(struct acceptor *all, int why)
{
    static struct log_limit limit = {.burst = 1, .seconds = 60};

    log_limited(&limit, LOG_LEVEL_ERROR, "cannot accept a connection: %s (%zu are open); trying again in %d ms",
                strerror(why), connections_count(all->server->connections), (int)(BACKOFF.tv_usec / 1000));
    if (all->reserve >= 0)
        close(all->reserve);
    all->reserve = -1;
    if (all->backoff != NULL && evtimer_add(all->backoff, &BACKOFF) == 0)
        listener_set_pause(&all->set);
}

static void take(struct acceptor *all, int fd, const struct sockaddr *peer)
{
    static struct log_limit limit = {.burst = 5, .seconds = 60};
    static const int on = 1;

    if (!listener_set_allows(all->server->settings->server.allow, peer, "server.allow", &limit)) {
        close(fd);
        return;
    }
    /* Fails on a unix socket, which does not need it. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!connection_open(all->server->connections, fd))
        back_off(all, ENOMEM);
}

/* One connection too many is open. Close an idle one; if there is none, let new ones wait in the kernel's queue. */
static void make_room(struct acceptor *all)
{
    static struct log_limit limit = {.burst = 1, .seconds = 60};

    log_limited(&limit, LOG_LEVEL_WARNING, "max_connections (%zu) is reached: idle connections are closed",
                all->max_connections);
    if (!connections_make_room(all->server->connections))
        listener_set_pause(&all->set);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int size, void *arg)
{
    struct acceptor *all = arg;

    (void)l;
    (void)size;
    take(all, fd, peer);
    if (is_full(all))
        make_room(all);
}

static void on_error(struct evconnlistener *l, void *arg)
{
    (void)l;
    back_off(arg, errno);
}

void acceptor_commit(struct acceptor *all)
{
    all->max_connections = all->next_max;
    if (all->backoff == NULL)
        all->backoff = evtimer_new(all->server->base, on_backoff, all);
    listener_set_commit(&all->set, all->server->base);
    acceptor_room(all);
}

/* Accepts a connection that waits in the kernel's queue. False if there is none. */
static bool take_waiting(struct acceptor *all, const struct listener *l)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    int fd = accept4(l->endpoint.fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0)
        take(all, fd, (struct sockaddr *)&peer);
    return fd >= 0;
}

void acceptor_stop(struct acceptor *all)
{
    for (const struct listener *l = all->set.first; l != NULL; l = l->next)
        while (!is_full(all) && take_waiting(all, l))
            ;
    listener_set_close(&all->set);
}

size_t acceptor_count(const struct acceptor *all)
{
    size_t n = 0;

    for (const struct listener *l = all->set.first; l != NULL; l = l->next)
        n++;
    return n;
}

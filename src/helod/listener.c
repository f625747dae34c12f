/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener: accepts as long as there is room. Past max_connections, and while the system has no descriptors, nobody is
 * turned away: who knocks waits in the kernel's queue, which costs Postfix less than a connection that is closed.
 */
#include "listener.h"

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
#include "doors.h"
#include "log.h"
#include "server.h"
#include "text.h"

enum {
    INHERITED_FIRST = 3, /* sd_listen_fds(3) */
    INHERITED_MAX = 64,
    AT_ONCE = 64,         /* connections taken before other events have their turn */
    OWN_DESCRIPTORS = 64, /* log, signals, policy files, status, epoll */
};

static const struct timeval BREATHER = {.tv_usec = 200000};

struct listeners {
    struct server *server;
    struct doors doors;
    struct event *breather; /* after EMFILE */
    int reserve;            /* a descriptor to give up in need, so that DNS and log can go on */
    size_t max_connections, next_max;
};

static void on_knock(evutil_socket_t listening, short what, void *arg);

struct listeners *listeners_new(struct server *s)
{
    struct listeners *all = calloc(1, sizeof(*all));

    if (all == NULL)
        return NULL;
    all->server = s;
    all->doors = (struct doors){.on_knock = on_knock, .arg = all};
    all->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return all;
}

void listeners_free(struct listeners *all)
{
    if (all == NULL)
        return;
    doors_close(&all->doors);
    if (all->breather != NULL)
        event_free(all->breather);
    if (all->reserve >= 0)
        close(all->reserve);
    free(all);
}

/* A passed descriptor must be a listening stream socket of a family that we speak. */
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

bool listeners_inherit(struct listeners *all, char *error, size_t error_size)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    long count = pid != NULL && fds != NULL && strtol(pid, NULL, 10) == (long)getpid() ? strtol(fds, NULL, 10) : 0;
    struct text t;

    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    text_init(&t, error, error_size);
    if (count < 0 || count > INHERITED_MAX) {
        text_addf(&t, "LISTEN_FDS=%ld: expected 1 to %d", count, INHERITED_MAX);
        return false;
    }
    for (int fd = INHERITED_FIRST; fd < INHERITED_FIRST + (int)count; fd++) {
        if (!is_usable(fd) || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
            fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0) {
            text_addf(&t, "descriptor %d of the service manager is no listening stream socket", fd);
            return false;
        }
        if (!doors_inherit(&all->doors, fd)) {
            text_add(&t, "no memory");
            return false;
        }
    }
    return true;
}

/* max_connections, or what the limit of descriptors leaves of it: half of them at least, since the DNS can wait. */
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

bool listeners_prepare(struct listeners *all, const struct settings *settings, char *error, size_t error_size)
{
    all->next_max = affordable(settings);
    return doors_prepare(&all->doors, settings->server.listen, &settings->server, error, error_size);
}

void listeners_abort(struct listeners *all)
{
    doors_abort(&all->doors);
}

static bool is_full(const struct listeners *all)
{
    return connections_count(all->server->connections) >= all->max_connections;
}

static void resume(struct listeners *all)
{
    if (all->doors.resting && !is_full(all) && (all->breather == NULL || !evtimer_pending(all->breather, NULL)))
        doors_resume(&all->doors);
}

void listeners_room(struct listeners *all)
{
    if (all != NULL)
        resume(all);
}

static void on_breather(evutil_socket_t fd, short what, void *arg)
{
    struct listeners *all = arg;

    (void)fd;
    (void)what;
    if (all->reserve < 0)
        all->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    resume(all);
}

/* The system has no descriptor or memory for another connection: wait a little, and leave our reserve to others. */
static void breathe(struct listeners *all, int why)
{
    static struct log_limit limit = {.burst = 1, .seconds = 60};

    log_limited(&limit, LOG_LEVEL_ERROR, "cannot accept a connection: %s (%zu are open); trying again in %d ms",
                strerror(why), connections_count(all->server->connections), (int)(BREATHER.tv_usec / 1000));
    if (all->reserve >= 0)
        close(all->reserve);
    all->reserve = -1;
    if (all->breather != NULL && evtimer_add(all->breather, &BREATHER) == 0)
        doors_rest(&all->doors);
}

/* Takes one connection; false when there is none to take. */
static bool accept_one(struct listeners *all, int listening)
{
    static struct log_limit limit = {.burst = 1, .seconds = 60};
    static const int on = 1;
    int fd;

    if (is_full(all)) {
        log_limited(&limit, LOG_LEVEL_WARNING, "max_connections (%zu) reached: others wait", all->max_connections);
        doors_rest(&all->doors);
        return false;
    }
    fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            breathe(all, errno);
        return errno == ECONNABORTED || errno == EINTR;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* a unix socket says no */
    if (!connection_open(all->server->connections, fd))
        breathe(all, ENOMEM);
    return true;
}

static void on_knock(evutil_socket_t listening, short what, void *arg)
{
    (void)what;
    for (int i = 0; i < AT_ONCE && accept_one(arg, listening); i++)
        ;
}

void listeners_commit(struct listeners *all)
{
    all->max_connections = all->next_max;
    if (all->breather == NULL)
        all->breather = evtimer_new(all->server->base, on_breather, all);
    doors_commit(&all->doors, all->server->base);
    resume(all);
}

void listeners_stop(struct listeners *all)
{
    for (const struct door *door = all->doors.first; door != NULL; door = door->next)
        while (accept_one(all, door->endpoint.fd))
            ;
    doors_close(&all->doors);
}

size_t listeners_count(const struct listeners *all)
{
    size_t n = 0;

    for (const struct door *door = all->doors.first; door != NULL; door = door->next)
        n++;
    return n;
}

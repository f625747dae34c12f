/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon: creates the parts, runs the event loop, frees the parts. Promises that a start either succeeds or reports why
 * not, and that all requests in flight are answered before the end.
 */
#include "daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "acceptor.h"
#include "connection.h"
#include "counts.h"
#include "log.h"
#include "notify.h"
#include "policyfile.h"
#include "privileges.h"
#include "process.h"
#include "pending.h"
#include "reload.h"
#include "seccomp.h"
#include "server.h"
#include "status.h"
#include "table.h"
#include "text.h"
#include "housekeeping.h"

enum { STACK_LEAST = 256 * 1024, ERROR_SIZE = 512, SETTLE_MS = 50, SIGNALS = 4 };
enum { HITS_MAX = 65536, WAITING_MAX = 1 << 24 }; /* each waiting request has a connection, of which there are fewer */

struct daemon {
    struct server server;
    const struct daemon_options *options;
    struct housekeeping *housekeeping;
    struct event *signals[SIGNALS];
    struct event *reload; /* made active by SIGHUP */
    struct event *settle; /* while stopping: checks whether everything is answered */
    uint64_t stop_by_ms;
    int parent; /* the parent waits here until we are ready; -1: no parent */
    struct process_pid pid_file;
};

static bool say(const char *what, const char *error)
{
    log_error("%s%s%s", what, error[0] == '\0' ? "" : ": ", error);
    return false;
}

static void on_settle(int fd, short what, void *arg)
{
    static const struct timeval again = {.tv_usec = SETTLE_MS * 1000};
    struct daemon *d = arg;

    (void)fd;
    (void)what;
    if (acceptor_is_inherited(d->server.acceptor))
        connections_drain(d->server.connections);
    if (pending_in_flight(d->server.pending) == 0 || clock_ms() >= d->stop_by_ms)
        event_base_loopexit(d->server.base, NULL);
    else
        evtimer_add(d->settle, &again);
}

/*
 * Answers the requests that have already arrived. Where the service manager holds the sockets, each connection is then
 * closed after its answer: if it stayed open, the next request of a busy mail server would come before the last lookup
 * has ended, and the helod that replaces this one would start late. Whoever connects again waits in the queue of the
 * socket. Where helod has opened the sockets itself, nobody could connect again, so the connections that there are
 * stay open and are answered until the last lookup has ended, or the deadline.
 */
static void on_stop(evutil_socket_t number, short what, void *arg)
{
    static const struct timeval soon = {.tv_usec = SETTLE_MS * 1000};
    struct daemon *d = arg;

    (void)what;
    if (d->stop_by_ms != 0)
        return;
    log_info("stopping on signal %d; %zu requests in flight", (int)number, pending_in_flight(d->server.pending));
    notify_send("STOPPING=1\nSTATUS=answering what is in flight");
    d->server.stopping = true;
    d->stop_by_ms = clock_ms() + d->server.settings->server.deadline_ms + SETTLE_MS;
    acceptor_stop(d->server.acceptor);
    d->settle = evtimer_new(d->server.base, on_settle, d);
    if (d->settle == NULL || evtimer_add(d->settle, &soon) != 0)
        event_base_loopexit(d->server.base, NULL);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *d = arg;

    (void)fd;
    (void)what;
    reload_run(&d->server);
}

/* Several signals that arrive before the next round of the event loop, or during a reload, cause one reload. */
static void on_hup(evutil_socket_t number, short what, void *arg)
{
    struct daemon *d = arg;

    (void)number;
    (void)what;
    event_active(d->reload, EV_TIMEOUT, 0);
}

static void on_usr1(evutil_socket_t number, short what, void *arg)
{
    struct daemon *d = arg;

    (void)number;
    (void)what;
    if (!log_reopen())
        log_error("cannot reopen the log file: %s", strerror(errno));
    housekeeping_report(&d->server);
}

static const struct {
    int number;
    event_callback_fn handler;
} signal_rows[SIGNALS] = {
    {SIGTERM, on_stop},
    {SIGINT, on_stop},
    {SIGHUP, on_hup},
    {SIGUSR1, on_usr1},
};

/* Called first: a signal that arrives before its handler exists must wait instead of ending helod. */
static void hold_signals(int how)
{
    sigset_t set;

    sigemptyset(&set);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&set, signal_rows[i].number);
    sigprocmask(how, &set, NULL);
}

static bool take_signals(struct daemon *d)
{
    signal(SIGPIPE, SIG_IGN);
    d->reload = event_new(d->server.base, -1, 0, on_reload, d);
    if (d->reload == NULL)
        return false;
    for (size_t i = 0; i < SIGNALS; i++) {
        d->signals[i] = evsignal_new(d->server.base, signal_rows[i].number, signal_rows[i].handler, d);
        if (d->signals[i] == NULL || evsignal_add(d->signals[i], NULL) != 0)
            return false;
    }
    hold_signals(SIG_UNBLOCK);
    return true;
}

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base;

    if (config == NULL)
        return NULL;
    /*
     * There is one thread, so libevent needs no locks. Changes of events are collected, and cost one system call per
     * turn.
     */
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
    base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

/* Makes everything that needs neither privileges nor a resolver. */
static bool make_parts(struct server *s)
{
    const struct server_settings *settings = &s->settings->server;

    s->base = new_base();
    s->metrics = metrics_new();
    s->instances = instances_new(settings->instances);
    s->earlier = earlier_new(settings->instances);
    s->rates = rates_new();
    s->waiting = counts_new(WAITING_MAX);
    for (unsigned i = 0; i < EXEMPT_KINDS; i++)
        s->hits[i] = counts_new(HITS_MAX);
    s->connections = connections_new(s);
    s->pending = pending_list_new(s);
    s->status = s->base == NULL ? NULL : status_new(s);
    s->recent = recent_new();
    return s->base != NULL && s->metrics != NULL && s->instances != NULL && s->earlier != NULL && s->rates != NULL &&
           s->waiting != NULL && s->hits[EXEMPT_CLIENT] != NULL && s->hits[EXEMPT_RDNS] != NULL &&
           s->hits[EXEMPT_HELO] != NULL && s->connections != NULL && s->pending != NULL && s->status != NULL &&
           s->recent != NULL;
}

/* While helod may still be root: PID file, sockets, limits. Then it drops privileges. */
static bool take_places(struct daemon *d, const struct identity *identity, char *error, size_t error_size)
{
    struct server *s = &d->server;
    const char *pid_file = d->options->foreground ? "" : s->settings->server.pid_file;

    return process_pid_open(&d->pid_file, pid_file, error, error_size) &&
           acceptor_prepare(s->acceptor, s->settings, error, error_size) &&
           status_prepare(s->status, s->settings, error, error_size) && privileges_drop(identity, error, error_size);
}

/* From here on helod needs only what the filter allows. */
static bool lock_up(const struct daemon *d, char *error, size_t error_size)
{
    if (!d->server.settings->server.seccomp)
        return true;
    switch (seccomp_start(error, error_size)) {
    case SECCOMP_ON:
        return true;
    case SECCOMP_ABSENT:
        log_warning("%s (seccomp = no silences this)", error);
        return true;
    case SECCOMP_FAILED:
        break;
    }
    return false;
}

static bool open_history(struct server *s, char *error, size_t error_size)
{
    struct history_options options = {.settings = &s->settings->history, .report = reload_report};

    if (s->settings->history.store == HISTORY_NONE)
        return true;
    s->gather.history = history_new(s->base, &options, error, error_size);
    return s->gather.history != NULL;
}

static void close_history(struct server *s)
{
    char error[ERROR_SIZE] = "";

    if (s->gather.history != NULL && !history_save(s->gather.history, error, sizeof(error)))
        log_error("history %s: the snapshot %s", s->settings->history.file, error);
    history_free(s->gather.history);
}

/* A request needs up to about 100 KB of stack. With less, helod would crash at the first one. */
static bool has_stack(char *error, size_t error_size)
{
    struct rlimit limit;
    struct text t;

    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur >= STACK_LEAST)
        return true;
    text_init(&t, error, error_size);
    text_addf(&t, "the stack limit is %llu KiB, helod needs at least %d KiB (ulimit -s, LimitSTACK=)",
              (unsigned long long)limit.rlim_cur / 1024, STACK_LEAST / 1024);
    return false;
}

static bool start(struct daemon *d)
{
    struct server *s = &d->server;
    const struct server_settings *settings = &s->settings->server;
    struct resolver_options dns;
    struct identity identity;
    char error[ERROR_SIZE] = "";

    if (!reload_check(s->settings, error, sizeof(error)))
        return say("cannot start", error);
    if (!privileges_find(settings->user, settings->group, &identity, error, sizeof(error)))
        return say("cannot change user", error);
    if (!d->options->foreground && !process_fork(&d->parent))
        return say("cannot fork", strerror(errno));
    if (!make_parts(s) || !take_signals(d))
        return say("no memory", "");
    if (!has_stack(error, sizeof(error)) || !take_places(d, &identity, error, sizeof(error)))
        return say("cannot start", error);
    gather_resolver_options(&dns, &s->settings->dns);
    s->gather.resolver = resolver_new(s->base, &dns, error, sizeof(error));
    if (s->gather.resolver == NULL)
        return say("cannot start DNS lookups", error);
    if (!open_history(s, error, sizeof(error)))
        return say("cannot open the history", error);
    d->housekeeping = housekeeping_new(s);
    if (d->housekeeping == NULL)
        return say("no memory", "");
    if (geteuid() == 0)
        log_warning("running as root: set server.user");
    if (!lock_up(d, error, sizeof(error)))
        return say("cannot start", error);
    acceptor_commit(s->acceptor);
    status_commit(s->status);
    return true;
}

static void announce(struct daemon *d)
{
    const struct server *s = &d->server;
    size_t sockets = acceptor_count(s->acceptor);
    char status[STATUS_SIZE];

    if (resolver_warning(s->gather.resolver) != NULL)
        log_warning("%s", resolver_warning(s->gather.resolver));
    log_info("helod " PACKAGE_VERSION " is ready: policy %s, %zu socket%s, DNS %s", s->settings->file, sockets,
             sockets == 1 ? "" : "s", resolver_servers(s->gather.resolver));
    if (d->parent >= 0) {
        if (!process_pid_write(&d->pid_file))
            log_warning("%s: cannot be written", d->pid_file.path);
        reload_log(s);
        process_ready(d->parent);
        d->parent = -1;
    }
    if (d->options->foreground)
        reload_log(s);
    notify_ready(housekeeping_status(s, status));
}

static void end(struct daemon *d)
{
    struct server *s = &d->server;

    for (size_t i = 0; i < SIGNALS; i++)
        if (d->signals[i] != NULL)
            event_free(d->signals[i]);
    if (d->settle != NULL)
        event_free(d->settle);
    if (d->reload != NULL)
        event_free(d->reload);
    housekeeping_free(d->housekeeping);
    acceptor_free(s->acceptor);
    s->acceptor = NULL;
    status_free(s->status);
    connections_free(s->connections);
    pending_list_free(s->pending);
    resolver_free(s->gather.resolver);
    close_history(s);
    table_free(s->instances);
    earlier_free(s->earlier);
    rates_free(s->rates);
    table_free(s->waiting);
    for (unsigned i = 0; i < EXEMPT_KINDS; i++)
        table_free(s->hits[i]);
    metrics_free(s->metrics);
    recent_free(s->recent);
    settings_unref(s->settings);
    if (s->base != NULL)
        event_base_free(s->base);
    process_pid_close(&d->pid_file);
    notify_close();
}

/* An absolute path of the policy file: in the background, helod leaves the current folder. */
static const char *lasting_path(const struct daemon_options *options, char room[PATH_MAX])
{
    char here[PATH_MAX];
    struct text t;

    if (options->foreground || options->file[0] == '/' || getcwd(here, sizeof(here)) == NULL)
        return options->file;
    text_init(&t, room, PATH_MAX);
    text_addf(&t, "%s/%s", here, options->file);
    return t.full ? options->file : room;
}

int daemon_run(const struct daemon_options *options)
{
    struct daemon d = {.options = options, .parent = -1, .pid_file = {.fd = -1}};
    char error[ERROR_SIZE] = "", path[PATH_MAX];
    bool started;

    d.server.foreground = options->foreground;
    d.server.hooks = (struct server_hooks){.reload = reload_run,
                                           .room = acceptor_room,
                                           .answer = connection_answer,
                                           .answer_now = connection_answer_now,
                                           .go_on = connection_go_on};
    hold_signals(SIG_BLOCK);
    log_open(LOG_SINK_STDERR, "helod");
    notify_open();
    d.server.acceptor = acceptor_new(&d.server);
    if (d.server.acceptor == NULL || !acceptor_inherit(d.server.acceptor, error, sizeof(error))) {
        acceptor_free(d.server.acceptor);
        say("cannot take the service manager's sockets", error);
        return EXIT_FAILURE;
    }
    d.server.settings = policyfile_read(lasting_path(options, path), reload_report, NULL);
    if (d.server.settings != NULL)
        d.server.settings->generation = 1;
    started = d.server.settings != NULL && start(&d);
    if (started) {
        announce(&d);
        event_base_dispatch(d.server.base);
        log_info("stopped");
    }
    end(&d);
    return started ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload: everything that can fail is done before the first thing is changed.
 */
#include "reload.h"

#include <string.h>

#include "listener.h"
#include "log.h"
#include "notify.h"
#include "policyfile.h"
#include "server.h"
#include "status.h"
#include "upkeep.h"

enum { ERROR_SIZE = 512, RELOAD_OK = 0, RELOAD_FAILED = 1 };

void reload_report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    if (is_error)
        log_error("%s", message);
    else
        log_warning("%s", message);
}

static void log_change(void *arg, const char *text)
{
    (void)arg;
    log_info("reload: %s", text);
}

/* What is settled at start, and only read again. */
static bool needs_restart(const struct settings *old, const struct settings *next)
{
    const struct server_settings *a = &old->server, *b = &next->server;

    return strcmp(a->user, b->user) != 0 || strcmp(a->group, b->group) != 0 || strcmp(a->pid_file, b->pid_file) != 0 ||
           a->instances != b->instances || strcmp(a->socket_owner, b->socket_owner) != 0 ||
           strcmp(a->socket_group, b->socket_group) != 0 || a->socket_mode != b->socket_mode;
}

/* Sockets and resolvers of the new settings; false with everything as before. */
static bool take_places(struct server *s, const struct settings *next)
{
    struct resolver_options dns;
    char error[ERROR_SIZE] = "";

    if (!listeners_prepare(s->listeners, next, error, sizeof(error))) {
        log_error("%s", error);
        return false;
    }
    if (!status_prepare(s->status, next, error, sizeof(error))) {
        log_error("%s", error);
        listeners_abort(s->listeners);
        return false;
    }
    gather_resolver_options(&dns, &next->dns);
    if (!resolver_reconfigure(s->gather.resolver, &dns, error, sizeof(error))) {
        log_error("%s", error);
        listeners_abort(s->listeners);
        status_abort(s->status);
        return false;
    }
    return true;
}

static bool take(struct server *s)
{
    struct settings *old = s->settings, *next = policyfile_read(old->file, reload_report, NULL);

    if (next == NULL || !take_places(s, next)) {
        log_error("reload failed: policy %u stays in force", old->generation);
        metrics_add(s->metrics, METRIC_RELOADS, RELOAD_FAILED, 1);
        settings_unref(next);
        return false;
    }
    next->generation = old->generation + 1;
    if (policyfile_diff(old, next, log_change, NULL) == 0)
        log_info("reload: nothing changed");
    if (needs_restart(old, next))
        log_warning("reload: user, group, pid_file, instances and the owner and mode of open sockets need a restart");
    listeners_commit(s->listeners);
    status_commit(s->status);
    instances_set_ttl(s->instances, next->server.instance_ms);
    s->settings = next;
    settings_unref(old);
    log_info("reload done: policy %u is in force", next->generation);
    metrics_add(s->metrics, METRIC_RELOADS, RELOAD_OK, 1);
    upkeep_settings(s);
    return true;
}

bool reload(struct server *s)
{
    char status[STATUS_SIZE];
    bool done;

    notify_reloading();
    done = take(s);
    notify_ready(upkeep_status(s, status));
    return done;
}

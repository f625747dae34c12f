/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reload: reads the new policy file, opens what it needs, then swaps everything at once. Every step that can fail
 * comes before the first change, so the old policy answers until the new one is complete.
 */
#include "reload.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "acceptor.h"
#include "log.h"
#include "history.h"
#include "notify.h"
#include "policyfile.h"
#include "privileges.h"
#include "server.h"
#include "status.h"
#include "text.h"
#include "housekeeping.h"

enum { ERROR_SIZE = 512, RELOAD_OK = 0, RELOAD_FAILED = 1 };

void reload_report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    if (is_error)
        log_error("%s", message);
    else
        log_warning("%s", message);
}

static void log_change(void *arg, bool restart, const char *text)
{
    (void)arg;
    if (restart)
        log_warning("reload: %s; this needs a restart", text);
    else
        log_info("reload: %s", text);
}

/* The path is copied, because the log outlives these settings. */
void reload_log(const struct server *s)
{
    static char path[PATH_MAX];
    const struct log_settings *log = &s->settings->log;
    struct log_target target = {.ident = "helod"};

    switch (log->to) {
    case LOG_TO_SYSLOG:
        log_open(s->foreground ? LOG_SINK_STDERR : LOG_SINK_SYSLOG, target.ident);
        return;
    case LOG_TO_JOURNAL:
        target.sink = LOG_SINK_JOURNAL;
        break;
    case LOG_TO_FILE:
        target.sink = LOG_SINK_FILE;
        snprintf(path, sizeof(path), "%s", log->file);
        target.path = path;
        break;
    }
    if (!log_direct(&target))
        log_error("log: %s: %s", log->to == LOG_TO_FILE ? log->file : "the journal", strerror(errno));
}

/* Sockets and resolvers of the new settings; false with everything as before. */
static bool take_places(struct server *s, const struct settings *next)
{
    struct resolver_options dns;
    char error[ERROR_SIZE] = "";

    if (!acceptor_prepare(s->acceptor, next, error, sizeof(error))) {
        log_error("%s", error);
        return false;
    }
    if (!status_prepare(s->status, next, error, sizeof(error))) {
        log_error("%s", error);
        acceptor_abort(s->acceptor);
        return false;
    }
    gather_resolver_options(&dns, &next->dns);
    if (!resolver_reconfigure(s->gather.resolver, &dns, error, sizeof(error))) {
        log_error("%s", error);
        acceptor_abort(s->acceptor);
        status_abort(s->status);
        return false;
    }
    return true;
}

static bool account_exists(const char *name, bool is_group)
{
    uid_t uid;
    gid_t gid;

    return is_group ? privileges_group(name, &gid) : privileges_user(name, &uid);
}

bool reload_check(const struct settings *settings, char *error, size_t error_size)
{
    const struct settings_places *places = &settings->places;
    const struct {
        const char *where, *name;
        bool is_group;
    } accounts[] = {
        {places->user, settings->server.user, false},
        {places->group, settings->server.group, true},
        {places->socket_owner, settings->server.socket_owner, false},
        {places->socket_group, settings->server.socket_group, true},
        {places->status_socket_group, settings->status.socket_group, true},
    };
    char why[ERROR_SIZE] = "";
    struct text t;

    text_init(&t, error, error_size);
    for (size_t i = 0; i < sizeof(accounts) / sizeof(accounts[0]); i++) {
        if (account_exists(accounts[i].name, accounts[i].is_group))
            continue;
        text_add_as(&t, TEXT_PLAIN, accounts[i].where, SIZE_MAX);
        text_addf(&t, ": no such %s: \"", accounts[i].is_group ? "group" : "user");
        text_add_as(&t, TEXT_PLAIN, accounts[i].name, SIZE_MAX);
        text_add(&t, "\"; create it, or set the option to \"\"");
        return false;
    }
    if (history_check(&settings->history, why, sizeof(why)))
        return true;
    text_add_as(&t, TEXT_PLAIN, settings->file, SIZE_MAX);
    text_add(&t, ": ");
    text_add_as(&t, TEXT_PLAIN, why, SIZE_MAX);
    return false;
}

/*
 * An empty file is a valid policy. But if it replaces one that sets something, that is nearly always an accident: an
 * editor that is still writing, or a full disk. helod would then enforce the defaults, without any exemption, on
 * another port.
 */
static bool is_acceptable(const struct settings *old, const struct settings *next)
{
    char error[ERROR_SIZE] = "";

    if (next->is_empty && !old->is_empty) {
        log_error("%s sets nothing, unlike the running policy: this looks like a file that is still being written. "
                  "To change to the defaults, restart helod",
                  next->file);
        return false;
    }
    if (reload_check(next, error, sizeof(error)))
        return true;
    log_error("%s", error);
    return false;
}

/* Changes that reject mail which passed before get their own warning, because they may be accidents. */
static void warn_of_stricter(const struct settings *old, const struct settings *next)
{
    for (size_t i = 0; i < next->policy_count; i++) {
        const struct policy *now = next->policies[i], *before = settings_policy(old, now->name);

        if (now->mode == MODE_ENFORCE && before->mode != MODE_ENFORCE)
            log_warning("reload: policy \"%s\" now enforces what it only %s before", now->name,
                        before->mode == MODE_MONITOR ? "logged" : "deferred");
    }
    if (next->exempt.count * 2 < old->exempt.count)
        log_warning("reload: more than half of the exemptions are gone: %zu of %zu are left", next->exempt.count,
                    old->exempt.count);
}

/* Everything that can fail is done before the first thing is changed. Takes over `next`. */
static bool take(struct server *s, struct settings *next)
{
    struct settings *old = s->settings;

    if (!is_acceptable(old, next) || !take_places(s, next)) {
        settings_unref(next);
        return false;
    }
    next->generation = old->generation + 1;
    if (policyfile_diff(old, next, log_change, NULL) == 0)
        log_info("reload: nothing changed");
    warn_of_stricter(old, next);
    acceptor_commit(s->acceptor);
    status_commit(s->status);
    s->settings = next;
    settings_unref(old);
    log_info("reload done: policy %u is in force", next->generation);
    housekeeping_settings(s);
    reload_log(s);
    return true;
}

bool reload_run(struct server *s)
{
    struct settings *next;
    char status[STATUS_SIZE];
    bool done;

    if (s->stopping) {
        log_info("reload skipped: helod is stopping");
        return false;
    }
    notify_reloading();
    next = policyfile_read(s->settings->file, reload_report, NULL);
    done = next != NULL && take(s, next);
    if (!done)
        log_error("reload failed: policy %u stays in force", s->settings->generation);
    metrics_add(s->metrics, METRIC_RELOADS, done ? RELOAD_OK : RELOAD_FAILED, 1);
    notify_ready(housekeeping_status(s, status));
    return done;
}

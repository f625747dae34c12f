/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * session: what most verbs begin with: the options given, the policy file, a resolver on an event loop of their own.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "clock.h"
#include "ctl.h"
#include "history.h"
#include "policyfile.h"
#include "resolver.h"
#include "text.h"
#include "units.h"

enum { PIECE_SIZE = 200, GATHERINGS_MAX = 64, POLICIES_NAMED = 64 };

const char *ctl_value(const struct ctl *ctl, char letter)
{
    return ctl->values[letter & 127];
}

bool ctl_given(const struct ctl *ctl, char letter)
{
    return ctl_value(ctl, letter) != NULL;
}

static const char *option_name(const struct ctl *ctl, char letter)
{
    for (const struct ctl_option *o = ctl->verb->options; o->letter; o++)
        if (o->letter == letter)
            return o->name;
    return "";
}

bool ctl_number(const struct ctl *ctl, char letter, unsigned long long min, unsigned long long max,
                unsigned long long *out)
{
    const char *text = ctl_value(ctl, letter);
    unsigned long long value;
    char *end;

    if (!text)
        return true;
    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && value >= min && value <= max) {
        *out = value;
        return true;
    }
    ctl_fail(ctl, CTL_USAGE, "--%s: expected a number from %llu to %llu, not \"%s\"", option_name(ctl, letter), min,
             max, text);
    return false;
}

int ctl_fail(const struct ctl *ctl, int status, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "heloctl %s: ", ctl->verb->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

void ctl_put(FILE *out, const char *foreign)
{
    char piece[PIECE_SIZE];
    struct text t;

    for (size_t left = strlen(foreign), n; left > 0; foreign += n, left -= n) {
        n = left < PIECE_SIZE ? left : PIECE_SIZE - 1;
        text_init(&t, piece, sizeof(piece));
        text_add_as(&t, TEXT_PLAIN, foreign, n); /* a byte stays a byte */
        fputs(piece, out);
    }
}

static void report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    fprintf(stderr, "%s%s\n", is_error ? "" : "warning: ", message);
}

struct settings *ctl_settings(const struct ctl *ctl)
{
    return ctl_settings_of(ctl_value(ctl, 'c'));
}

/* One that is there and cannot be read is an error: the daemon does not judge by the defaults. */
static const char *installed(void)
{
    return access(POLICY_FILE, R_OK) == 0 || errno != ENOENT ? POLICY_FILE : NULL;
}

struct settings *ctl_settings_of(const char *file)
{
    return policyfile_read(file ? file : installed(), report, NULL);
}

static void report_errors(void *arg, bool is_error, const char *message)
{
    if (is_error)
        report(arg, is_error, message);
}

struct settings *ctl_settings_before(const struct ctl *ctl, bool early)
{
    const char *file = ctl_given(ctl, 'c') ? ctl_value(ctl, 'c') : installed();

    return early ? policyfile_read_early(file, report_errors, NULL) : policyfile_read(file, report_errors, NULL);
}

const char *ctl_policy_file(const struct ctl *ctl, const struct settings *settings)
{
    bool named = ctl_given(ctl, 'c') || access(POLICY_FILE, F_OK) == 0;

    return named ? settings->file : "the built-in default (there is no " POLICY_FILE ")";
}

const struct policy *ctl_policy(struct ctl *ctl, const struct settings *settings, const char *name)
{
    const struct policy *policy = settings_policy(settings, name ? name : "");
    const char *names[POLICIES_NAMED], *nearest;
    size_t n = 0;

    if (!name || strcmp(policy->name, name) == 0)
        return policy;
    for (; n < settings->policy_count && n < POLICIES_NAMED; n++)
        names[n] = settings->policies[n]->name;
    nearest = units_nearest(name, names, n);
    ctl_fail(ctl, CTL_USAGE, "%s has no policy \"%s\"%s%s%s", ctl_policy_file(ctl, settings), name,
             nearest ? ": did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return NULL;
}

bool ctl_session_open(struct ctl *ctl, struct ctl_session *session, const struct settings *settings)
{
    struct resolver_options options;
    char error[256] = "out of memory";

    *session = (struct ctl_session){.base = event_base_new()};
    gather_resolver_options(&options, &settings->dns);
    if (session->base)
        session->context.resolver = resolver_new(session->base, &options, error, sizeof(error));
    if (session->context.resolver)
        return true;
    ctl_fail(ctl, CTL_TROUBLE, "no resolver: %s", error);
    ctl_session_close(session);
    return false;
}

/* A server has this long to be there; the daemon would go on without it as well. */
static void wait_for_store(struct ctl_session *session)
{
    uint64_t until = clock_ms() + 500;
    struct history_stats stats;

    do {
        history_stats(session->context.history, &stats);
        if (!stats.up)
            event_base_loop(session->base, EVLOOP_ONCE);
    } while (!stats.up && clock_ms() < until);
}

void ctl_session_history(struct ctl_session *session, const struct settings *settings)
{
    struct history_options options = {.settings = &settings->history, .read_only = true, .report = report};
    char error[256];

    if (settings->history.store == HISTORY_NONE ||
        (settings->history.store == HISTORY_MEMORY && settings->history.file[0] == '\0'))
        return;
    session->context.history = history_new(session->base, &options, error, sizeof(error));
    if (session->context.history)
        wait_for_store(session);
    else
        report(NULL, false, error);
}

void ctl_session_close(struct ctl_session *session)
{
    history_free(session->context.history);
    resolver_free(session->context.resolver);
    if (session->base)
        event_base_free(session->base);
    *session = (struct ctl_session){.base = NULL};
}

static void on_gathered(void *arg, const struct gathered *gathered)
{
    struct ctl_gathering *g = arg;
    struct ctl_session *session = g->session;

    session->in_flight--;
    if (g->timer)
        event_free(g->timer);
    g->done(g->arg, gathered); /* may free `g` */
    event_base_loopbreak(session->base);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    gather_expire(arg);
}

bool ctl_gather(struct ctl_session *session, const struct gather_options *options, struct ctl_gathering *g)
{
    uint64_t ms = options->settings->server.deadline_ms;
    struct timeval after = clock_timeval(ms);
    struct gather_options ours = *options;
    const struct gathered *gathered;

    *g = (struct ctl_gathering){.session = session, .done = options->done, .arg = options->arg};
    ours.done = on_gathered;
    ours.arg = g;
    gathered = gather_start(&session->context, &ours, &g->gather);
    if (!g->gather) {
        options->done(options->arg, gathered);
        return false;
    }
    g->timer = evtimer_new(session->base, on_deadline, g->gather);
    if (g->timer)
        evtimer_add(g->timer, &after);
    for (session->in_flight++; session->in_flight >= GATHERINGS_MAX;)
        event_base_dispatch(session->base);
    return true;
}

void ctl_gather_rest(struct ctl_session *session)
{
    while (session->in_flight > 0)
        event_base_dispatch(session->base);
}

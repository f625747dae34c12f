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

enum { PIECE_SIZE = 200, JOBS_MAX = 64, JOB_MEMORY = 4 << 20, POLICIES_NAMED = 64 };

const char *ctl_value(const struct ctl *ctl, char letter)
{
    return ctl->values[letter & 127];
}

bool ctl_given(const struct ctl *ctl, char letter)
{
    return ctl_value(ctl, letter) != NULL;
}

const char *ctl_next_value(const struct ctl *ctl, char letter, int *at)
{
    while (*at < ctl->given_count) {
        int i = (*at)++;

        if (ctl->given[i].letter == letter)
            return ctl->given[i].value;
    }
    return NULL;
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

/* Strangers may have chosen a file name in the message. It must not control the terminal, but may be in UTF-8. */
static void replace_controls(char *message)
{
    unsigned char before = 0;

    for (char *at = message; *at; before = (unsigned char)*at++) {
        unsigned char c = (unsigned char)*at;

        if (c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0 && (before < 0x80 || before == 0xc2)))
            *at = '?';
    }
}

int ctl_fail(const struct ctl *ctl, int status, const char *format, ...)
{
    char *message;
    va_list args;

    va_start(args, format);
    message = vasprintf(&message, format, args) < 0 ? sure(NULL) : message;
    va_end(args);
    replace_controls(message);
    fprintf(stderr, "heloctl %s: %s\n", ctl->verb->name, message);
    free(message);
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

/* An installed file that cannot be read is an error, because the daemon would not use the defaults either. */
static const char *installed(void)
{
    return access(POLICY_FILE, R_OK) == 0 || errno != ENOENT ? POLICY_FILE : NULL;
}

struct settings *ctl_settings_of(const char *file)
{
    return policyfile_read(file ? file : installed(), report, NULL);
}

const struct settings *ctl_settings(struct ctl *ctl)
{
    if (!ctl->settings)
        ctl->settings = ctl_settings_of(ctl_value(ctl, 'c'));
    return ctl->settings;
}

static void report_errors(void *arg, bool is_error, const char *message)
{
    if (is_error)
        report(arg, is_error, message);
}

const struct settings *ctl_settings_before(struct ctl *ctl, bool early)
{
    const char *file = ctl_given(ctl, 'c') ? ctl_value(ctl, 'c') : installed();

    ctl->settings = (early ? policyfile_read_early : policyfile_read)(file, report_errors, NULL);
    return ctl->settings;
}

const char *ctl_policy_file(const struct ctl *ctl)
{
    bool named = ctl_given(ctl, 'c') || access(POLICY_FILE, F_OK) == 0;

    return named ? ctl->settings->file : "the built-in default (there is no " POLICY_FILE ")";
}

const struct policy *ctl_policy(const struct ctl *ctl, const char *name)
{
    const struct settings *settings = ctl->settings;
    const struct policy *policy = settings_policy(settings, name ? name : "");
    const char *names[POLICIES_NAMED], *nearest;
    size_t n = 0;

    if (!name || strcmp(policy->name, name) == 0)
        return policy;
    for (; n < settings->policy_count && n < POLICIES_NAMED; n++)
        names[n] = settings->policies[n]->name;
    nearest = units_nearest(name, names, n);
    ctl_fail(ctl, CTL_USAGE, "%s has no policy \"%s\"%s%s%s", ctl_policy_file(ctl), name,
             nearest ? ": did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return NULL;
}

bool ctl_session_open(struct ctl *ctl)
{
    struct ctl_session *session = &ctl->session;
    struct resolver_options options;
    char error[256];

    session->base = sure(event_base_new());
    session->jobs_max = JOBS_MAX;
    session->deadline_ms = ctl->settings->server.deadline_ms;
    gather_resolver_options(&options, &ctl->settings->dns);
    session->context.resolver = resolver_new(session->base, &options, error, sizeof(error));
    if (!session->context.resolver)
        ctl_fail(ctl, CTL_TROUBLE, "no resolver: %s", error);
    return session->context.resolver != NULL;
}

/* How long to wait for a Redis server. The daemon continues without it, too. */
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

void ctl_session_history(struct ctl *ctl)
{
    const struct history_settings *settings = &ctl->settings->history;
    struct history_options options = {.settings = settings, .read_only = true, .report = report};
    struct ctl_session *session = &ctl->session;
    char error[256];

    if (settings->store == HISTORY_NONE || (settings->store == HISTORY_MEMORY && settings->file[0] == '\0'))
        return;
    session->context.history = history_new(session->base, &options, error, sizeof(error));
    if (session->context.history)
        wait_for_store(session);
    else
        report(NULL, false, error);
}

static void free_job(struct ctl_job *job)
{
    if (job->timer) {
        LIST_REMOVE(job, link);
        job->ctl->session.job_count--;
        event_free(job->timer);
    }
    region_free(job->region); /* the job lies in it */
}

void ctl_session_close(struct ctl *ctl)
{
    struct ctl_session *session = &ctl->session;

    while (!LIST_EMPTY(&session->jobs)) {
        gather_cancel(LIST_FIRST(&session->jobs)->gather);
        free_job(LIST_FIRST(&session->jobs));
    }
    history_free(session->context.history);
    resolver_free(session->context.resolver);
    if (session->base)
        event_base_free(session->base);
}

void *ctl_job_new(struct ctl *ctl, size_t size, void (*done)(struct ctl_job *job, const struct gathered *gathered))
{
    struct region *region = sure(region_new(JOB_MEMORY));
    struct ctl_job *job = sure(region_alloc(region, size));

    job->ctl = ctl;
    job->region = region;
    job->done = done;
    request_init(&job->request);
    return job;
}

static void on_gathered(void *arg, const struct gathered *gathered)
{
    struct ctl_job *job = arg;

    job->done(job, gathered);
    free_job(job);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    gather_expire(arg);
}

/* Runs the event loop until at most `most` jobs wait. */
static void wait_for_jobs(struct ctl_session *session, unsigned most)
{
    while (session->job_count > most)
        event_base_loop(session->base, EVLOOP_ONCE);
}

bool ctl_gather(struct ctl_job *job, struct gather_options options)
{
    struct ctl_session *session = &job->ctl->session;
    struct timeval after = clock_timeval(session->deadline_ms);
    const struct gathered *gathered;

    options.request = &job->request;
    options.region = job->region;
    options.done = on_gathered;
    options.arg = job;
    gathered = gather_start(&session->context, &options, &job->gather);
    if (!job->gather) {
        on_gathered(job, gathered);
        return false;
    }
    job->timer = sure(evtimer_new(session->base, on_deadline, job->gather));
    evtimer_add(job->timer, &after);
    LIST_INSERT_HEAD(&session->jobs, job, link);
    session->job_count++;
    wait_for_jobs(session, session->jobs_max - 1);
    return true;
}

void ctl_gather_rest(struct ctl *ctl)
{
    wait_for_jobs(&ctl->session, 0);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stats: the verbs that need the running daemon. stats prints its metrics once, top prints repeatedly how much they
 * grow per second, and reload makes it read its policy file again.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "ctl.h"
#include "policyfile.h"
#include "running.h"
#include "units.h"
#include "verdict.h"

enum { SAMPLES_MAX = 2048, NAME_SIZE = 192, TOP_FINDINGS = 12 };

/* One line of the Prometheus text: name{label="x"} value. */
struct sample {
    char name[NAME_SIZE];
    double value;
};

struct samples {
    size_t count;
    uint64_t ms;
    struct sample all[SAMPLES_MAX];
};

/* Buckets of histograms are left out. */
static void read_samples(struct samples *s, char *text)
{
    char *save = NULL;

    s->count = 0;
    s->ms = clock_ms();
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *blank = strrchr(line, ' ');

        if (line[0] == '#' || !blank || strstr(line, "_bucket{") || s->count == SAMPLES_MAX)
            continue;
        *blank = '\0';
        snprintf(s->all[s->count].name, NAME_SIZE, "%s", line);
        s->all[s->count++].value = strtod(blank + 1, NULL);
    }
}

static double value_of(const struct samples *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->all[i].name, name) == 0)
            return s->all[i].value;
    return 0;
}

/* Decisions with this outcome, summed over all policies. */
static double decisions_of(const struct samples *s, const char *outcome)
{
    static const char prefix[] = "helod_decisions_total{";
    char label[NAME_SIZE];
    double sum = 0;

    snprintf(label, sizeof(label), "judged=\"%s\"", outcome);
    for (size_t i = 0; i < s->count; i++)
        if (strncmp(s->all[i].name, prefix, sizeof(prefix) - 1) == 0 && strstr(s->all[i].name, label))
            sum += s->all[i].value;
    return sum;
}

static int fetch(struct ctl *ctl, const char *place, struct samples *s)
{
    char *body;
    int status = running_ask(ctl, place, "GET", "/metrics", &body);

    if (status == 200)
        read_samples(s, body);
    else if (status)
        ctl_fail(ctl, CTL_TROUBLE, "%s: HTTP status %d", place, status);
    free(body);
    return status == 200 ? CTL_OK : CTL_TROUBLE;
}

static void print_samples(const struct samples *s)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->all[i].value != 0)
            printf("%-64s %.10g\n", s->all[i].name, s->all[i].value);
}

static int run_stats(struct ctl *ctl)
{
    static struct samples samples;
    int status;
    const char *place = running_find(ctl, &status);
    char *body;

    if (!place)
        return status;
    if (!ctl_given(ctl, 'j')) {
        status = fetch(ctl, place, &samples);
        if (status == CTL_OK)
            print_samples(&samples);
        return status;
    }
    status = running_ask(ctl, place, "GET", "/stats.json", &body);
    if (status == 200)
        fputs(body, stdout);
    free(body);
    return status == 200 ? CTL_OK : CTL_TROUBLE;
}

/* How much a counter grew per second. After a restart of the daemon it begins at 0 again. */
static double per_second(const struct samples *now, const struct samples *before, double grown)
{
    double seconds = (double)(now->ms - before->ms) / 1000;

    return seconds <= 0 || grown < 0 ? 0 : grown / seconds;
}

static double rate(const struct samples *now, const struct samples *before, const char *name)
{
    return per_second(now, before, value_of(now, name) - value_of(before, name));
}

struct busy {
    const char *name;
    double rate;
};

static int by_rate(const void *a, const void *b)
{
    const struct busy *x = a, *y = b;

    return x->rate < y->rate ? 1 : x->rate > y->rate ? -1 : strcmp(x->name, y->name);
}

static void print_findings(const struct samples *now, const struct samples *before)
{
    static const char prefix[] = "helod_findings_total{rule=\"";
    static struct busy busy[SAMPLES_MAX];
    size_t n = 0;

    for (size_t i = 0; i < now->count; i++) {
        const char *name = now->all[i].name;

        if (strncmp(name, prefix, sizeof(prefix) - 1) == 0)
            busy[n++] = (struct busy){name + sizeof(prefix) - 1, rate(now, before, name)};
    }
    qsort(busy, n, sizeof(*busy), by_rate);
    printf("\nfindings a second\n");
    for (size_t i = 0; i < n && i < TOP_FINDINGS && busy[i].rate > 0; i++)
        printf("  %-28.*s %10.1f\n", (int)strcspn(busy[i].name, "\""), busy[i].name, busy[i].rate);
}

static void print_top(const struct samples *now, const struct samples *before, bool terminal)
{
    double count = value_of(now, "helod_request_duration_seconds_count") -
                   value_of(before, "helod_request_duration_seconds_count");
    double sum =
        value_of(now, "helod_request_duration_seconds_sum") - value_of(before, "helod_request_duration_seconds_sum");

    if (terminal)
        printf("\033[H\033[2J");
    printf("requests per second %8.1f   in flight %g   connections %g   mean answer %.1f ms\n",
           rate(now, before, "helod_requests_total"), value_of(now, "helod_requests_in_flight"),
           value_of(now, "helod_connections"), count > 0 ? sum / count * 1000 : 0.0);
    printf("decisions per second");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *outcome = outcome_name((enum outcome)i);
        double grown = decisions_of(now, outcome) - decisions_of(before, outcome);

        printf("   %s %.1f", outcome, per_second(now, before, grown));
    }
    printf("\nDNS%s\n", value_of(now, "helod_dns_suspended") > 0 ? ": the resolver fails, points are suspended" : "");
    printf("  lookups per second %.1f   from the cache %.1f   temporary failures %g %%\n",
           rate(now, before, "helod_dns_asked_total"), rate(now, before, "helod_dns_cache_hits_total"),
           value_of(now, "helod_dns_temperror_percent"));
    print_findings(now, before);
    fflush(stdout);
}

static int run_top(struct ctl *ctl)
{
    static struct samples samples[2];
    const char *every = ctl_given(ctl, 'i') ? ctl_value(ctl, 'i') : "2s";
    unsigned long long rounds = 0;
    const char *place;
    struct timespec pause;
    uint64_t ms;
    int status;

    if (!units_duration(every, &ms) || ms < 100)
        return ctl_fail(ctl, CTL_USAGE, "--interval %s: expected 100ms or more", every);
    if (!ctl_number(ctl, 'n', 0, ULLONG_MAX, &rounds))
        return CTL_USAGE;
    place = running_find(ctl, &status);
    if (!place)
        return status;
    pause = (struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * 1000000)};
    status = fetch(ctl, place, &samples[0]);
    for (unsigned long long round = 1; status == CTL_OK; round++) {
        nanosleep(&pause, NULL);
        status = fetch(ctl, place, &samples[round & 1]);
        if (status == CTL_OK)
            print_top(&samples[round & 1], &samples[(round & 1) ^ 1], ctl->colour && rounds == 0);
        if (round == rounds)
            break;
    }
    return status;
}

/* A signal has no answer, so only the log shows the result. */
static int reload_by_signal(struct ctl *ctl)
{
    char *end;
    long pid = strtol(ctl_value(ctl, 'p'), &end, 10);

    if (*end != '\0' || pid <= 1)
        return ctl_fail(ctl, CTL_USAGE, "--pid %s: expected a process id", ctl_value(ctl, 'p'));
    if (kill((pid_t)pid, SIGHUP) != 0)
        return ctl_fail(ctl, CTL_TROUBLE, "process %ld: %s", pid, strerror(errno));
    printf("sent SIGHUP to process %ld; the log shows the result\n", pid);
    return CTL_OK;
}

/* The status socket in the policy file if it accepts connections. It may not if the file has just changed. */
static const char *live_socket(struct ctl *ctl)
{
    const struct settings *settings = ctl_settings(ctl);
    const char *found = settings ? running_place(settings, "unix:") : NULL;

    return found && running_listens(found) ? found : NULL;
}

int running_reload(struct ctl *ctl, const char *place)
{
    char *body;
    int answer = running_ask(ctl, place, "POST", "/reload", &body);

    if (answer == 200)
        printf("the new policy file is in force\n");
    else if (answer == 409)
        ctl_fail(ctl, CTL_WRONG, "reload failed: the log says why; the running policy stays active");
    else if (answer == 503)
        ctl_fail(ctl, CTL_TROUBLE, "%s: helod is stopping", place);
    else if (answer == 403)
        ctl_fail(ctl, CTL_TROUBLE, "%s: only root and helod's own user may reload, over a unix socket", place);
    else if (answer)
        ctl_fail(ctl, CTL_TROUBLE, "%s: HTTP status %d", place, answer);
    free(body);
    return answer == 200 ? CTL_OK : answer == 409 ? CTL_WRONG : CTL_TROUBLE;
}

static int run_reload(struct ctl *ctl)
{
    bool by_pid = ctl_given(ctl, 'p');
    int status;
    const char *place = by_pid ? live_socket(ctl) : running_find(ctl, &status);

    if (place)
        return running_reload(ctl, place);
    return by_pid ? reload_by_signal(ctl) : status;
}

#define SOCKET_OPTIONS                                                                                                 \
    {'c', "config", "FILE", "the policy file that names the status socket"},                                           \
    {                                                                                                                  \
        's', "socket", "PLACE", "the status socket instead: unix:PATH or inet:ADDRESS:PORT"                            \
    }

const struct ctl_verb ctl_stats = {
    .name = "stats",
    .arguments = "",
    .summary = "print the counters of the running daemon",
    .help = "Reads the metrics of the running helod and prints those that are not 0.",
    .exits = "0 done, 64 or more: usage or failure",
    .run = run_stats,
    .options = {SOCKET_OPTIONS, {'j', "json", NULL, "print JSON, with all metrics"}},
};

const struct ctl_verb ctl_top = {
    .name = "top",
    .arguments = "",
    .summary = "show what the running daemon does, second by second",
    .help = "Reads the metrics of the running helod repeatedly and prints their increase per second, until it is "
            "interrupted.",
    .exits = "0 done, 64 or more: usage or failure",
    .run = run_top,
    .options = {SOCKET_OPTIONS,
                {'i', "interval", "TIME", "time between updates (default 2s)"},
                {'n', "rounds", "N", "end after this many updates"}},
};

const struct ctl_verb ctl_reload = {
    .name = "reload",
    .arguments = "",
    .summary = "make the running daemon read its policy file again",
    .help =
        "Like SIGHUP, but also reports whether the new policy is in force. Only root and the user that helod runs as "
        "may do this.",
    .exits =
        "0 the new policy is in force, 1 the file is invalid and the running policy stays active, 64 or more: usage "
        "or failure",
    .run = run_reload,
    .options = {SOCKET_OPTIONS, {'p', "pid", "PID", "send SIGHUP to this process if no status socket answers"}},
};

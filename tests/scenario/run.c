/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run: the scenarios. A scenario file is text: policy, request, what the DNS says and when, and what must come of it.
 * The daemon's own gather, rules, decision, reply and decision line run; only the resolver is scripted (script.c) and
 * the clock is frozen.
 *
 *     == a name for the scenario               begins one; everything is forgotten
 *     conf TEXT                                a line of the policy file
 *     profile NAME                             the file conf/profiles/NAME.conf, with its comments
 *     client 203.0.113.5                       an attribute of the request (see attributes[]); "-" empties it
 *     dns NAME TYPE VALUE                      a record; ADDRESS for its reverse name, * for every other name; or
 *                                              servfail refused nxdomain nodata never "delay 3s"
 *     wall 2026-01-31                          sets the clock's date
 *     option stress|client_rate|client_waiting as the daemon does when these limits apply: DNS is not queried
 *     option suspend                           as it does while the guard holds back DNS points
 *     trouble N                                percent of failures that the guard is told before each request
 *     option history                           a memory store for the scenario's requests, as the daemon keeps it
 *     pass 36h                                 lets time pass
 *     ask                                      sends the request; what follows checks its answer
 *     asks N                                   puts it so often; each '#' of HELO becomes the number of the request
 *     expect ACTION[|ACTION] [SCORE or MIN..MAX]   dunno mark defer reject
 *     answered ACTION                          after the mode: what Postfix is told
 *     finding RULE …, not RULE …, only RULE … | nothing
 *     queries N or MIN..MAX                    lookups asked
 *     advised GLOB | nothing                   what was said about the deployment so far: once, or never
 *     reply GLOB, line GLOB                    the action, the decision line (fnmatch)
 *     within 8s                                of the frozen clock
 *
 * Prints TAP, one line a scenario.
 */
#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "policyfile.h"
#include "scenario.h"
#include "script.h"
#include "units.h"

enum { REGION_LIMIT = 4 << 20, WALL = 1767225600 /* 2026-01-01 */ };

static unsigned count, failures;

static void forget_settings(struct scenario *s)
{
    settings_unref(s->settings);
    s->settings = NULL;
}

static void do_ask(struct scenario *s, char *rest)
{
    (void)rest;
    ask(s);
}

/* A HELO or client with '#' is another one in every request. */
static void do_asks(struct scenario *s, char *rest)
{
    char patterns[ATTRIBUTES_MAX][WORD_SIZE];
    long times = strtol(rest, NULL, 10);

    memcpy(patterns, s->words, sizeof(patterns));
    for (long i = 1; i <= times; i++) {
        for (size_t a = 0; a < attribute_count; a++) {
            const char *mark = strchr(patterns[a], '#');

            if (mark)
                snprintf(s->words[a], WORD_SIZE, "%.*s%ld%s", (int)(mark - patterns[a]), patterns[a], i, mark + 1);
        }
        ask(s);
    }
    memcpy(s->words, patterns, sizeof(patterns));
}

static void do_pass(struct scenario *s, char *rest)
{
    uint64_t ms;

    forget_settings(s); /* exemptions end by the clock */
    if (units_duration(rest, &ms))
        clock_advance(ms);
    else
        wrong(s, "pass %s", rest);
}

static void do_conf(struct scenario *s, char *rest)
{
    size_t used = strlen(s->conf);

    forget_settings(s);
    if (snprintf(s->conf + used, CONF_SIZE - used, "%s\n", rest) >= (int)(CONF_SIZE - used))
        wrong(s, "conf too long");
}

/* A whole file of conf/profiles. */
static void do_profile(struct scenario *s, char *rest)
{
    const char *top = getenv("top_srcdir");
    size_t used = strlen(s->conf);
    char path[PATH_MAX];
    FILE *file;

    forget_settings(s);
    snprintf(path, sizeof(path), "%s/conf/profiles/%s.conf", top != NULL ? top : ".", rest);
    file = fopen(path, "r");
    if (file == NULL) {
        wrong(s, "%s: cannot be read", path);
        return;
    }
    used += fread(s->conf + used, 1, CONF_SIZE - 1 - used, file);
    s->conf[used] = '\0';
    fclose(file);
}

static void do_dns(struct scenario *s, char *rest)
{
    const char *error;

    if (!script_add(s->resolver, rest, &error))
        wrong(s, "dns %s: %s", rest, error);
}

static void do_wall(struct scenario *s, char *rest)
{
    time_t end;

    forget_settings(s);
    if (units_date(rest, &end))
        clock_freeze(end - 86400, clock_ms());
    else
        wrong(s, "wall %s", rest);
}

/* "stress", "client_rate", …: the words of the decision line. */
static enum limit read_limit(struct scenario *s, const char *name)
{
    for (int limit = LIMIT_NONE + 1; limit < LIMIT_COUNT; limit++)
        if (strcmp(limit_name((enum limit)limit), name) == 0)
            return (enum limit)limit;
    wrong(s, "no option %s", name);
    return LIMIT_NONE;
}

static void do_option(struct scenario *s, char *rest)
{
    if (strcmp(rest, "suspend") == 0)
        s->suspend = true;
    else if (strcmp(rest, "history") == 0)
        s->remembers = true;
    else
        s->limit = read_limit(s, rest);
}

static void do_trouble(struct scenario *s, char *rest)
{
    s->trouble = (int)strtol(rest, NULL, 10);
}

static const struct {
    const char *name;
    void (*run)(struct scenario *s, char *rest);
} statements[] = {
    {"conf", do_conf},       {"profile", do_profile}, {"dns", do_dns}, {"wall", do_wall}, {"option", do_option},
    {"trouble", do_trouble}, {"pass", do_pass},       {"ask", do_ask}, {"asks", do_asks},
};

static void statement(struct scenario *s, const char *name, char *rest)
{
    for (size_t i = 0; i < attribute_count; i++)
        if (strcmp(attributes[i].name, name) == 0) {
            snprintf(s->words[i], WORD_SIZE, "%s", strcmp(rest, "-") == 0 ? "" : rest);
            return;
        }
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        if (strcmp(statements[i].name, name) == 0) {
            statements[i].run(s, rest);
            return;
        }
    if (!check(s, name, rest))
        wrong(s, "no statement %s", name);
}

static void begin(struct scenario *s, const char *name)
{
    struct resolver *resolver = s->resolver;
    struct region *region = s->region;
    struct event_base *base = s->base;

    history_free(s->history);
    settings_unref(s->settings);
    memset(s, 0, sizeof(*s));
    s->trouble = -1; /* too few lookups to tell */
    s->base = base;
    s->resolver = resolver;
    s->region = region;
    script_clear(resolver);
    clock_freeze(WALL, 1000000);
    snprintf(s->name, sizeof(s->name), "%s", name);
    for (size_t i = 0; i < attribute_count; i++)
        snprintf(s->words[i], WORD_SIZE, "%s", attributes[i].initial);
}

static void end(struct scenario *s, const char *file, unsigned line)
{
    if (s->name[0] == '\0')
        return;
    if (!s->asked)
        wrong(s, "nothing was asked");
    count++;
    failures += s->why[0] != '\0';
    printf("%s %u - %s\n", s->why[0] ? "not ok" : "ok", count, s->name);
    if (s->why[0])
        printf("# %s:%u: %s\n", file, line, s->why);
}

static bool run_file(struct scenario *s, const char *file)
{
    FILE *in = fopen(file, "r");
    static char buffer[WORD_SIZE + 100];
    unsigned number = 0;

    if (!in)
        return false;
    while (fgets(buffer, sizeof(buffer), in)) {
        char *rest = buffer;
        const char *word;

        number++;
        buffer[strcspn(buffer, "\n")] = '\0';
        if (buffer[0] == '#' || buffer[0] == '\0')
            continue;
        if (strncmp(buffer, "== ", 3) == 0) {
            end(s, file, number);
            begin(s, buffer + 3);
            continue;
        }
        word = strsep(&rest, " ");
        statement(s, word, rest ? rest : buffer + strlen(buffer));
    }
    end(s, file, number);
    begin(s, "");
    fclose(in);
    return true;
}

int main(int argc, char **argv)
{
    struct scenario *s = calloc(1, sizeof(*s));
    bool readable = true;

    if (!s)
        return 1;
    s->resolver = resolver_new(NULL, NULL, NULL, 0);
    s->region = region_new(REGION_LIMIT);
    s->base = event_base_new();
    for (int i = 1; i < argc; i++)
        if (!run_file(s, argv[i])) {
            printf("Bail out! cannot read %s\n", argv[i]);
            readable = false;
        }
    printf("1..%u\n", count);
    settings_unref(s->settings);
    event_base_free(s->base);
    resolver_free(s->resolver);
    region_free(s->region);
    free(s);
    return readable && failures == 0 ? 0 : 1;
}

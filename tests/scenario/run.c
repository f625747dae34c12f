/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run: the scenarios. A scenario file is text: policy, question, what the DNS says and when, and what must come of it.
 * The daemon's own gather, rules, decision, reply and decision line run; only the resolver is scripted (script.c) and
 * the clock is frozen.
 *
 *     == a name for the scenario               begins one; everything is forgotten
 *     conf TEXT                                a line of the policy file
 *     profile NAME                             the file conf/profiles/NAME.conf, with its comments
 *     client 203.0.113.5                       an attribute of the question (see attributes[]); "-" empties it
 *     dns NAME TYPE VALUE                      a record; ADDRESS for its reverse name, * for every other name; or
 *                                              servfail nxdomain nodata never "delay 3s"
 *     wall 2026-01-31                          sets the clock's date
 *     option stress|suspend                    as the daemon does under stress, or when the resolver is in trouble
 *     trouble N                                percent of failures that the guard is told before each question
 *     option history                           a memory store for the scenario's questions, as the daemon keeps it
 *     pass 36h                                 lets time pass
 *     ask                                      puts the question; what follows checks its answer
 *     asks N                                   puts it so often; each '#' of HELO becomes the number of the question
 *     expect ACTION[|ACTION] [SCORE or MIN..MAX]   dunno mark defer reject
 *     answered ACTION                          after the mode: what Postfix is told
 *     finding RULE …, not RULE …, only RULE … | nothing
 *     queries N or MIN..MAX                    look-ups asked
 *     advised GLOB | nothing                   what was said about the deployment so far: once, or never
 *     reply GLOB, line GLOB                    the action, the decision line (fnmatch)
 *     within 8s                                of the frozen clock
 *
 * Prints TAP, one line a scenario.
 */
#include <event2/event.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "decision.h"
#include "decision_line.h"
#include "deployment.h"
#include "gather.h"
#include "guard.h"
#include "history.h"
#include "policyfile.h"
#include "script.h"
#include "text.h"
#include "units.h"

enum { CONF_SIZE = 16384, WORD_SIZE = 2300, REGION_LIMIT = 4 << 20, WALL = 1767225600 /* 2026-01-01 */ };

struct scenario {
    char name[200];
    char conf[CONF_SIZE];
    char words[24][WORD_SIZE]; /* attribute values, by attributes[] */
    struct settings *settings;
    struct resolver *resolver;
    struct region *region;
    bool stress, suspend, remembers;
    int trouble;
    struct guard guard;
    struct deployment deployment;
    char advice[300]; /* the last that was given */
    unsigned advised;
    struct event_base *base;
    struct history *history;
    bool asked;
    uint64_t ms;
    const struct evidence *evidence;
    struct request request;
    struct verdict verdict, shadow;
    char reply[REPLY_SIZE];
    char line[DECISION_LINE_SIZE];
    char why[600]; /* first thing that was wrong */
};

static unsigned count, failures;

static void wrong(struct scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void wrong(struct scenario *s, const char *format, ...)
{
    va_list args;

    if (s->why[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(s->why, sizeof(s->why), format, args);
    va_end(args);
}

static const struct attribute {
    const char *name;
    size_t offset;
    const char *initial;
} attributes[] = {
    {"client", offsetof(struct request, client_address), "203.0.113.5"},
    {"client_name", offsetof(struct request, client_name), "unknown"},
    {"reverse_client_name", offsetof(struct request, reverse_client_name), "unknown"},
    {"helo", offsetof(struct request, helo_name), ""},
    {"protocol", offsetof(struct request, protocol_name), "ESMTP"},
    {"state", offsetof(struct request, protocol_state), "RCPT"},
    {"sender", offsetof(struct request, sender), "a@sender.example"},
    {"recipient", offsetof(struct request, recipient), "b@recipient.example"},
    {"instance", offsetof(struct request, instance), "1f3.5a.0"},
    {"sasl_username", offsetof(struct request, sasl_username), ""},
    {"ccert_subject", offsetof(struct request, ccert_subject), ""},
    {"ccert_fingerprint", offsetof(struct request, ccert_fingerprint), ""},
    {"ccert_pubkey_fingerprint", offsetof(struct request, ccert_pubkey_fingerprint), ""},
    {"encryption_protocol", offsetof(struct request, encryption_protocol), ""},
    {"policy_context", offsetof(struct request, policy_context), ""},
    {"server_address", offsetof(struct request, server_address), ""},
    {"server_port", offsetof(struct request, server_port), "25"},
    {"queue_id", offsetof(struct request, queue_id), ""},
    {"stress", offsetof(struct request, stress_text), ""},
};
enum { ATTRIBUTES = sizeof(attributes) / sizeof(attributes[0]) };

static const struct {
    const char *name;
    enum request_state state;
} states[] = {{"CONNECT", REQUEST_STATE_CONNECT}, {"HELO", REQUEST_STATE_HELO}, {"EHLO", REQUEST_STATE_HELO},
              {"MAIL", REQUEST_STATE_MAIL},       {"RCPT", REQUEST_STATE_RCPT}, {"DATA", REQUEST_STATE_DATA},
              {"VRFY", REQUEST_STATE_VRFY},       {"ETRN", REQUEST_STATE_VRFY}};

static void build_request(struct scenario *s)
{
    struct request *req = &s->request;

    *req = (struct request){.state = REQUEST_STATE_OTHER};
    for (size_t i = 0; i < ATTRIBUTES; i++) {
        const char *value = s->words[i];

        memcpy((char *)req + attributes[i].offset, &value, sizeof(value));
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].name, req->protocol_state) == 0)
            req->state = states[i].state;
    req->esmtp = strcmp(req->protocol_name, "ESMTP") == 0;
    address_parse(&req->client, req->client_address, strlen(req->client_address));
}

static void conf_problem(void *arg, bool is_error, const char *message)
{
    if (is_error)
        wrong(arg, "conf: %s", message);
}

static void gathered(void *arg, const struct evidence *e)
{
    ((struct scenario *)arg)->evidence = e;
}

/* As upkeep.c and question.c do. */
static void watch(struct scenario *s)
{
    const char *advice = deployment_watch(&s->deployment, &s->request);

    if (advice) {
        snprintf(s->advice, sizeof(s->advice), "%s", advice);
        s->advised++;
    }
    guard_update(&s->guard, s->trouble, s->settings->dns.guard, clock_ms());
}

static void gather_all(struct scenario *s, const struct policy *policy)
{
    const struct gather_context context = {.resolver = s->resolver, .history = s->history};
    struct gather_options options = {
        .settings = s->settings, .policy = policy, .limit = s->stress ? LIMIT_STRESS : LIMIT_NONE,
        .suspend_dns = s->suspend || guard_holds_back(&s->guard, clock_ms())};
    uint64_t deadline = clock_ms() + s->settings->server.deadline_ms;
    struct gather *pending;

    s->evidence = gather_start(&context, &options, &s->request, s->region, gathered, s, &pending);
    while (!s->evidence && pending && script_deliver(s->resolver, deadline))
        continue;
    if (s->evidence || !pending)
        return;
    clock_advance(deadline - clock_ms());
    gather_expire(pending);
}

static void judge(struct scenario *s, const struct policy *policy)
{
    struct decision_record record = {.verdict = &s->verdict, .evidence = s->evidence, .request = &s->request};
    struct reply reply;

    decision_make(policy, s->evidence, s->region, &s->verdict);
    memcpy(s->verdict.id, "7QK2M9", sizeof("7QK2M9"));
    if (policy->shadow) {
        decision_make(policy->shadow, s->evidence, s->region, &s->shadow);
        record.shadow = &s->shadow;
    }
    reply = decision_reply(&s->verdict, s->evidence, s->request.instance[0] != '\0', s->region);
    reply_format(&reply, s->reply);
    s->reply[strcspn(s->reply, "\n")] = '\0';
    record.reply = &reply;
    record.ms = (unsigned)s->ms;
    decision_line_write(&record, s->line);
}

static void store_problem(void *arg, bool is_error, const char *message)
{
    (void)is_error;
    wrong(arg, "%s", message);
}

static bool have_history(struct scenario *s)
{
    const struct history_options options = {
        .settings = &s->settings->history, .report = store_problem, .report_arg = s};
    char error[200] = "";

    if (s->remembers && !s->history)
        s->history = history_new(s->base, &options, error, sizeof(error));
    if (error[0] && !s->history)
        wrong(s, "%s", error);
    return !s->remembers || s->history;
}

/* As question.c does. */
static void remember(struct scenario *s)
{
    const struct history_greeting greeting = {.client = &s->evidence->client, .helo = &s->evidence->helo};
    enum known verified = evidence_verified(s->evidence);

    if (s->history && s->evidence->skip == SKIP_NONE && !s->evidence->client_is_local &&
        (verified == KNOWN_PRESENT || verified == KNOWN_ABSENT))
        history_note(s->history, &greeting, verified == KNOWN_PRESENT);
}

static void forget_settings(struct scenario *s)
{
    settings_unref(s->settings);
    s->settings = NULL;
}

static void ask(struct scenario *s)
{
    const struct policy *policy;
    uint64_t started = clock_ms();

    s->asked = true;
    if (!s->settings)
        s->settings = policyfile_read_text("scenario.conf", s->conf, strlen(s->conf), conf_problem, s);
    if (!s->settings || !have_history(s))
        return;
    build_request(s);
    watch(s);
    region_reset(s->region);
    s->evidence = NULL;
    policy = settings_policy(s->settings, s->request.policy_context);
    gather_all(s, policy);
    s->ms = clock_ms() - started;
    if (!s->evidence) {
        wrong(s, "no evidence came");
        return;
    }
    judge(s, policy);
    remember(s);
}

static bool in_range(const char *range, long value)
{
    char *end;
    long low = strtol(range, &end, 10);

    return strncmp(end, "..", 2) == 0 ? value >= low && value <= strtol(end + 2, NULL, 10) : value == low;
}

static bool found(const struct scenario *s, const char *rule)
{
    for (unsigned i = 0; i < s->verdict.finding_count; i++)
        if (strcmp(rules[s->verdict.findings[i].rule]->name, rule) == 0)
            return true;
    return false;
}

static const char *all_findings(const struct scenario *s)
{
    static char list[1000];
    struct text t;

    text_init(&t, list, sizeof(list));
    for (unsigned i = 0; i < s->verdict.finding_count; i++)
        text_addf(&t, " %s:%d/%d", rules[s->verdict.findings[i].rule]->name, s->verdict.findings[i].points,
                  s->verdict.findings[i].counted);
    return list;
}

static void check_names(struct scenario *s, const char *verb, char *list)
{
    unsigned named = 0;
    bool none = strcmp(list, "nothing") == 0, want = strcmp(verb, "not") != 0;
    char *save = NULL;

    for (char *rule = strtok_r(list, " ", &save); rule && !none; rule = strtok_r(NULL, " ", &save), named++) {
        if (rules_find(rule, strlen(rule)) < 0)
            wrong(s, "no rule %s", rule);
        if (found(s, rule) != want)
            wrong(s, "%s %s; findings:%s", rule, want ? "missing" : "unwanted", all_findings(s));
    }
    if (strcmp(verb, "only") == 0 && named != s->verdict.finding_count)
        wrong(s, "findings:%s", all_findings(s));
}

static void do_expect(struct scenario *s, char *rest)
{
    char actions[48] = "", range[32] = "", *save = NULL;
    bool fits = false;

    sscanf(rest, "%47s %31s", actions, range);
    for (char *action = strtok_r(actions, "|", &save); action; action = strtok_r(NULL, "|", &save))
        fits = fits || strcmp(outcome_name(s->verdict.judged), action) == 0;
    if (!fits || (range[0] && !in_range(range, s->verdict.score)))
        wrong(s, "wanted %s, got %s %d; findings:%s", rest, outcome_name(s->verdict.judged), s->verdict.score,
              all_findings(s));
}

static void do_answered(struct scenario *s, char *rest)
{
    if (strcmp(outcome_name(s->verdict.outcome), rest) != 0)
        wrong(s, "answered %s", outcome_name(s->verdict.outcome));
}

static void do_finding(struct scenario *s, char *rest)
{
    check_names(s, "finding", rest);
}

static void do_not(struct scenario *s, char *rest)
{
    check_names(s, "not", rest);
}

static void do_only(struct scenario *s, char *rest)
{
    check_names(s, "only", rest);
}

static void do_queries(struct scenario *s, char *rest)
{
    if (!in_range(rest, (long)script_asked(s->resolver)))
        wrong(s, "%u queries", script_asked(s->resolver));
}

static void do_advised(struct scenario *s, char *rest)
{
    bool none = strcmp(rest, "nothing") == 0;

    if (s->advised != !none || (!none && fnmatch(rest, s->advice, 0) != 0))
        wrong(s, "advised %u times: %s", s->advised, s->advice);
}

static void do_reply(struct scenario *s, char *rest)
{
    const char *action = strncmp(s->reply, "action=", 7) == 0 ? s->reply + 7 : s->reply;

    if (fnmatch(rest, action, 0) != 0)
        wrong(s, "reply: %s", action);
}

static void do_line(struct scenario *s, char *rest)
{
    if (fnmatch(rest, s->line, 0) != 0)
        wrong(s, "line: %s", s->line);
}

static void do_within(struct scenario *s, char *rest)
{
    uint64_t ms;

    if (!units_duration(rest, &ms) || s->ms > ms)
        wrong(s, "took %llu ms", (unsigned long long)s->ms);
}

static void do_ask(struct scenario *s, char *rest)
{
    (void)rest;
    ask(s);
}

/* A HELO or client with '#' is another one in every question. */
static void do_asks(struct scenario *s, char *rest)
{
    char patterns[ATTRIBUTES][WORD_SIZE];
    long times = strtol(rest, NULL, 10);

    memcpy(patterns, s->words, sizeof(patterns));
    for (long i = 1; i <= times; i++) {
        for (size_t a = 0; a < ATTRIBUTES; a++) {
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

static void do_option(struct scenario *s, char *rest)
{
    s->stress = s->stress || strcmp(rest, "stress") == 0;
    s->suspend = s->suspend || strcmp(rest, "suspend") == 0;
    s->remembers = s->remembers || strcmp(rest, "history") == 0;
}

static void do_trouble(struct scenario *s, char *rest)
{
    s->trouble = (int)strtol(rest, NULL, 10);
}

static const struct statement {
    const char *name;
    bool checks; /* what came of the question */
    void (*run)(struct scenario *s, char *rest);
} statements[] = {
    {"conf", false, do_conf},       {"dns", false, do_dns},     {"wall", false, do_wall},
    {"profile", false, do_profile},
    {"option", false, do_option},   {"ask", false, do_ask},     {"expect", true, do_expect},
    {"asks", false, do_asks},       {"pass", false, do_pass},
    {"answered", true, do_answered}, {"finding", true, do_finding}, {"not", true, do_not},
    {"only", true, do_only},        {"queries", true, do_queries}, {"reply", true, do_reply},
    {"line", true, do_line},        {"within", true, do_within}, {"advised", true, do_advised},
    {"trouble", false, do_trouble},
};

static void statement(struct scenario *s, const char *name, char *rest)
{
    for (size_t i = 0; i < ATTRIBUTES; i++)
        if (strcmp(attributes[i].name, name) == 0) {
            snprintf(s->words[i], WORD_SIZE, "%s", strcmp(rest, "-") == 0 ? "" : rest);
            return;
        }
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
        if (strcmp(statements[i].name, name) != 0)
            continue;
        if (statements[i].checks && !s->evidence)
            wrong(s, "%s before ask", name);
        else
            statements[i].run(s, rest);
        return;
    }
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
    s->trouble = -1; /* too few look-ups to tell */
    s->base = base;
    s->resolver = resolver;
    s->region = region;
    script_clear(resolver);
    clock_freeze(WALL, 1000000);
    snprintf(s->name, sizeof(s->name), "%s", name);
    for (size_t i = 0; i < ATTRIBUTES; i++)
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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ask: one request, as the daemon answers it, over the scripted resolver.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "gather.h"
#include "policyfile.h"
#include "scenario.h"
#include "script.h"

void wrong(struct scenario *s, const char *format, ...)
{
    va_list args;

    if (s->why[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(s->why, sizeof(s->why), format, args);
    va_end(args);
}

const struct attribute attributes[] = {
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
const size_t attribute_count = sizeof(attributes) / sizeof(attributes[0]);
_Static_assert(sizeof(attributes) / sizeof(attributes[0]) <= ATTRIBUTES_MAX, "words[] has room for all");

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
    for (size_t i = 0; i < attribute_count; i++) {
        const char *value = s->words[i];

        memcpy((char *)req + attributes[i].offset, &value, sizeof(value));
    }
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].name, req->protocol_state) == 0)
            req->state = states[i].state;
    req->esmtp = request_says_ehlo(req->protocol_state, req->protocol_name);
    req->encrypted = req->encryption_protocol[0] != '\0';
    address_parse(&req->client, req->client_address, strlen(req->client_address));
}

static void conf_problem(void *arg, bool is_error, const char *message)
{
    if (is_error)
        wrong(arg, "conf: %s", message);
}

static void on_gathered(void *arg, const struct gathered *gathered)
{
    ((struct scenario *)arg)->gathered = gathered;
}

/* As pending.c does. */
static void watch_deployment(struct scenario *s)
{
    const char *advice = deployment_watch(&s->deployment, &s->request, s->evidence->queries);

    if (advice) {
        snprintf(s->advice, sizeof(s->advice), "%s", advice);
        s->advised++;
    }
}

/* As housekeeping.c does. */
static void watch(struct scenario *s)
{
    guard_update(&s->guard, s->trouble, GUARD_PROBE_FAILED, s->settings->dns.guard, clock_ms());
}

static void gather_all(struct scenario *s, const struct policy *policy)
{
    const struct gather_context context = {.resolver = s->resolver, .history = s->history};
    struct gather_options options = {.settings = s->settings,
                                     .policy = policy,
                                     .request = &s->request,
                                     .region = s->region,
                                     .done = on_gathered,
                                     .arg = s,
                                     .limit = s->limit,
                                     .suspend_dns =
                                         s->suspend || guard_holds_back(&s->guard, &s->request.client, clock_ms())};
    uint64_t deadline = clock_ms() + s->settings->server.deadline_ms;
    struct gather *pending;

    s->gathered = gather_start(&context, &options, &pending);
    while (!s->gathered && pending && script_deliver(s->resolver, deadline))
        continue;
    if (s->gathered || !pending)
        return;
    clock_advance(deadline - clock_ms());
    gather_expire(pending);
}

static void judge(struct scenario *s, const struct policy *policy)
{
    struct decision_record record = {.verdict = &s->verdict, .evidence = s->evidence, .request = &s->request};
    struct reply reply;

    watch_deployment(s);
    policy_verdict(&s->gathered->judgement, s->evidence, s->region, &s->verdict);
    memcpy(s->verdict.id, "7QK2M9", sizeof("7QK2M9"));
    if (policy->shadow) {
        policy_verdict(&s->gathered->shadow, s->evidence, s->region, &s->shadow);
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

/* As pending.c does. */
static void remember(struct scenario *s)
{
    const struct policy *policy = settings_policy(s->settings, s->request.policy_context);
    const struct history_greeting greeting = {
        .client = &s->evidence->client, .helo = &s->evidence->helo, .policy = policy->name};
    enum answer verified = evidence_verified(s->evidence);

    if (s->history && s->evidence->skip == SKIP_NONE && !s->evidence->client_is_local && s->request.encrypted)
        history_note_encrypted(s->history, &greeting);

    if (s->history && s->evidence->skip == SKIP_NONE && !s->evidence->client_is_local && verified != OPEN)
        history_note(s->history, &greeting, verified == YES);
}

void ask(struct scenario *s)
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
    s->gathered = NULL;
    s->evidence = NULL;
    policy = settings_policy(s->settings, s->request.policy_context);
    gather_all(s, policy);
    s->ms = clock_ms() - started;
    if (!s->gathered) {
        wrong(s, "no evidence came");
        return;
    }
    s->evidence = s->gathered->evidence;
    judge(s, policy);
    remember(s);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: one greeting, judged by the daemon's own code with live DNS. It gathers all evidence, although the daemon
 * stops as soon as the outcome is decided, and shows the lookups, the evidence, the findings, the reply to Postfix
 * and what the sender should fix. check_text.c and check_json.c print it.
 */
#include <string.h>

#include <event2/event.h>

#include "check.h"
#include "decision.h"
#include "policyfile.h"
#include "text.h"

static void observe(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct check *check = arg;
    struct check_lookup *lookup;
    char *values;
    struct text t;

    if (check->lookup_count == CHECK_LOOKUPS_MAX)
        return;
    values = region_alloc(check->job.region, CHECK_VALUES_SIZE);
    if (!values)
        return;
    text_init(&t, values, CHECK_VALUES_SIZE);
    check_values(&t, answer);
    lookup = &check->lookups[check->lookup_count++];
    *lookup = (struct check_lookup){
        .type = dns_type_name(answer->type),
        .name = region_strdup(check->job.region, answer->name),
        .status = dns_status_name(answer->status),
        .why = answer->why,
        .values = values,
        .ttl = answer->ttl,
        .from_cache = from_cache,
    };
}

void check_values(struct text *t, const struct dns_answer *answer)
{
    char address[ADDRESS_TEXT_SIZE];

    for (unsigned i = 0; i < answer->count; i++) {
        const struct dns_record *record = &answer->records[i];

        if (i > 0)
            text_add(t, " ");
        switch (answer->type) {
        case DNS_A:
        case DNS_AAAA:
            text_add(t, address_format(&record->address, address));
            break;
        case DNS_MX:
            text_addf(t, "%u ", record->host.preference);
            text_add_as(t, TEXT_PLAIN, record->host.name[0] ? record->host.name : ".", SIZE_MAX);
            break;
        case DNS_TXT:
            text_add_char(t, '"');
            text_add_as(t, TEXT_PLAIN, (const char *)record->text.bytes, record->text.size);
            text_add_char(t, '"');
            break;
        default:
            text_add_as(t, TEXT_PLAIN, record->host.name, SIZE_MAX);
        }
    }
}

/*
 * Without a sender, the greeting is judged as at the HELO stage, where Postfix does not know the sender either. An
 * empty sender would make it a bounce, which is judged differently.
 */
static void make_request(const struct ctl_greeting *g, struct check *check)
{
    struct request *req = &check->job.request;

    req->client_address = g->address;
    req->helo_name = g->helo;
    req->esmtp = g->esmtp;
    req->protocol_name = req->esmtp ? "ESMTP" : "SMTP";
    if (g->sender) {
        req->sender = strcmp(g->sender, "<>") == 0 ? "" : g->sender;
    } else {
        req->state = REQUEST_STATE_HELO;
        req->protocol_state = req->esmtp ? "EHLO" : "HELO";
    }
    req->recipient = g->recipient ? g->recipient : "";
    req->policy_context = g->policy ? g->policy : "";
    check->sender_known = g->sender != NULL;
}

/* Whether there were lookups and none was answered. */
static bool dns_is_down(const struct check *check)
{
    unsigned asked = 0;

    for (unsigned i = 0; i < check->lookup_count; i++) {
        if (strcmp(check->lookups[i].status, dns_status_name(DNS_TEMPERROR)) != 0)
            return false;
        asked++;
    }
    return asked > 0;
}

static void judge(struct ctl_job *job, const struct gathered *gathered)
{
    struct check *check = (struct check *)job;

    if (!gathered) {
        *check->status = ctl_fail(job->ctl, CTL_TROUBLE, "out of memory");
        return;
    }
    check->evidence = gathered->evidence;
    policy_verdict(&gathered->judgement, check->evidence, job->region, &check->verdict);
    memcpy(check->verdict.id, "CHECK", sizeof("CHECK"));
    check->dns_down = dns_is_down(check);
    check->reply = decision_reply(&check->verdict, check->evidence, true, job->region);
    if (ctl_given(job->ctl, 'j'))
        check_print_json(check, stdout);
    else
        check_print_text(check, stdout, job->ctl->colour);
    *check->status = check->dns_down ? CTL_UNSURE : (int)check->verdict.judged;
}

int ctl_check_greeting(struct ctl *ctl, const struct ctl_greeting *greeting)
{
    struct check *check;
    struct address client;
    int status;

    if (!address_parse(&client, greeting->address, strlen(greeting->address)))
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is not an IPv4 or IPv6 address", greeting->address);
    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    if (!ctl_policy(ctl, greeting->policy))
        return CTL_USAGE;
    if (!ctl_session_open(ctl))
        return CTL_TROUBLE;
    ctl_session_history(ctl);
    check = ctl_job_new(ctl, sizeof(*check), judge);
    check->status = &status;
    check->settings = ctl->settings;
    check->job.request.client = client;
    make_request(greeting, check);
    check->policy = settings_policy(ctl->settings, check->job.request.policy_context);
    ctl_gather(&check->job, (struct gather_options){.settings = check->settings,
                                                    .policy = check->policy,
                                                    .everything = true,
                                                    .observer = observe,
                                                    .observer_arg = check});
    ctl_gather_rest(ctl);
    return status;
}

static int run(struct ctl *ctl)
{
    const struct ctl_greeting greeting = {
        .address = ctl->arguments[0],
        .helo = ctl->arguments[1],
        .sender = ctl_value(ctl, 's'),
        .recipient = ctl_value(ctl, 'r'),
        .policy = ctl_value(ctl, 'p'),
        .esmtp = !ctl_given(ctl, 'H'),
    };

    return ctl_check_greeting(ctl, &greeting);
}

const struct ctl_verb ctl_check = {
    .name = "check",
    .arguments = "ADDRESS HELO",
    .arguments_min = 2,
    .arguments_max = 2,
    .summary = "judge one greeting and explain the verdict",
    .help =
        "Looks the client and its greeting up in DNS, runs the rules of the policy, and shows the lookups and\ntheir "
        "answers, the findings, the reply to Postfix and what the sender should fix.",
    .exits = "0 dunno, 1 mark, 2 defer, 3 reject, 75 no lookup was answered, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'p', "policy", "NAME", "the policy_context"},
                {'s', "sender", "ADDRESS",
                 "the envelope sender, '' for a bounce (default: not known, as at the HELO stage)"},
                {'r', "recipient", "ADDRESS", "the envelope recipient"},
                {'H', "smtp", NULL, "the client said HELO, not EHLO"},
                {'j', "json", NULL, "print JSON"}},
};

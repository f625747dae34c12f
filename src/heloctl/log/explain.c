/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * explain: one decision by its id, as a sender reads it out on the telephone: from the log, finding by finding; then
 * what DNS says now, and what to write to let this sender in or to keep it out.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "logged.h"
#include "policyfile.h"
#include "text.h"

enum { ID_MAX = 7, VALUE_SIZE = 1200 };

struct explain {
    struct ctl *ctl;
    struct settings *settings;
    const char *id;
    unsigned found;
    /* Of the last decision with that id, for the check: */
    char client[ADDRESS_TEXT_SIZE], helo[VALUE_SIZE], sender[VALUE_SIZE], policy[VALUE_SIZE];
    bool esmtp;
};

/* The log's texts are a stranger's. */
static const char *plain(const char *foreign, char out[VALUE_SIZE])
{
    struct text t;

    text_init(&t, out, VALUE_SIZE);
    text_add_as(&t, TEXT_PLAIN, foreign, SIZE_MAX);
    return out;
}

static void print_value(const char *label, const char *foreign, const char *empty)
{
    char value[VALUE_SIZE];

    printf("  %-16s %s\n", label, foreign[0] ? plain(foreign, value) : empty);
}

static void print_time(time_t when)
{
    struct tm tm;
    char text[40];

    if (when && localtime_r(&when, &tm) && strftime(text, sizeof(text), " of %Y-%m-%d %H:%M:%S %z", &tm) > 0)
        fputs(text, stdout);
}

static void print_session(const struct decision_fields *f)
{
    static const struct {
        const char *word, *meaning;
    } reverse[] = {
        {"pass", " (confirmed)"}, {"fail", " (does not lead back to the client)"}, {"temperror", " (DNS failed)"}};
    char value[VALUE_SIZE];

    print_value("client", f->client, "unknown");
    printf("  %-16s %s", "reverse name", f->rdns[0] ? plain(f->rdns, value) : "none");
    for (size_t i = 0; i < sizeof(reverse) / sizeof(reverse[0]); i++)
        if (strcmp(f->fcrdns, reverse[i].word) == 0)
            fputs(reverse[i].meaning, stdout);
    printf("\n  %-16s %s (%s)\n", "HELO name", f->helo[0] ? plain(f->helo, value) : "empty",
           strcmp(f->proto, "SMTP") == 0 ? "HELO" : "EHLO");
    print_value("sender", f->sender, "the null sender (a bounce), or not yet known");
    if (f->spf[0])
        print_value("SPF of HELO", f->spf, "");
}

static void print_findings(const struct logged *l)
{
    printf("\nfindings\n");
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        const struct rule *rule = rules[l->verdict.findings[i].rule];

        printf("  %-24s %4d  %s\n", rule->name, l->counted[l->verdict.findings[i].rule], rule->summary);
    }
    if (l->verdict.finding_count == 0)
        printf("  none\n");
    if (l->record->fields->findings_cut > 0)
        printf("  and %u more, for which the log line had no room\n", l->record->fields->findings_cut);
    if (l->unknown_rules > 0)
        printf("  and %u of rules that this version does not have\n", l->unknown_rules);
}

/* The decision line keeps at least this much of a reply. A reply this long has probably been cut. */
enum { REPLY_SHOWN = 190 };

static void print_verdict(const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    char value[VALUE_SIZE];

    printf("\n");
    if (l->skip == SKIP_NONE) {
        printf("  %-16s %s, with %d points", "judged", outcome_name((enum outcome)l->state), f->score);
        if (f->threshold[0])
            printf(" (threshold %s)", plain(f->threshold, value));
        putchar('\n');
    } else {
        printf("  %-16s no: %s", "judged", skip_name(l->skip));
        printf(f->exemption[0] ? " by %s\n" : "\n", plain(f->exemption, value));
    }
    if (f->doubt > 0)
        printf("  %-16s missing evidence could have removed %d points, so helod deferred instead of rejecting\n",
               "doubt", f->doubt);
    if (f->limit[0])
        print_value("DNS not asked", f->limit, "");
    print_value("policy", f->policy, "default");
    printf("  %-16s %s%s\n", "mode", plain(f->mode, value),
           strcmp(f->mode, "monitor") == 0 ? ": helod answers dunno, whatever was judged" : "");
    print_value("Postfix received", f->reply, "(the line does not say)");
    if (strlen(f->reply) >= REPLY_SHOWN)
        printf("  %-16s (the log line keeps only the beginning of a long reply; heloctl check shows all of it)\n", "");
    if (f->shadow[0])
        printf("  %-16s %s, with %d points\n", "shadow policy", plain(f->shadow_action, value), f->shadow_score);
}

/* A name is the better exemption where it is proved: the address may change. */
static void print_ways(const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    bool by_name = logged_confirmed(l) && f->rdns[0];
    const char *what = by_name ? f->rdns : f->client;
    char value[VALUE_SIZE];

    if (l->client.family == ADDRESS_NONE)
        return;
    if (f->exemption[0]) {
        printf("\nto have this sender judged again\n  remove the exemption: heloctl exempt list shows where it is\n");
        return;
    }
    printf("\nto let this sender in\n");
    printf("  heloctl exempt add %s %s --why \"...\"\n", by_name ? "rdns" : "client", plain(what, value));
    printf("to keep it out, whatever helod says\n  %s REJECT    in a check_client_access table of Postfix\n",
           plain(f->client, value));
}

static void take(struct explain *x, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;

    snprintf(x->client, sizeof(x->client), "%s", f->client);
    snprintf(x->helo, sizeof(x->helo), "%s", f->helo);
    snprintf(x->sender, sizeof(x->sender), "%s", f->sender);
    snprintf(x->policy, sizeof(x->policy), "%s", f->policy);
    x->esmtp = strcmp(f->proto, "SMTP") != 0;
}

static void print_decision(struct explain *x, struct logged *l)
{
    printf("%sdecision %s", x->found++ > 0 ? "\n" : "", x->id);
    print_time(l->record->when);
    putchar('\n');
    print_session(l->record->fields);
    print_verdict(l);
    print_findings(l);
    print_ways(l);
    take(x, l);
}

static int read_logs(struct explain *x)
{
    struct logs *logs = logs_open(x->ctl, x->settings, 1);
    struct logs_counts counts;
    struct logged l;
    int status;

    if (!logs)
        return CTL_TROUBLE;
    while (logged_next(logs, &l))
        if (strcmp(l.record->fields->id, x->id) == 0)
            print_decision(x, &l);
    counts = logs_counts(logs);
    if (x->found == 0)
        ctl_fail(x->ctl, CTL_WRONG, "no decision %s among the %llu decisions in %s%s", x->id,
                 (unsigned long long)counts.decisions, logs_place(logs),
                 x->ctl->argument_count > 1 ? "" : " (name log files to search these instead)");
    status = logs_close(logs);
    return status != CTL_OK ? status : x->found == 0 ? CTL_WRONG : CTL_OK;
}

static bool is_id(const char *id)
{
    size_t n = strlen(id);

    return n > 0 && n <= ID_MAX && strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

static int check_again(struct explain *x)
{
    struct ctl_greeting greeting = {.address = x->client,
                                    .helo = x->helo,
                                    .sender = x->sender,
                                    .policy = x->policy[0] ? x->policy : NULL,
                                    .esmtp = x->esmtp};
    int status;

    printf("\n\nwhat DNS says now\n\n");
    fflush(stdout);
    status = ctl_check_greeting(x->ctl, &greeting);
    return status < CTL_USAGE || status == CTL_UNSURE ? CTL_OK : status;
}

static int run(struct ctl *ctl)
{
    struct explain x = {.ctl = ctl, .id = ctl->arguments[0]};
    int status;

    if (!is_id(x.id))
        return ctl_fail(ctl, CTL_USAGE,
                        "\"%s\" is not a decision id: expected seven letters and digits, as in [id 7QK2M9A]", x.id);
    x.settings = ctl_settings(ctl);
    if (!x.settings)
        return CTL_CONFIG;
    status = read_logs(&x);
    settings_unref(x.settings);
    return status != CTL_OK || ctl_given(ctl, 'o') ? status : check_again(&x);
}

const struct ctl_verb ctl_explain = {
    .name = "explain",
    .arguments = "ID [LOG ...]",
    .arguments_min = 1,
    .arguments_max = -1,
    .summary = "explain a logged decision, by the id in the reply",
    .help = "Finds the decision with this id in log files; without LOG, in log.file or in the journal. "
            "Shows the\n"
            "findings in words, the reply to Postfix, what DNS says now, and how to let this sender in or keep it out.",
    .exits = "0 done, 1 no such decision, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'o', "offline", NULL, "do not query DNS"},
                {0, NULL, NULL, NULL}},
};

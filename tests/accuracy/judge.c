/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * judge: the score of every labelled greeting of a TSV file, by the daemon's own gather, rules and decision, with a
 * resolver that knows what the row knows. For calibration: one line a row, in a few seconds for tens of thousands.
 *
 *     judge [-c POLICYFILE] FILE.tsv      ->  label corpus year score outcome findings (rule:counted,…) and the row
 *     judge --rules                       ->  rule family cap points adds certain lasting implied,…
 *
 * A row says what the receiving server saw then: reverse name and its confirmation. Of the HELO name's own records it
 * knows nothing, so they answer SERVFAIL: the unknown stays unknown. STARTTLS is known to be offered where the row says
 * whether the session was encrypted. The From: header's domain ("~" before it) is not
 * the envelope sender, which then counts as unknown, too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "decision.h"
#include "gather.h"
#include "policyfile.h"
#include "script.h"

enum column { LABEL, IP, RDNS, HELO, FCRDNS, PROTO, MAIL_FROM, YEAR, COUNT, CORPUS, MX, TLS, COLUMNS };

struct judge {
    struct settings *settings;
    struct resolver *resolver;
    struct region *region;
    const struct gathered *gathered;
};

static bool is_name(const char *rdns)
{
    return strcmp(rdns, "unknown") != 0 && strcmp(rdns, "-") != 0;
}

/* One line of the script: owner, type, value. */
static void know(struct judge *j, const char *owner, const char *type, const char *value)
{
    char line[1024];
    const char *error;

    size_t n = strlen(owner);

    if (!strchr(owner, ' ') && n > 0) {
        snprintf(line, sizeof(line), "%.*s %s %s", (int)(n - (owner[n - 1] == '.')), owner, type, value);
        script_add(j->resolver, line, &error);
    }
}

/* What the DNS says: the confirmed name, or the reverse name alone, or that there is none. */
static void know_row(struct judge *j, char *const *row)
{
    struct address address;

    script_clear(j->resolver);
    if (strcmp(row[RDNS], "-") == 0)
        know(j, row[IP], "ANY", "servfail");
    if (strcasecmp(row[HELO], row[RDNS]) != 0 && !address_parse(&address, row[HELO], strlen(row[HELO])))
        know(j, row[HELO], "ANY", "servfail");
    if (!is_name(row[RDNS]))
        return;
    know(j, row[IP], "PTR", row[RDNS]);
    know(j, row[RDNS], "TXT", "servfail");
    if (strcmp(row[FCRDNS], "pass") == 0)
        know(j, row[RDNS], strchr(row[IP], ':') ? "AAAA" : "A", row[IP]);
    else if (strcmp(row[FCRDNS], "unknown") == 0)
        know(j, row[RDNS], "ANY", "servfail");
}

static struct request ask_of(char *const *row, char sender[512])
{
    bool confirmed = is_name(row[RDNS]) && strcmp(row[FCRDNS], "pass") == 0;
    const char *domain = row[MAIL_FROM];
    struct request req = {.state = REQUEST_STATE_RCPT,
                          .protocol_state = "RCPT",
                          .client_address = row[IP],
                          .server_address = "",
                          .server_port = "25",
                          .recipient = "",
                          .queue_id = "",
                          .instance = "1",
                          .sasl_username = "",
                          .ccert_subject = "",
                          .ccert_fingerprint = "",
                          .ccert_pubkey_fingerprint = "",
                          .encryption_protocol = "",
                          .stress_text = "",
                          .policy_context = "",
                          .helo_name = row[HELO]};

    sender[0] = '\0';
    if (strcmp(domain, "<>") != 0 && strcmp(domain, "-") != 0 && domain[0] != '~')
        snprintf(sender, 512, "someone@%s", domain);
    req.sender = sender;
    req.encrypted = strcmp(row[TLS], "yes") == 0;
    req.client_name = confirmed ? row[RDNS] : "unknown";
    req.reverse_client_name = is_name(row[RDNS]) ? row[RDNS] : "unknown";
    req.esmtp = strcmp(row[PROTO], "SMTP") != 0;
    req.protocol_name = req.esmtp ? "ESMTP" : "SMTP";
    address_parse(&req.client, row[IP], strlen(row[IP]));
    return req;
}

static void on_gathered(void *arg, const struct gathered *gathered)
{
    ((struct judge *)arg)->gathered = gathered;
}

static void judge_row(struct judge *j, char *const *row)
{
    const struct gather_context context = {.resolver = j->resolver};
    struct policy policy = *j->settings->default_policy;
    struct gather_options options = {.settings = j->settings, .policy = &policy, .everything = true};
    struct gather *pending;
    struct request req;
    struct verdict v;
    char sender[512];

    region_reset(j->region);
    know_row(j, row);
    policy.starttls = strcmp(row[TLS], "unknown") == 0 ? STARTTLS_NO : STARTTLS_YES;
    req = ask_of(row, sender);
    options.request = &req;
    options.region = j->region;
    options.done = on_gathered;
    options.arg = j;
    j->gathered = gather_start(&context, &options, &pending);
    while (!j->gathered && pending && script_deliver(j->resolver, UINT64_MAX))
        continue;
    if (!j->gathered)
        return;
    policy_verdict(&j->gathered->judgement, j->gathered->evidence, j->region, &v);
    printf("%s\t%s\t%s\t%d\t%s\t", row[LABEL], row[CORPUS], row[YEAR], v.score, outcome_name(v.judged));
    for (unsigned i = 0; i < v.finding_count; i++)
        printf("%s%s:%d", i ? "," : "", rule_names[v.findings[i].rule], v.findings[i].counted);
    printf("\t%s\t%s\t%s\t%s\t%s\n", row[IP], row[RDNS], row[HELO], row[FCRDNS], row[MAIL_FROM]);
}

static void report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    fprintf(stderr, "%s: %s\n", is_error ? "error" : "warning", message);
}

static int print_rules(void)
{
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *rule = rules[i];
        const struct family_row *family = &families[rule_families[i]];

        printf("%s\t%s\t%d\t%d\t%u\t%d\t%d\t", rule_names[i], family->name, family->cap, rule->points, rule->adds,
               rule->certain, rule->lasting);
        for (size_t other = 0, n = 0; other < rules_count; other++)
            if (rule_set_has(&rule->implies, other))
                printf("%s%s", n++ ? "," : "", rule_names[other]);
        printf("\n");
    }
    return 0;
}

static bool split(char *line, char *row[COLUMNS])
{
    line[strcspn(line, "\n")] = '\0';
    for (int i = 0; i < COLUMNS; i++) {
        row[i] = strsep(&line, "\t");
        if (!row[i])
            return false;
    }
    return strcmp(row[LABEL], "ham") == 0 || strcmp(row[LABEL], "spam") == 0;
}

int main(int argc, char **argv)
{
    const char *policy = argc == 4 && strcmp(argv[1], "-c") == 0 ? argv[2] : NULL;
    FILE *in = argc == 2 || policy ? fopen(argv[argc - 1], "r") : NULL;
    struct judge j = {.settings = policyfile_read(policy, report, NULL)};
    static char line[65536];
    char *row[COLUMNS];

    if (argc == 2 && strcmp(argv[1], "--rules") == 0)
        return print_rules();
    if (!in || !j.settings) {
        fprintf(stderr, "usage: judge [-c POLICYFILE] FILE.tsv\n");
        return 1;
    }
    clock_freeze(1767225600, 1000000);
    j.resolver = resolver_new(NULL, NULL, NULL, 0);
    j.region = region_new(4 << 20);
    while (fgets(line, sizeof(line), in))
        if (split(line, row)) {
            j.gathered = NULL;
            judge_row(&j, row);
        }
    fclose(in);
    region_free(j.region);
    resolver_free(j.resolver);
    settings_unref(j.settings);
    return 0;
}

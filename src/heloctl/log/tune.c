/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tune: shows what a policy does to the greetings of a log, by threshold and by rule, and suggests what to change.
 * Every number is a count of greetings in the log, judged by the present policy file.
 */
#include <stdlib.h>
#include <string.h>

#include "policyfile.h"
#include "report.h"
#include "suggest.h"
#include "text.h"

enum {
    STEP = 5, /* of histogram and threshold table in the text */
    SCORE_MAX = 150,
    TOP_NEAR = 15,
};

static void print_thresholds(const struct summary *s)
{
    printf("\na threshold at   reaches   share  proved%s\n", s->labelled ? "       ham      spam" : "");
    for (int score = 0; score <= SCORE_MAX; score += STEP) {
        uint64_t reached = summary_from(s->scores, score), all = summary_from(s->scores, 0);

        printf("  %12d %9llu %6.2f%% %24llu", score, n(reached), all ? 100.0 * (double)reached / (double)all : 0.0,
               n(summary_from(s->proved_scores, score)));
        if (s->labelled)
            printf(" %9llu %9llu", n(summary_from(s->label_scores[LABEL_HAM], score)),
                   n(summary_from(s->label_scores[LABEL_SPAM], score)));
        for (unsigned i = 0; i < s->settings->default_policy->threshold_count; i++)
            if (s->settings->default_policy->thresholds[i].score == score)
                printf("  <- %s", s->settings->default_policy->thresholds[i].name);
        putchar('\n');
    }
}

static void print_rules(const struct summary *s)
{
    printf("\n%-24s %6s %9s %9s %9s %9s %9s %9s%s\n", "rule", "points", "hits", "decisive", "confirmed", "SPF pass",
           "welcomed", "proved", s->labelled ? "       ham      spam" : "");
    for (size_t i = 0; i < rules_count; i++) {
        const struct summary_rule *rule = &s->rules[i];

        if (rule->hits == 0)
            continue;
        printf("%-24s %6d %9llu %9llu %9llu %9llu %9llu %9llu", rule_names[i], s->settings->default_policy->points[i],
               n(rule->hits), n(rule->decisive), n(rule->confirmed), n(rule->spf), n(rule->welcome), n(rule->proved));
        if (s->labelled)
            printf(" %9llu %9llu", n(rule->labelled[LABEL_HAM]), n(rule->labelled[LABEL_SPAM]));
        putchar('\n');
    }
    printf("decisive: without it the outcome would be milder. welcomed: clients that later greeted without a finding.\n"
           "proved: decisive on a client that proves its HELO name, which is no provider's default.\n");
}

static void print_near(const struct summary *s)
{
    size_t count;
    struct tally_row **rows = tally_sorted(s->near, tally_by_count, TOP_NEAR, &count);

    printf("\nnear misses: up to %d points under a threshold\n", SUMMARY_NEAR);
    for (size_t i = 0; i < count; i++)
        printf("  %9llu  %-40s highest score %lld, %lld proved\n", n(rows[i]->count), tally_key(rows[i]),
               rows[i]->values[SUMMARY_SCORE_MAX], rows[i]->values[SUMMARY_PROVED]);
    free(rows);
}

static void print_labels(const struct summary *s)
{
    printf("\n%-8s", "labelled");
    for (unsigned state = 0; state < LOGGED_UNKNOWN; state++)
        printf(" %9s", logged_state_name(state));
    putchar('\n');
    for (unsigned label = 0; label < LABELS; label++) {
        printf("%-8s", label_name((int)label));
        for (unsigned state = 0; state < LOGGED_UNKNOWN; state++)
            printf(" %9llu", n(s->label_states[label][state]));
        putchar('\n');
    }
    printf("wrongly refused: %llu of ham; caught: %llu of spam\n",
           n(s->label_states[LABEL_HAM][OUTCOME_DEFER] + s->label_states[LABEL_HAM][OUTCOME_REJECT]),
           n(s->label_states[LABEL_SPAM][OUTCOME_DEFER] + s->label_states[LABEL_SPAM][OUTCOME_REJECT]));
}

static void print_counts(const char *label, const uint64_t before[OUTCOME_COUNT], const uint64_t after[OUTCOME_COUNT])
{
    printf("  %-14s", label);
    for (unsigned outcome = OUTCOME_MARK; outcome < OUTCOME_COUNT; outcome++)
        printf(" %10llu -> %-10llu", n(before[outcome]), n(after[outcome]));
    putchar('\n');
}

static const char *const kinds[PATTERN_KINDS] = {
    [PATTERN_HAM] = "ham", [PATTERN_SPAM] = "spam", [PATTERN_PROVED] = "proved", [PATTERN_OTHER] = "others"};

static void print_suggestion(const struct summary *s, const struct suggestion *to)
{
    printf("\nsuggestion, by %s\n", to->by_labels ? "the labels" : "whether clients prove their HELO names");
    printf("  weighed: a sender counts at most %d times for each outcome, so that none decides alone\n",
           SUMMARY_SENDER_MAX);
    if (to->count == 0) {
        printf("  none: %s\n", summary_from(s->scores, 0) > 0 ? "this log gives no reason to change the policy"
                                                              : "the log has no decisions");
        return;
    }
    for (unsigned i = 0; i < to->count; i++)
        printf("  %s\n      %s\n", to->changes[i].what, to->changes[i].why);
    printf("\nwhat all of it together would change\n  %-14s %24s %24s %24s\n", "", "mark", "defer", "reject");
    for (unsigned kind = 0; kind < PATTERN_KINDS; kind++)
        print_counts(kinds[kind], to->before.outcomes[kind], to->after.outcomes[kind]);
    printf("\nthe points and thresholds of the policy would be\n\n");
    suggest_print_policy(&to->policy, stdout);
}

static void print_text(const struct summary *s, const struct suggestion *to)
{
    printf("%llu decisions, %llu of them judged\n\n", n(s->read.decisions), n(summary_from(s->scores, 0)));
    report_print_scores(s, STEP, true);
    print_thresholds(s);
    print_rules(s);
    print_near(s);
    report_print_fates(s);
    report_print_shadow(s);
    if (s->labelled)
        print_labels(s);
    print_suggestion(s, to);
}

static void print_outcomes(struct json *j, const char *name, const struct pattern_counts *c)
{
    json_open(j, name, '{');
    for (unsigned kind = 0; kind < PATTERN_KINDS; kind++)
        logged_json(j, kinds[kind], c->outcomes[kind], OUTCOME_COUNT);
    json_close(j, '}');
}

static void print_snippet(struct json *j, const struct policy *policy)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out) {
        suggest_print_policy(policy, out);
        fclose(out);
    }
    json_text(j, "policy", text);
    free(text);
}

static void print_json(const struct summary *s, const struct suggestion *to)
{
    struct json j;

    json_init(&j, stdout);
    json_open(&j, NULL, '{');
    json_open(&j, "suggestion", '{');
    json_bool(&j, "by_labels", to->by_labels);
    json_open(&j, "changes", '[');
    for (unsigned i = 0; i < to->count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "change", to->changes[i].what);
        json_text(&j, "reason", to->changes[i].why);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    print_outcomes(&j, "before", &to->before);
    print_outcomes(&j, "after", to->count > 0 ? &to->after : &to->before);
    print_snippet(&j, to->count > 0 ? &to->policy : s->settings->default_policy);
    json_close(&j, '}');
    summary_print_json(s, &j, "summary");
    json_close(&j, '}');
    json_end(&j);
}

static int print(struct ctl *ctl, const struct summary *s)
{
    struct suggestion *to = region_alloc(ctl->memory, sizeof(*to));

    suggest(s, to);
    (ctl_given(ctl, 'j') ? print_json : print_text)(s, to);
    return CTL_OK;
}

static int run(struct ctl *ctl)
{
    return summary_run(ctl, true, print);
}

const struct ctl_verb ctl_tune = {
    .name = "tune",
    .arguments = "[LOG ...]",
    .arguments_max = -1,
    .summary = "show what thresholds and points do to the greetings of a log",
    .help = "Judges the decisions of log files by the policy file. Shows how scores are spread, what each\n"
            "threshold would affect, what each rule decided and where it was probably wrong, and near misses.\n"
            "Suggests what to change, and why.",
    .exits = "0 done, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                SUMMARY_OPTIONS,
                {'j', "json", NULL, "print JSON"}},
};

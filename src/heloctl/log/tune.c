/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tune: what a policy does to the greetings of a log, threshold by threshold and rule by rule, and what to change.
 * Every number is a count of greetings in the log, judged by the policy file as it is now.
 */
#include <stdlib.h>
#include <string.h>

#include "policyfile.h"
#include "report.h"
#include "text.h"

enum {
    STEP = 5, /* of histogram and threshold table in the text */
    SCORE_MAX = 150,
    BAR = 40,
    TOP_NEAR = 15,
    ENOUGH = 20, /* decisive hits before a rule is suspected */
    WRONG_PERCENT = 50,
    LOWER_SHARE = 5, /* a threshold is lowered by a fifth at a time at most */
};

static unsigned long long n(uint64_t count)
{
    return (unsigned long long)count;
}

static void print_histogram(const struct summary *s)
{
    uint64_t most = 1;

    for (int score = 0; score <= SCORE_MAX; score += STEP) {
        uint64_t in = summary_from(s->scores, score) - summary_from(s->scores, score + STEP);

        most = in > most ? in : most;
    }
    printf("scores (of these proved)\n");
    for (int score = 0; score <= SCORE_MAX; score += STEP) {
        int to = score + STEP > SCORE_MAX ? SUMMARY_SCORES : score + STEP;
        uint64_t in = summary_from(s->scores, score) - summary_from(s->scores, to);
        uint64_t good = summary_from(s->proved_scores, score) - summary_from(s->proved_scores, to);

        printf("  %3d%s %9llu %9llu  %.*s\n", score, score == SCORE_MAX ? "+" : " ", n(in), n(good),
               (int)(in * BAR / most + (in > 0)), "#########################################");
    }
}

static void print_thresholds(const struct summary *s)
{
    printf("\na threshold at   reaches   share  proved%s\n", s->labels ? "       ham      spam" : "");
    for (int score = 0; score <= SCORE_MAX; score += STEP) {
        uint64_t reached = summary_from(s->scores, score), all = summary_from(s->scores, 0);

        printf("  %12d %9llu %6.2f%% %24llu", score, n(reached), all ? 100.0 * (double)reached / (double)all : 0.0,
               n(summary_from(s->proved_scores, score)));
        if (s->labels)
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
           "welcomed", "wrong?", s->labels ? "       ham      spam" : "");
    for (size_t i = 0; i < rules_count; i++) {
        const struct summary_rule *rule = &s->rules[i];

        if (rule->hits == 0)
            continue;
        printf("%-24s %6d %9llu %9llu %9llu %9llu %9llu %9llu", rules[i]->name, s->settings->default_policy->points[i],
               n(rule->hits), n(rule->decisive), n(rule->confirmed), n(rule->spf), n(rule->welcome), n(rule->proved));
        if (s->labels)
            printf(" %9llu %9llu", n(rule->labelled[LABEL_HAM]), n(rule->labelled[LABEL_SPAM]));
        putchar('\n');
    }
    printf("decisive: without it the outcome were milder. welcomed: clients that later greeted without fault.\n"
           "wrong?: decisive on a client with a confirmed reverse name or SPF pass.\n");
}

static void print_near(const struct summary *s)
{
    size_t count;
    struct tally_row **rows = tally_top(s->near, TOP_NEAR, &count);

    printf("\nnear misses: up to %d points under a threshold\n", SUMMARY_NEAR);
    for (size_t i = 0; rows && i < count; i++)
        printf("  %9llu  %-40s highest score %lld, %lld proved\n", n(rows[i]->count), rows[i]->key,
               rows[i]->values[SUMMARY_SCORE_MAX], rows[i]->values[SUMMARY_PROVED]);
    free(rows);
}

static void print_labels(const struct summary *s)
{
    static const char *const names[LABELS] = {[LABEL_HAM] = "ham", [LABEL_SPAM] = "spam"};

    printf("\n%-8s", "labelled");
    for (unsigned state = 0; state < LOGGED_UNKNOWN; state++)
        printf(" %9s", logged_state_name(state));
    putchar('\n');
    for (unsigned label = 0; label < LABELS; label++) {
        printf("%-8s", names[label]);
        for (unsigned state = 0; state < LOGGED_UNKNOWN; state++)
            printf(" %9llu", n(s->label_states[label][state]));
        putchar('\n');
    }
    printf("wrongly refused: %llu of ham; caught: %llu of spam\n",
           n(s->label_states[LABEL_HAM][OUTCOME_DEFER] + s->label_states[LABEL_HAM][OUTCOME_REJECT]),
           n(s->label_states[LABEL_SPAM][OUTCOME_DEFER] + s->label_states[LABEL_SPAM][OUTCOME_REJECT]));
}

/* What says that a greeting is honest: a label where there are labels, else DNS. */
static const uint64_t *honest(const struct summary *s)
{
    return s->labels ? s->label_scores[LABEL_HAM] : s->proved_scores;
}

struct suggestion {
    const struct summary *s;
    struct json *j; /* NULL: text */
    unsigned count;
};

static void suggest(struct suggestion *to, const char *what, const char *why)
{
    if (to->j) {
        json_open(to->j, NULL, '{');
        json_text(to->j, "change", what);
        json_text(to->j, "reason", why);
        json_close(to->j, '}');
    } else {
        printf("  %s\n      %s\n", what, why);
    }
    to->count++;
}

static void suggest_rules(struct suggestion *to)
{
    const int *points = to->s->settings->default_policy->points;
    char what[120], why[300];

    for (size_t i = 0; i < rules_count; i++) {
        const struct summary_rule *rule = &to->s->rules[i];

        if (rule->decisive < ENOUGH || rule->proved * 100 < rule->decisive * WRONG_PERCENT || rules[i]->certain)
            continue;
        snprintf(what, sizeof(what), "%s = %d in place of %d", rules[i]->name, points[i] / 2, points[i]);
        snprintf(why, sizeof(why),
                 "it decided %llu outcomes, %llu of them on clients with a confirmed reverse name or "
                 "SPF pass; %llu clients that it hit were welcomed later",
                 n(rule->decisive), n(rule->proved), n(rule->welcome));
        suggest(to, what, why);
    }
}

/* A lower threshold that reaches no more honest greetings than the present one, or a higher one that reaches none. */
static void suggest_threshold(struct suggestion *to, const struct threshold *t, int floor)
{
    const uint64_t *good = honest(to->s), *all = to->s->scores;
    const char *honest_name = to->s->labels ? "labelled ham" : "proved";
    uint64_t hit = summary_from(good, t->score), reached = summary_from(all, t->score);
    char what[120], why[300];
    int score = t->score;

    if (floor < t->score - t->score / LOWER_SHARE)
        floor = t->score - t->score / LOWER_SHARE;
    while (score - 1 > floor && summary_from(good, score - 1) == hit)
        score--;
    if (score < t->score && summary_from(all, score) > reached) {
        snprintf(what, sizeof(what), "threshold \"%s\" { score = %d } in place of %d", t->name, score, t->score);
        snprintf(why, sizeof(why), "it reaches %llu greetings more, none of them %s",
                 n(summary_from(all, score) - reached), honest_name);
        suggest(to, what, why);
    }
    if (hit == 0 || t->outcome != OUTCOME_REJECT)
        return;
    for (score = t->score; score <= SCORE_MAX && summary_from(good, score) > 0;)
        score++;
    if (score > SCORE_MAX)
        return;
    snprintf(what, sizeof(what), "threshold \"%s\" { score = %d } in place of %d, to be on the safe side", t->name,
             score, t->score);
    snprintf(why, sizeof(why),
             "it reaches %llu %s greetings now, and none then; %llu others would no longer be "
             "reached",
             n(hit), honest_name, n(reached - hit - summary_from(all, score)));
    suggest(to, what, why);
}

static unsigned suggest_all(const struct summary *s, struct json *j)
{
    const struct policy *policy = s->settings->default_policy;
    struct suggestion to = {.s = s, .j = j};

    suggest_rules(&to);
    for (unsigned i = 0; i < policy->threshold_count; i++)
        suggest_threshold(&to, &policy->thresholds[i], i > 0 ? policy->thresholds[i - 1].score : 0);
    return to.count;
}

static void print_text(const struct summary *s)
{
    printf("%llu decisions, %llu of them judged\n\n", n(s->decisions), n(summary_from(s->scores, 0)));
    print_histogram(s);
    print_thresholds(s);
    print_rules(s);
    print_near(s);
    report_print_shadow(s);
    if (s->labels)
        print_labels(s);
    printf("\nsuggestions\n");
    if (suggest_all(s, NULL) == 0)
        printf("  none: %s\n", summary_from(s->scores, 0) > 0 ? "nothing in this log speaks against the policy"
                                                              : "no decision to judge by");
}

static void print_json(const struct summary *s)
{
    struct json j;

    json_init(&j, stdout);
    json_open(&j, NULL, '{');
    json_open(&j, "suggestions", '[');
    suggest_all(s, &j);
    json_close(&j, ']');
    summary_print_json(s, &j, "summary");
    json_close(&j, '}');
    json_end(&j);
}

static int tune(struct ctl *ctl, const struct settings *settings, const struct labels *labels)
{
    struct summary *s = malloc(sizeof(*s));
    int status;

    if (!s || !summary_open(s, settings, labels)) {
        free(s);
        return ctl_fail(ctl, CTL_TROUBLE, "out of memory");
    }
    status = summary_read(s, ctl, true);
    (ctl_given(ctl, 'j') ? print_json : print_text)(s);
    summary_close(s);
    free(s);
    return status;
}

static int run(struct ctl *ctl)
{
    struct settings *settings = ctl_settings(ctl);
    struct labels *labels = NULL;
    int status;

    if (!settings)
        return CTL_CONFIG;
    if (ctl_given(ctl, 'l'))
        labels = labels_read(ctl, ctl_value(ctl, 'l'));
    status = ctl_given(ctl, 'l') && !labels ? CTL_DATA : tune(ctl, settings, labels);
    labels_free(labels);
    settings_unref(settings);
    return status;
}

const struct ctl_verb ctl_tune = {
    .name = "tune",
    .arguments = "LOG ...",
    .arguments_min = 1,
    .arguments_max = -1,
    .summary = "what thresholds and weights do to the greetings of a log",
    .help = "Judges the decisions of log files by the policy file and shows how scores are spread, what each\n"
            "threshold would reach, what each rule decided and where it likely erred, near misses, and what to\n"
            "change, and why.",
    .exits = "0 done, 64 and more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, else the defaults)"},
                {'l', "label", "FILE", "known senders: lines of ADDRESS, NETWORK or DOMAIN, then ham or spam"},
                {'j', "json", NULL, "print JSON"},
                {0, NULL, NULL, NULL}},
};

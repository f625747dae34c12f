/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suggest: works in three steps. It changes the points of rules, finds thresholds that fit the new points, and
 * checks whether all changes together are better than the present policy. Refusing an honest greeting costs as much
 * as letting in REJECT_WEIGHT others; deferring one costs less, because an honest server tries again. Greetings are
 * weighed: see SUMMARY_SENDER_MAX.
 */
#include "suggest.h"

#include <stdlib.h>
#include <string.h>

#include "decision.h"

enum {
    ENOUGH = 20,     /* decisive hits before a rule is suspected */
    LOWER_SHARE = 5, /* a threshold is lowered by a fifth at most */
    REJECT_WEIGHT = 20,
    DEFER_WEIGHT = 5,
    SCORE_MAX = 150,
    WORTH = 10, /* by how much a change must be better */
};

static enum pattern_kind honest(const struct suggestion *to)
{
    return to->by_labels ? PATTERN_HAM : PATTERN_PROVED;
}

static enum pattern_kind unwanted(const struct suggestion *to)
{
    return to->by_labels ? PATTERN_SPAM : PATTERN_OTHER;
}

/* Halves the points of rules that decide against honest senders as often as against others. */
static void change_points(const struct summary *s, struct suggestion *to)
{
    for (size_t i = 0; i < rules_count; i++) {
        const struct summary_rule *rule = &s->rules[i];
        uint64_t good = rule->weighed[honest(to)], bad = rule->weighed[unwanted(to)];
        uint64_t all_good = to->by_labels ? rule->decided[LABEL_HAM] : rule->proved;
        uint64_t all_bad = to->by_labels ? rule->decided[LABEL_SPAM] : rule->decisive - rule->proved;
        int points = to->policy.points[i];

        if (good + bad < ENOUGH || good < bad || rules[i]->certain || points <= 1)
            continue;
        to->policy.points[i] = points / 2;
        snprintf(to->changes[to->count].what, SUGGEST_TEXT_SIZE, "%s = %d instead of %d", rule_names[i], points / 2,
                 points);
        snprintf(to->changes[to->count].why, SUGGEST_TEXT_SIZE,
                 "it decided %llu outcomes of %s and %llu of %s, weighed %llu and %llu", n(all_good),
                 to->by_labels ? "ham" : "clients that prove their name", n(all_bad), to->by_labels ? "spam" : "others",
                 n(good), n(bad));
        to->count++;
    }
    policy_sort_rules(&to->policy);
}

static long long cost(const struct suggestion *to, const struct pattern_counts *c, int score, int weight)
{
    return (long long)summary_from(c->weighed_scores[honest(to)], score) * weight -
           (long long)summary_from(c->weighed_scores[unwanted(to)], score);
}

/* Moves the threshold to the score of the lowest cost; of several such scores, to the one nearest to its own. */
static void move_threshold(struct suggestion *to, const struct pattern_counts *c, struct threshold *t, int lowest,
                           int highest)
{
    const uint64_t *good = c->scores[honest(to)], *bad = c->scores[unwanted(to)];
    int weight = t->outcome == OUTCOME_REJECT ? REJECT_WEIGHT : DEFER_WEIGHT, best = t->score;

    for (int score = lowest; score <= highest; score++) {
        long long better = cost(to, c, best, weight) - cost(to, c, score, weight);

        if (better > 0 || (better == 0 && abs(score - t->score) < abs(best - t->score)))
            best = score;
    }
    if (best == t->score)
        return;
    snprintf(to->changes[to->count].what, SUGGEST_TEXT_SIZE, "threshold \"%.100s\" at %d instead of %d", t->name, best,
             t->score);
    snprintf(to->changes[to->count].why, SUGGEST_TEXT_SIZE,
             "it would reach %llu %s greetings (now %llu) and %llu %s (now %llu)", n(summary_from(good, best)),
             to->by_labels ? "ham" : "proved", n(summary_from(good, t->score)), n(summary_from(bad, best)),
             to->by_labels ? "spam" : "others", n(summary_from(bad, t->score)));
    to->count++;
    t->score = best;
}

/*
 * From the highest down, so that each stays below the next. A mark refuses nobody and stays where it is. If no judged
 * greeting is known to be ham, no threshold is lowered: that a client proves nothing does not make its mail spam.
 */
static void change_thresholds(struct suggestion *to, const struct pattern_counts *c)
{
    bool knows_ham = to->by_labels && summary_from(c->weighed_scores[honest(to)], 0) > 0;

    for (unsigned i = to->policy.threshold_count; i-- > 0;) {
        struct threshold *t = &to->policy.thresholds[i];
        int lowest = t->score - t->score / LOWER_SHARE;
        int highest = i + 1 < to->policy.threshold_count ? to->policy.thresholds[i + 1].score - 1 : SCORE_MAX;

        if (!knows_ham)
            lowest = t->score;
        else if (i > 0 && lowest <= to->policy.thresholds[i - 1].score)
            lowest = to->policy.thresholds[i - 1].score + 1;
        if (t->outcome == OUTCOME_DEFER || t->outcome == OUTCOME_REJECT)
            move_threshold(to, c, t, lowest > 1 ? lowest : 1, highest);
    }
}

static long long harm(const struct suggestion *to, const struct pattern_counts *c)
{
    const uint64_t *good = c->weighed_outcomes[honest(to)], *bad = c->weighed_outcomes[unwanted(to)];

    return (long long)good[OUTCOME_REJECT] * REJECT_WEIGHT + (long long)good[OUTCOME_DEFER] * DEFER_WEIGHT -
           (long long)(bad[OUTCOME_REJECT] + bad[OUTCOME_DEFER]);
}

void suggest(const struct summary *s, struct suggestion *out)
{
    struct pattern_counts changed;

    memset(out, 0, sizeof(*out));
    out->policy = *s->settings->default_policy;
    out->by_labels = s->labelled > 0;
    patterns_judge(s->patterns, &out->policy, &out->before);
    change_points(s, out);
    patterns_judge(s->patterns, &out->policy, &changed);
    change_thresholds(out, &changed);
    patterns_judge(s->patterns, &out->policy, &out->after);
    if (harm(out, &out->after) + WORTH > harm(out, &out->before))
        out->count = 0;
}

/* Prints a text in quotes as the policy file wants it. */
static void print_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void suggest_print_policy(const struct policy *policy, FILE *out)
{
    bool any = false;

    fprintf(out, "policy ");
    print_quoted(policy->name, out);
    fprintf(out, " {\n");
    for (size_t i = 0; i < rules_count; i++) {
        if (policy->points[i] == rules[i]->points)
            continue;
        fprintf(out, "%s        %s = %d\n", any ? "" : "    points {\n", rule_names[i], policy->points[i]);
        any = true;
    }
    fputs(any ? "    }\n" : "", out);
    for (unsigned i = 0; i < policy->threshold_count; i++) {
        fprintf(out, "    threshold ");
        print_quoted(policy->thresholds[i].name, out);
        fprintf(out, " { score = %d  action = ", policy->thresholds[i].score);
        print_quoted(policy->thresholds[i].action, out);
        fprintf(out, " }\n");
    }
    fprintf(out, "}\n");
}

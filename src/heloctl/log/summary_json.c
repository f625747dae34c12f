/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * summary_json: a summary for programs, and for the page that `report --html` writes.
 */
#include <stdlib.h>
#include <string.h>

#include "summary.h"

enum { TOP_NAMES = 100, KEY_SIZE = 700, SHADOW_PARTS = 3 };

static void print_numbers(struct json *j, const char *name, const uint64_t *values, size_t n)
{
    json_open(j, name, '[');
    for (size_t i = 0; i < n; i++)
        json_number(j, NULL, (long long)values[i]);
    json_close(j, ']');
}

static void print_states(struct json *j, const uint64_t states[LOGGED_STATES])
{
    for (unsigned i = 0; i < LOGGED_UNKNOWN; i++)
        json_number(j, logged_state_name(i), (long long)states[i]);
}

static void print_row_values(struct json *j, const struct tally_row *row)
{
    json_number(j, "count", (long long)row->count);
    for (unsigned i = 0; i < LOGGED_UNKNOWN; i++)
        json_number(j, logged_state_name(i), row->values[i]);
    json_number(j, "score", row->values[SUMMARY_SCORE_MAX]);
    json_number(j, "proved", row->values[SUMMARY_PROVED]);
}

static void print_tally(struct json *j, const char *name, const struct table *t)
{
    size_t n;
    struct tally_row **rows = tally_sorted(t, summary_by_refused, TOP_NAMES, &n);

    json_open(j, name, '[');
    for (size_t i = 0; i < n; i++) {
        json_open(j, NULL, '{');
        json_text(j, "name", tally_key(rows[i]));
        print_row_values(j, rows[i]);
        json_close(j, '}');
    }
    json_close(j, ']');
    free(rows);
}

/* "rule:points rule:points" as an array of objects. */
static void print_findings(struct json *j, const char *findings)
{
    json_open(j, "findings", '[');
    while (*findings) {
        size_t name = strcspn(findings, ":");
        char rule[64];

        snprintf(rule, sizeof(rule), "%.*s", (int)name, findings);
        json_open(j, NULL, '{');
        json_text(j, "rule", rule);
        json_number(j, "points", strtol(findings + name + 1, NULL, 10));
        json_close(j, '}');
        findings += strcspn(findings, " ");
        findings += *findings == ' ';
    }
    json_close(j, ']');
}

static void print_greeting(struct json *j, const struct greeting *g)
{
    json_open(j, NULL, '{');
    json_text(j, "client", g->client_text);
    json_text(j, "helo", g->helo);
    json_text(j, "rdns", g->rdns);
    json_text(j, "domain", g->domain);
    json_text(j, "network", g->network);
    json_number(j, "count", (long long)g->count);
    print_states(j, g->states);
    json_number(j, "first", (long long)g->first);
    json_number(j, "last", (long long)g->last);
    json_number(j, "score", g->score);
    json_text(j, "judged", outcome_name((enum outcome)g->worst));
    json_text(j, "id", g->id);
    print_findings(j, g->findings);
    json_open(j, "signs", '[');
    for (unsigned sign = 0; sign < SIGN_COUNT; sign++)
        if (g->signs[sign] > 0)
            json_text(j, NULL, greeting_sign_name((enum greeting_sign)sign));
    json_close(j, ']');
    json_bool(j, "looks_wrong", greeting_refused(g) > 0 && greeting_looks_wrong(g));
    json_close(j, '}');
}

static void print_greetings(const struct summary *s, struct json *j)
{
    size_t n;
    struct greeting **rows = greetings_by_harm(s->greetings, s->clients, &n);

    json_open(j, "greetings", '[');
    for (size_t i = 0; i < n; i++)
        print_greeting(j, rows[i]);
    json_close(j, ']');
    json_number(j, "greetings_left_out", (long long)table_evicted(s->greetings));
    free(rows);
}

static void print_differences(struct json *j, const char *name, const struct table *t)
{
    static const char *const names[SHADOW_PARTS] = {"client", "helo", "domain"};
    size_t n;
    struct tally_row **rows = tally_sorted(t, tally_by_count, TOP_NAMES, &n);
    const char *parts[SHADOW_PARTS];
    char copy[KEY_SIZE];

    json_open(j, name, '[');
    for (size_t i = 0; i < n; i++) {
        tally_split(rows[i], copy, sizeof(copy), parts, SHADOW_PARTS);
        json_open(j, NULL, '{');
        for (unsigned part = 0; part < SHADOW_PARTS; part++)
            json_text(j, names[part], parts[part]);
        json_text(j, "id", rows[i]->note);
        print_row_values(j, rows[i]);
        json_close(j, '}');
    }
    json_close(j, ']');
    free(rows);
}

static void print_shadow(const struct summary *s, struct json *j)
{
    json_open(j, "shadow", '{');
    json_number(j, "decisions", (long long)s->shadow.decisions);
    json_open(j, "table", '{');
    for (unsigned judged = 0; judged < OUTCOME_COUNT; judged++)
        logged_json(j, outcome_name((enum outcome)judged), s->shadow.table[judged], OUTCOME_COUNT);
    json_close(j, '}');
    print_differences(j, "refuses_more", s->shadow.more);
    print_differences(j, "lets_through", s->shadow.less);
    json_close(j, '}');
}

static void print_rules(const struct summary *s, struct json *j)
{
    json_open(j, "rules", '[');
    for (size_t i = 0; i < rules_count; i++) {
        const struct summary_rule *rule = &s->rules[i];

        json_open(j, NULL, '{');
        json_text(j, "rule", rule_names[i]);
        json_text(j, "summary", rules[i]->summary);
        json_number(j, "points", s->settings->default_policy->points[i]);
        json_number(j, "hits", (long long)rule->hits);
        json_number(j, "refused", (long long)rule->refused);
        json_number(j, "decisive", (long long)rule->decisive);
        json_number(j, "confirmed", (long long)rule->confirmed);
        json_number(j, "spf_pass", (long long)rule->spf);
        json_number(j, "welcomed_later", (long long)rule->welcome);
        json_number(j, "decisive_on_proved", (long long)rule->proved);
        if (s->labelled > 0) {
            json_number(j, "ham", (long long)rule->labelled[LABEL_HAM]);
            json_number(j, "spam", (long long)rule->labelled[LABEL_SPAM]);
            json_number(j, "decisive_on_ham", (long long)rule->decided[LABEL_HAM]);
            json_number(j, "decisive_on_spam", (long long)rule->decided[LABEL_SPAM]);
        }
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void print_thresholds(const struct summary *s, struct json *j)
{
    const struct policy *policy = s->settings->default_policy;

    json_open(j, "thresholds", '[');
    for (unsigned i = 0; i < policy->threshold_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "name", policy->thresholds[i].name);
        json_text(j, "outcome", outcome_name(policy->thresholds[i].outcome));
        json_number(j, "score", policy->thresholds[i].score);
        json_text(j, "action", policy->thresholds[i].action);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void print_times(const struct summary *s, struct json *j)
{
    time_t first;
    size_t hours = summary_hours(s, &first);

    json_number(j, "from", (long long)s->from);
    json_number(j, "to", (long long)s->to);
    json_number(j, "first_hour", (long long)first);
    json_open(j, "hours", '{');
    for (unsigned state = 0; state < LOGGED_UNKNOWN; state++) {
        json_open(j, logged_state_name(state), '[');
        for (size_t i = 0; i < hours; i++)
            json_number(j, NULL, (long long)summary_hour(s, state, first, i));
        json_close(j, ']');
    }
    json_close(j, '}');
    print_numbers(j, "by_hour", s->by_hour, 24);
}

static void print_answers(const struct summary *s, struct json *j)
{
    logged_json(j, "states", s->states, LOGGED_UNKNOWN);
    logged_json(j, "actions", s->actions, OUTCOME_COUNT);
    json_open(j, "modes", '{');
    for (unsigned i = 0; i < MODE_COUNT; i++)
        json_number(j, policy_mode_name((enum policy_mode)i), (long long)s->modes[i]);
    json_close(j, '}');
}

static void print_dns(const struct summary *s, struct json *j)
{
    json_open(j, "dns", '{');
    json_number(j, "temperror", (long long)s->temperror);
    json_number(j, "unasked", (long long)s->unasked);
    json_number(j, "doubts", (long long)s->doubts);
    json_number(j, "lookups", (long long)s->lookups);
    json_number(j, "cached", (long long)s->cached);
    json_number(j, "slow", (long long)s->slow);
    json_number(j, "mean_ms", s->read.decisions ? (long long)(s->ms_sum / s->read.decisions) : 0);
    json_number(j, "max_ms", (long long)s->ms_max);
    json_close(j, '}');
}

static void print_labels(const struct summary *s, struct json *j)
{
    static const char *const names[LABELS] = {[LABEL_HAM] = "ham", [LABEL_SPAM] = "spam"};

    json_open(j, "labels", '{');
    for (unsigned i = 0; i < LABELS; i++) {
        json_open(j, names[i], '{');
        print_states(j, s->label_states[i]);
        print_numbers(j, "scores", s->label_scores[i], SUMMARY_SCORES);
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void print_unused(const struct summary *s, struct json *j)
{
    json_open(j, "exemptions_unused", '[');
    for (size_t i = 0; i < s->settings->exempt.count; i++) {
        const struct exemption *entry = &s->settings->exempt.entries[i];
        char where[EXEMPTION_WHERE_SIZE];

        if (!summary_unused(s, entry))
            continue;
        json_open(j, NULL, '{');
        json_text(j, "pattern", entry->pattern);
        json_text(j, "where", exempt_where(entry, where));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void print_opinions(struct json *j, const char *name, const uint64_t counts[MAIL_SOURCES])
{
    json_open(j, name, '{');
    for (unsigned source = 0; source < MAIL_SOURCES; source++)
        json_number(j, mail_source_name((enum mail_source)source), (long long)counts[source]);
    json_close(j, '}');
}

static void print_fates(const struct summary *s, struct json *j)
{
    json_open(j, "mail_log", '{');
    json_number(j, "messages", (long long)mail_log_messages(s->mail_log));
    json_number(j, "left_out", (long long)mail_log_left_out(s->mail_log));
    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        json_open(j, outcome_name((enum outcome)outcome), '{');
        print_opinions(j, "spam", s->fates[outcome].spam);
        print_opinions(j, "ham", s->fates[outcome].ham);
        json_number(j, "refused", (long long)s->fates[outcome].refused);
        json_number(j, "delivered", (long long)s->fates[outcome].delivered);
        json_number(j, "unknown", (long long)s->fates[outcome].unknown);
        json_close(j, '}');
    }
    json_close(j, '}');
}

void summary_print_json(const struct summary *s, struct json *j, const char *name)
{
    json_open(j, name, '{');
    json_number(j, "lines", (long long)s->read.lines);
    json_number(j, "decisions", (long long)s->read.decisions);
    json_number(j, "malformed", (long long)s->read.malformed);
    print_answers(s, j);
    print_thresholds(s, j);
    print_numbers(j, "scores", s->scores, SUMMARY_SCORES);
    print_numbers(j, "proved_scores", s->proved_scores, SUMMARY_SCORES);
    print_times(s, j);
    print_rules(s, j);
    print_tally(j, "networks", s->networks);
    print_tally(j, "domains", s->domains);
    print_tally(j, "near_misses", s->near);
    print_shadow(s, j);
    print_unused(s, j);
    print_dns(s, j);
    if (s->labelled > 0)
        print_labels(s, j);
    if (s->mail_log)
        print_fates(s, j);
    print_greetings(s, j);
    json_close(j, '}');
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_text: a log at a glance on a terminal of 100 columns. What enforcing would refuse comes first, then what the
 * decisions rest on. The texts of the tallies and greetings were filtered when they were stored.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

enum {
    TOP = 10,
    TOP_SHADOW = 5,
    SPARK_WIDTH = 72,
    SCORE_STEP = 10,
    SCORE_MAX = SUMMARY_SCORES - 2,
    BAR = 40,
    CLIENT_WIDTH = 24,
    NAME_WIDTH = 32,
    DOMAIN_WIDTH = 24,
    FINDINGS_WIDTH = 90,
    SUMMARY_WIDTH = 50,
    KEY_SIZE = 700,
};

static bool is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);

        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

/* Prints one character for each value, by its share of the highest value. */
static void print_spark(const char *label, const uint64_t *values, size_t count)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "%", "#"};
    const char *const *marks = is_utf8() ? blocks : ascii;
    uint64_t most = 1;

    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    printf("  %-10s |", label);
    for (size_t i = 0; i < count; i++)
        fputs(marks[values[i] ? 1 + values[i] * 7 / most : 0], stdout);
    printf("| at most %llu\n", n(most));
}

static void print_time(const char *label, time_t when)
{
    struct tm tm;
    char text[32];

    if (when && localtime_r(&when, &tm) && strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) > 0)
        printf("%s %s", label, text);
}

/* "mode: monitor (8769 decisions)", every mode that the log has. */
static void print_modes(const struct summary *s)
{
    printf("mode:");
    for (unsigned mode = 0; mode < MODE_COUNT; mode++)
        if (s->modes[mode] > 0)
            printf(" %s (%llu decisions)", policy_mode_name((enum policy_mode)mode), n(s->modes[mode]));
    putchar('\n');
    if (s->modes[MODE_MONITOR] > 0)
        printf("in monitor mode helod always answers dunno\n");
}

static void print_head(const struct summary *s, bool colour)
{
    static const char *const colours[LOGGED_UNKNOWN] = {"\033[32m", "\033[36m", "\033[33m", "\033[31m", "\033[2m"};

    printf("%llu decisions", n(s->read.decisions));
    print_time(" from", s->from);
    print_time(" to", s->to);
    printf("\n");
    if (s->read.decisions == 0)
        return;
    print_modes(s);
    printf("\n%-10s %10s %8s %20s\n", "", "judged", "share", "sent to Postfix");
    for (unsigned i = 0; i < LOGGED_UNKNOWN; i++) {
        printf("  %s%-8s%s %10llu %7.2f%%", colour ? colours[i] : "", logged_state_name(i), colour ? "\033[0m" : "",
               n(s->states[i]), 100.0 * (double)s->states[i] / (double)s->read.decisions);
        if (i < OUTCOME_COUNT)
            printf(" %20llu\n", n(s->actions[i]));
        else
            puts(s->states[i] > 0 ? "     counted as dunno" : "");
    }
}

/* Prints the text in `width` columns. If it is cut it ends in "...". */
static void print_cut(const char *text, int width)
{
    int length = (int)strlen(text);

    if (length > width)
        printf("%.*s...", width - 3, text);
    else
        printf("%-*s", width, text);
}

/* The same at the end of a line, without blanks after it. */
static void print_last(const char *text, int width)
{
    int length = (int)strlen(text);

    print_cut(text, length < width ? length : width);
    putchar('\n');
}

static void print_signs(const struct greeting *g)
{
    const char *separator = greeting_looks_wrong(g) ? "  looks wrong: " : "  ";

    for (unsigned sign = 0; sign < SIGN_COUNT; sign++) {
        if (g->signs[sign] == 0)
            continue;
        printf("%s%s", separator, greeting_sign_name((enum greeting_sign)sign));
        separator = ", ";
    }
}

static void print_sender(const struct greeting *g)
{
    printf("%8llu  %-6s  %-*s ", n(greeting_refused(g)), outcome_name((enum outcome)g->worst), CLIENT_WIDTH,
           g->client_text);
    print_cut(g->helo[0] ? g->helo : "(empty)", NAME_WIDTH);
    putchar(' ');
    print_last(g->domain, DOMAIN_WIDTH);
    printf("          %s%s", g->id[0] ? "id " : "", g->id);
    print_signs(g);
    printf("\n          ");
    print_last(g->findings, FINDINGS_WIDTH);
}

static void print_senders(const struct summary *s)
{
    size_t count, refused = 0, wrong = 0;
    struct greeting **rows = greetings_by_harm(s->greetings, s->clients, &count);

    while (refused < count && greeting_refused(rows[refused]) > 0)
        wrong += greeting_looks_wrong(rows[refused++]);
    if (refused > 0) {
        printf("\n%s of %zu client and HELO name pairs; %zu of them look%s wrong\n",
               s->modes[MODE_MONITOR] > 0 ? "would-be refusals and deferrals" : "refusals and deferrals", refused,
               wrong, wrong == 1 ? "s" : "");
        printf("%8s  %-6s  %-*s %-*s %s\n", "count", "worst", CLIENT_WIDTH, "client", NAME_WIDTH, "HELO", "domain");
    }
    for (size_t i = 0; i < refused && i < TOP; i++)
        print_sender(rows[i]);
    if (refused > TOP)
        printf("          ... and %zu more: --html or --json has them all\n", refused - TOP);
    free(rows);
}

static void print_opinion(const char *what, const uint64_t counts[MAIL_SOURCES])
{
    const char *separator = ": ";
    uint64_t sum = 0;

    for (unsigned source = 0; source < MAIL_SOURCES; source++)
        sum += counts[source];
    if (sum == 0)
        return;
    printf("  %10llu %s", n(sum), what);
    for (unsigned source = 0; source < MAIL_SOURCES; source++) {
        if (counts[source] == 0)
            continue;
        printf("%s%s %llu", separator, mail_source_name((enum mail_source)source), n(counts[source]));
        separator = ", ";
    }
    putchar('\n');
}

static void print_count(uint64_t count, const char *what)
{
    if (count > 0)
        printf("  %10llu %s\n", n(count), what);
}

/* What others said about the mail that helod refuses, or would refuse. */
void report_print_fates(const struct summary *s)
{
    if (!s->mail_log)
        return;
    for (unsigned outcome = OUTCOME_COUNT; outcome-- > OUTCOME_MARK;) {
        const struct summary_fates *f = &s->fates[outcome];

        if (s->states[outcome] == 0)
            continue;
        printf("\nof %llu greetings judged %s, the mail log says\n", n(s->states[outcome]),
               outcome_name((enum outcome)outcome));
        print_opinion("called spam or refused by others", f->spam);
        print_opinion("passed as ham", f->ham);
        print_count(f->delivered, "delivered, without an opinion");
        print_count(f->refused, "refused for another reason");
        print_count(f->unknown, "nothing");
    }
    if (mail_log_left_out(s->mail_log) > 0)
        printf("  (the mail log is too long: %llu messages were left out)\n", n(mail_log_left_out(s->mail_log)));
}

static void print_differences(const char *label, const struct table *t)
{
    size_t count;
    struct tally_row **rows = tally_sorted(t, tally_by_count, TOP_SHADOW, &count);

    if (count > 0)
        printf("  %s\n", label);
    for (size_t i = 0; i < count; i++) {
        const char *parts[2];
        char copy[KEY_SIZE];

        tally_split(rows[i], copy, sizeof(copy), parts, 2);
        printf("%8llu  %-*s ", n(rows[i]->count), CLIENT_WIDTH, parts[0]);
        print_cut(parts[1], NAME_WIDTH);
        printf(" id %s\n", rows[i]->note);
    }
    free(rows);
}

void report_print_shadow(const struct summary *s)
{
    uint64_t more = 0, less = 0;

    if (s->shadow.decisions == 0)
        return;
    for (unsigned judged = 0; judged < OUTCOME_COUNT; judged++)
        for (unsigned shadow = 0; shadow < OUTCOME_COUNT; shadow++) {
            bool refused = judged >= OUTCOME_DEFER, would = shadow >= OUTCOME_DEFER;

            more += !refused && would ? s->shadow.table[judged][shadow] : 0;
            less += refused && !would ? s->shadow.table[judged][shadow] : 0;
        }
    printf("\nshadow policy: of %llu greetings it would refuse or defer %llu more and let %llu through\n",
           n(s->shadow.decisions), n(more), n(less));
    print_differences("refused or deferred by the shadow policy alone", s->shadow.more);
    print_differences("let through by the shadow policy alone", s->shadow.less);
}

/* Prints the whole time in at most SPARK_WIDTH columns, each for one or several hours. */
static void print_hours(const struct summary *s)
{
    uint64_t all[SPARK_WIDTH] = {0}, refused[SPARK_WIDTH] = {0};
    time_t first;
    size_t hours = summary_hours(s, &first), step = (hours + SPARK_WIDTH - 1) / SPARK_WIDTH;

    if (hours == 0)
        return;
    for (size_t i = 0; i < hours; i++)
        for (unsigned state = 0; state < LOGGED_UNKNOWN; state++) {
            uint64_t count = summary_hour(s, state, first, i);

            all[i / step] += count;
            refused[i / step] += state == OUTCOME_DEFER || state == OUTCOME_REJECT ? count : 0;
        }
    printf(step == 1 ? "\nby hour\n" : "\nby %zu hours\n", step);
    print_spark("decisions", all, (hours + step - 1) / step);
    print_spark("refusals", refused, (hours + step - 1) / step);
    print_spark("0h to 23h", s->by_hour, 24);
}

void report_print_scores(const struct summary *s, int step, bool with_proved)
{
    uint64_t in[SUMMARY_SCORES], most = 1;

    for (int score = 0; score <= SCORE_MAX; score += step) {
        int to = score + step > SCORE_MAX ? SUMMARY_SCORES : score + step;

        in[score] = summary_from(s->scores, score) - summary_from(s->scores, to);
        most = in[score] > most ? in[score] : most;
    }
    printf(with_proved ? "scores (of these proved)\n" : "scores\n");
    for (int score = 0; score <= SCORE_MAX; score += step) {
        int to = score + step > SCORE_MAX ? SUMMARY_SCORES : score + step;

        printf("  %3d%s %9llu", score, to < SUMMARY_SCORES ? " " : "+", n(in[score]));
        if (with_proved)
            printf(" %9llu", n(summary_from(s->proved_scores, score) - summary_from(s->proved_scores, to)));
        printf("  %.*s\n", (int)(in[score] * BAR / most + (in[score] > 0)),
               "#########################################");
    }
}

/* Prints names with refusals. The JSON has the others, too. */
static void print_top(const char *label, const struct table *t, tally_order *order)
{
    size_t count;
    struct tally_row **rows = tally_sorted(t, order, TOP, &count);
    bool none = false;

    printf("\n%-46s %9s %9s %9s %9s %9s\n", label, "all", "dunno", "mark", "defer", "reject");
    for (size_t i = 0; i < count; i++) {
        if (order == summary_by_refused && summary_refused(rows[i]) == 0)
            break;
        printf("  ");
        print_cut(tally_key(rows[i]), 44);
        printf(" %9llu", n(rows[i]->count));
        for (unsigned state = 0; state < OUTCOME_COUNT; state++)
            printf(" %9lld", rows[i]->values[state]);
        putchar('\n');
        none |= strcmp(tally_key(rows[i]), LOGGED_NO_DOMAIN) == 0;
    }
    if (none)
        printf("  (%s: the greeting is an address or no public name, and there is no reverse name)\n",
               LOGGED_NO_DOMAIN);
    free(rows);
}

/* Prints the rules behind refusals; a credit is no reason for one. */
static void print_findings(const struct summary *s)
{
    bool shown[RULES_MAX] = {false};

    printf("\nfindings of refused and deferred greetings\n%10s %10s  %s\n", "of these", "of all", "rule");
    for (unsigned i = 0; i < TOP; i++) {
        size_t best = rules_count;

        for (size_t rule = 0; rule < rules_count; rule++)
            if (!shown[rule] && s->rules[rule].refused > 0 &&
                (best == rules_count || s->rules[rule].refused > s->rules[best].refused))
                best = rule;
        if (best == rules_count)
            break;
        shown[best] = true;
        printf("%10llu %10llu  %-24s ", n(s->rules[best].refused), n(s->rules[best].hits), rule_names[best]);
        print_last(rules[best]->summary, SUMMARY_WIDTH);
    }
}

static void print_exemptions(const struct summary *s)
{
    unsigned unused = 0;

    for (size_t i = 0; i < s->settings->exempt.count; i++) {
        const struct exemption *entry = &s->settings->exempt.entries[i];
        char where[EXEMPTION_WHERE_SIZE];

        if (summary_unused(s, entry))
            printf(unused++ ? "  %s (%s)\n" : "\nexemptions without a hit\n  %s (%s)\n", entry->pattern,
                   exempt_where(entry, where));
    }
}

static void print_dns(const struct summary *s)
{
    printf("\nDNS\n  %llu greetings had temporary failures; %llu rejections became deferrals because evidence was "
           "missing\n",
           n(s->temperror), n(s->doubts));
    print_count(s->unasked, "greetings were judged with lookups skipped (offline, or over a limit)");
    printf("  %llu lookups, %llu of them cached; answers took %llu ms on average, %llu ms at most;\n"
           "  %llu took a second or more\n",
           n(s->lookups), n(s->cached), n(s->read.decisions ? s->ms_sum / s->read.decisions : 0), n(s->ms_max),
           n(s->slow));
}

void report_print_text(const struct summary *s, bool colour)
{
    print_head(s, colour);
    if (s->read.decisions == 0)
        return;
    print_senders(s);
    report_print_fates(s);
    report_print_shadow(s);
    print_findings(s);
    print_hours(s);
    putchar('\n');
    report_print_scores(s, SCORE_STEP, false);
    print_top("domains", s->domains, summary_by_refused);
    print_top("networks", s->networks, summary_by_refused);
    print_top("near misses: just under a threshold", s->near, tally_by_count);
    print_exemptions(s);
    print_dns(s);
}

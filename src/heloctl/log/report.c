/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report: a log at a glance, for a terminal or as one page of HTML that needs nothing else. Names in a log are hostile:
 * on the terminal they are printable ASCII (the tallies' keys were filtered when they were made), in the page they are
 * JSON without a "<", which its script puts into text nodes alone.
 */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policyfile.h"
#include "summary.h"

enum { TOP = 10, SPARK_HOURS = 24 * 7, SCORE_STEP = 10, BAR = 40 };

static unsigned long long n(uint64_t count)
{
    return (unsigned long long)count;
}

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

/* One character for each value, by its share of the highest. */
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

static void print_head(const struct summary *s, bool colour)
{
    static const char *const colours[LOGGED_UNKNOWN] = {"\033[32m", "\033[36m", "\033[33m", "\033[31m", "\033[2m"};

    printf("%llu decisions", n(s->decisions));
    print_time(" from", s->from);
    print_time(" to", s->to);
    printf("\n\n");
    for (unsigned i = 0; i < LOGGED_UNKNOWN; i++)
        printf("  %s%-8s%s %10llu  %6.2f%%\n", colour ? colours[i] : "", logged_state_name(i), colour ? "\033[0m" : "",
               n(s->states[i]), s->decisions ? 100.0 * (double)s->states[i] / (double)s->decisions : 0.0);
}

static void print_monitored(const struct summary *s)
{
    size_t count;
    struct tally_row **rows = tally_top(s->monitored, TOP, &count);

    if (count > 0)
        printf("\n%s\n", "thresholds reached in monitor mode, which answers dunno all the same");
    for (size_t i = 0; rows && i < count; i++)
        printf("  %-24s %10llu  %6.2f%%\n", rows[i]->key, n(rows[i]->count),
               100.0 * (double)rows[i]->count / (double)s->decisions);
    free(rows);
}

static void print_hours(const struct summary *s)
{
    size_t hours = s->first_hour ? (size_t)((s->to - s->first_hour) / 3600) + 1 : 0;
    size_t shown;

    if (hours == 0)
        return;
    hours = hours < SUMMARY_HOURS ? hours : SUMMARY_HOURS;
    shown = hours < SPARK_HOURS ? hours : SPARK_HOURS;
    printf("\nby hour%s\n", shown < hours ? ", the last week" : "");
    print_spark("decisions", s->hours + hours - shown, shown);
    print_spark("refused", s->hours_refused + hours - shown, shown);
    print_spark("0h to 23h", s->by_hour, 24);
}

static void print_scores(const struct summary *s)
{
    uint64_t most = 1;

    for (int i = 0; i < SUMMARY_SCORES; i += SCORE_STEP) {
        uint64_t in = summary_from(s->scores, i) - summary_from(s->scores, i + SCORE_STEP);

        most = in > most ? in : most;
    }
    printf("\nscores\n");
    for (int i = 0; i < SUMMARY_SCORES - 1; i += SCORE_STEP) {
        uint64_t in = summary_from(s->scores, i) - summary_from(s->scores, i + SCORE_STEP);

        printf("  %3d%s %10llu  %.*s\n", i, i + SCORE_STEP < SUMMARY_SCORES - 1 ? " " : "+", n(in),
               (int)(in * BAR / most + (in > 0)), "#########################################");
    }
}

static void print_top(const char *label, const struct tally *t)
{
    size_t count;
    struct tally_row **rows = tally_top(t, TOP, &count);

    printf("\n%-44s %9s %9s %9s %9s %9s\n", label, "all", "dunno", "mark", "defer", "reject");
    for (size_t i = 0; rows && i < count; i++) {
        printf("  %-42s %9llu", rows[i]->key, n(rows[i]->count));
        for (unsigned state = 0; state < OUTCOME_COUNT; state++)
            printf(" %9lld", rows[i]->values[state]);
        putchar('\n');
    }
    free(rows);
}

static void print_findings(const struct summary *s)
{
    bool shown[RULES_MAX] = {false};

    printf("\nfindings\n");
    for (unsigned i = 0; i < TOP; i++) {
        size_t best = rules_count;

        for (size_t rule = 0; rule < rules_count; rule++)
            if (!shown[rule] && s->rules[rule].hits > 0 &&
                (best == rules_count || s->rules[rule].hits > s->rules[best].hits))
                best = rule;
        if (best == rules_count)
            return;
        shown[best] = true;
        printf("  %10llu  %-24s %s\n", n(s->rules[best].hits), rules[best]->name, rules[best]->summary);
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
                   exemption_where(entry, where));
    }
}

static void print_dns(const struct summary *s)
{
    printf("\nDNS\n  %llu greetings met temporary failures; %llu rejections were put off for missing evidence\n",
           n(s->temperror), n(s->doubts));
    printf("  %llu look-ups, %llu answered from the cache; answers took %llu ms on average, %llu ms at most, "
           "%llu of them a second or more\n",
           n(s->lookups), n(s->cached), n(s->decisions ? s->ms_sum / s->decisions : 0), n(s->ms_max), n(s->slow));
}

static void print_text(const struct summary *s, bool colour)
{
    print_head(s, colour);
    if (s->decisions == 0)
        return;
    print_monitored(s);
    print_hours(s);
    print_scores(s);
    print_findings(s);
    print_top("networks", s->networks);
    print_top("domains", s->domains);
    print_top("near misses", s->near);
    print_exemptions(s);
    print_dns(s);
}

static void print_json(const struct summary *s, FILE *out)
{
    struct json j;

    json_init(&j, out);
    summary_print_json(s, &j, NULL);
    json_end(&j);
}

static int write_page(const struct ctl *ctl, const struct summary *s, const char *file)
{
    static const char place[] = "@DATA@\n";
    const char *at = strstr(report_page, place);
    FILE *out = strcmp(file, "-") == 0 ? stdout : fopen(file, "w");
    bool good;

    if (!out)
        return ctl_fail(ctl, CTL_TROUBLE, "%s: cannot be written: %s", file, strerror(errno));
    fwrite(report_page, 1, (size_t)(at - report_page), out);
    print_json(s, out);
    fputs(at + sizeof(place) - 1, out);
    good = fflush(out) == 0 && !ferror(out);
    if (out != stdout)
        good = fclose(out) == 0 && good;
    return good ? CTL_OK : ctl_fail(ctl, CTL_TROUBLE, "%s: cannot be written: %s", file, strerror(errno));
}

static int run(struct ctl *ctl)
{
    struct settings *settings = ctl_settings(ctl);
    struct summary *s = settings ? malloc(sizeof(*s)) : NULL;
    int status = settings ? CTL_TROUBLE : CTL_CONFIG, written = CTL_OK;

    if (s && summary_open(s, settings, NULL)) {
        status = summary_read(s, ctl, false);
        if (ctl_given(ctl, 'w'))
            written = write_page(ctl, s, ctl_value(ctl, 'w'));
        else if (ctl_given(ctl, 'j'))
            print_json(s, stdout);
        else
            print_text(s, ctl->colour);
        summary_close(s);
    }
    free(s);
    settings_unref(settings);
    return status == CTL_OK ? written : status;
}

const struct ctl_verb ctl_report = {
    .name = "report",
    .arguments = "LOG ...",
    .arguments_min = 1,
    .arguments_max = -1,
    .summary = "a day or a month of decisions at a glance",
    .help = "Sums up the decision lines of log files as they were logged: outcomes, hours, scores, findings,\n"
            "networks, domains, near misses, exemptions without a hit, DNS trouble, thresholds that were reached in\n"
            "monitor mode; as text, JSON or one page of HTML.",
    .exits = "0 done, 64 and more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, else the defaults)"},
                {'w', "html", "FILE", "write a page of HTML that needs no network (- for standard output)"},
                {'j', "json", NULL, "print JSON"},
                {0, NULL, NULL, NULL}},
};

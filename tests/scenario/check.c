/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: what came of the request, against what the scenario says must.
 */
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"
#include "script.h"
#include "text.h"
#include "units.h"

static bool in_range(const char *range, long value)
{
    char *end;
    long low = strtol(range, &end, 10);

    return strncmp(end, "..", 2) == 0 ? value >= low && value <= strtol(end + 2, NULL, 10) : value == low;
}

static bool found(const struct scenario *s, const char *rule)
{
    for (unsigned i = 0; i < s->verdict.finding_count; i++)
        if (strcmp(rule_names[s->verdict.findings[i].rule], rule) == 0)
            return true;
    return false;
}

static const char *all_findings(const struct scenario *s)
{
    static char list[1000];
    struct text t;

    text_init(&t, list, sizeof(list));
    for (unsigned i = 0; i < s->verdict.finding_count; i++)
        text_addf(&t, " %s:%d/%d", rule_names[s->verdict.findings[i].rule], s->verdict.findings[i].points,
                  s->verdict.findings[i].counted);
    return list;
}

static void check_names(struct scenario *s, const char *verb, char *list)
{
    unsigned named = 0;
    bool none = strcmp(list, "nothing") == 0, want = strcmp(verb, "not") != 0;
    char *save = NULL;

    for (char *rule = strtok_r(list, " ", &save); rule && !none; rule = strtok_r(NULL, " ", &save), named++) {
        if (rules_find(rule, strlen(rule)) < 0)
            wrong(s, "no rule %s", rule);
        if (found(s, rule) != want)
            wrong(s, "%s %s; findings:%s", rule, want ? "missing" : "unwanted", all_findings(s));
    }
    if (strcmp(verb, "only") == 0 && named != s->verdict.finding_count)
        wrong(s, "findings:%s", all_findings(s));
}

static void do_expect(struct scenario *s, char *rest)
{
    char actions[48] = "", range[32] = "", *save = NULL;
    bool fits = false;

    sscanf(rest, "%47s %31s", actions, range);
    for (char *action = strtok_r(actions, "|", &save); action; action = strtok_r(NULL, "|", &save))
        fits = fits || strcmp(outcome_name(s->verdict.judged), action) == 0;
    if (!fits || (range[0] && !in_range(range, s->verdict.score)))
        wrong(s, "wanted %s, got %s %d; findings:%s", rest, outcome_name(s->verdict.judged), s->verdict.score,
              all_findings(s));
}

static void do_answered(struct scenario *s, char *rest)
{
    if (strcmp(outcome_name(s->verdict.outcome), rest) != 0)
        wrong(s, "answered %s", outcome_name(s->verdict.outcome));
}

static void do_finding(struct scenario *s, char *rest)
{
    check_names(s, "finding", rest);
}

static void do_not(struct scenario *s, char *rest)
{
    check_names(s, "not", rest);
}

static void do_only(struct scenario *s, char *rest)
{
    check_names(s, "only", rest);
}

static void do_queries(struct scenario *s, char *rest)
{
    if (!in_range(rest, (long)script_asked(s->resolver)))
        wrong(s, "%u queries", script_asked(s->resolver));
}

static void do_advised(struct scenario *s, char *rest)
{
    bool none = strcmp(rest, "nothing") == 0;

    if (s->advised != !none || (!none && fnmatch(rest, s->advice, 0) != 0))
        wrong(s, "advised %u times: %s", s->advised, s->advice);
}

static void do_reply(struct scenario *s, char *rest)
{
    const char *action = strncmp(s->reply, "action=", 7) == 0 ? s->reply + 7 : s->reply;

    if (fnmatch(rest, action, 0) != 0)
        wrong(s, "reply: %s", action);
}

static void do_line(struct scenario *s, char *rest)
{
    if (fnmatch(rest, s->line, 0) != 0)
        wrong(s, "line: %s", s->line);
}

static void do_within(struct scenario *s, char *rest)
{
    uint64_t ms;

    if (!units_duration(rest, &ms) || s->ms > ms)
        wrong(s, "took %llu ms", (unsigned long long)s->ms);
}

bool check(struct scenario *s, const char *name, char *rest)
{
    static const struct {
        const char *name;
        void (*run)(struct scenario *s, char *rest);
    } checks[] = {
        {"expect", do_expect}, {"answered", do_answered}, {"finding", do_finding}, {"not", do_not},
        {"only", do_only},     {"queries", do_queries},   {"advised", do_advised}, {"reply", do_reply},
        {"line", do_line},     {"within", do_within},
    };
    size_t i = 0;

    while (i < sizeof(checks) / sizeof(checks[0]) && strcmp(checks[i].name, name) != 0)
        i++;
    if (i == sizeof(checks) / sizeof(checks[0]))
        return false;
    if (s->evidence)
        checks[i].run(s, rest);
    else
        wrong(s, "%s before ask", name);
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_text: prints the verdict of one greeting for a person. Every foreign byte is filtered to printable ASCII.
 */
#include <string.h>

#include "check.h"
#include "decision.h"
#include "rule.h"

enum { LINE_SIZE = 1200 };

static void print_lookups(const struct check *check, FILE *out)
{
    fprintf(out, "\nlookups\n");
    for (unsigned i = 0; i < check->lookup_count; i++) {
        const struct check_lookup *lookup = &check->lookups[i];

        fprintf(out, "  %-5s ", lookup->type);
        ctl_put(out, lookup->name);
        fprintf(out, "  ->  %s", lookup->values[0] ? lookup->values : lookup->status);
        if (strcmp(lookup->status, "temperror") == 0)
            fprintf(out, " (%s)", lookup->why);
        fprintf(out, lookup->from_cache ? "  (cached)\n" : "\n");
    }
    if (check->lookup_count == 0)
        fprintf(out, "  nothing: no lookup was needed\n");
}

/* Prints the lines of one kind of evidence, indented. */
static void print_kind(const struct gather_kind *kind, const struct evidence *e, FILE *out)
{
    char lines[LINE_SIZE * 4];
    struct text t;

    text_init(&t, lines, sizeof(lines));
    kind->text(e, &t);
    for (char *line = lines, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
        fprintf(out, "  %.*s\n", (int)(end - line), line);
}

static void print_evidence(const struct evidence *e, FILE *out)
{
    static const char *const kinds[] = {"empty",           "fully qualified name", "single label",
                                        "address literal", "bare address",         "no valid name"};

    fprintf(out, "\nevidence\n  HELO name         %s", kinds[e->helo.kind]);
    if (e->helo.registrable) {
        fprintf(out, ", domain ");
        ctl_put(out, e->helo.registrable);
    }
    fprintf(out, "\n  identity          %s\n", identity_name(e));
    for (const struct gather_kind *const *kind = gather_kinds; *kind; kind++)
        print_kind(*kind, e, out);
    if (e->deadline)
        fprintf(out, "  the deadline passed before all answers came\n");
}

/* Prints which families, and whether the credits, have reached their cap. */
static void print_caps(const struct check *check, FILE *out)
{
    const struct verdict *v = &check->verdict;
    int sums[FAMILY_COUNT] = {0}, credit = 0;

    for (unsigned i = 0; i < v->finding_count; i++) {
        if (v->findings[i].counted > 0)
            sums[rule_families[v->findings[i].rule]] += v->findings[i].counted;
        else
            credit -= v->findings[i].counted;
    }
    for (int family = 0; family < FAMILY_COUNT; family++)
        if (sums[family] > 0 && sums[family] >= check->policy->caps[family])
            fprintf(out, "  %s findings are capped at %d\n", families[family].name, check->policy->caps[family]);
    if (credit > 0 && credit >= check->policy->credit)
        fprintf(out, "  credits are capped at %d\n", check->policy->credit);
}

static void print_findings(const struct check *check, FILE *out)
{
    const struct verdict *v = &check->verdict;

    fprintf(out, "\nfindings\n");
    for (unsigned i = 0; i < v->finding_count; i++) {
        const struct finding *f = &v->findings[i];

        fprintf(out, "  %-22s %4d", rule_names[f->rule], f->counted);
        if (f->counted != f->points)
            fprintf(out, " (of %d)", f->points);
        fprintf(out, "  %s", rules[f->rule]->summary);
        if (f->detail && f->detail[0]) {
            fprintf(out, " (");
            ctl_put(out, f->detail);
            fputc(')', out);
        }
        fputc('\n', out);
    }
    if (v->finding_count == 0)
        fprintf(out, "  none\n");
    print_caps(check, out);
}

/* Prints which exemption applied, and in which file it is. */
static void print_exemption(const struct check *check, FILE *out)
{
    const struct exempt_settings *exempt = &check->settings->exempt;
    int32_t number = check->verdict.exemption;
    char where[EXEMPTION_WHERE_SIZE];

    if (number < 0 || (size_t)number >= exempt->count)
        return;
    fprintf(out, " by %s ", exempt_kind_name(exempt->entries[number].kind));
    ctl_put(out, exempt->entries[number].pattern);
    fprintf(out, " (%s)", exempt_where(&exempt->entries[number], where));
}

static void print_verdict(const struct check *check, FILE *out, bool colour)
{
    static const char *const colours[OUTCOME_COUNT] = {"\033[32m", "\033[33m", "\033[35m", "\033[31m"};
    const struct verdict *v = &check->verdict;
    char reply[REPLY_SIZE];
    size_t n = reply_format(&check->reply, reply);

    fprintf(out, "\nverdict            %s%s%s, score %d", colour ? colours[v->judged] : "", outcome_name(v->judged),
            colour ? "\033[0m" : "", v->score);
    if (v->threshold)
        fprintf(out, " (threshold \"%s\" at %d)", v->threshold->name, v->threshold->score);
    if (v->skip != SKIP_NONE)
        fprintf(out, ", not judged: %s", skip_name(v->skip));
    print_exemption(check, out);
    fprintf(out, ", policy \"%s\"\n", check->policy->name);
    if (v->outcome != v->judged)
        fprintf(out, "mode               %s, which makes it %s\n", policy_mode_name(check->policy->mode),
                outcome_name(v->outcome));
    if (check->dns_down)
        fprintf(out, "DNS                no lookup was answered, so this is not what helod would decide\n");
    while (n > 0 && reply[n - 1] == '\n')
        n--;
    fprintf(out, "reply to Postfix   %.*s\n", (int)n, reply);
}

static void print_advice(const struct check *check, FILE *out)
{
    const struct verdict *v = &check->verdict;
    bool any = false;

    for (unsigned i = 0; i < v->finding_count; i++) {
        const char *advice;

        if (v->findings[i].counted <= 0)
            continue;
        advice = decision_advice(&v->findings[i], check->evidence, check->job.region);
        if (!advice || !advice[0])
            continue;
        fprintf(out, any ? "                   " : "\nto fix             ");
        ctl_put(out, advice);
        fputc('\n', out);
        any = true;
    }
}

static void print_sender(const struct check *check, FILE *out)
{
    if (!check->sender_known) {
        fprintf(out, "no sender given: rules about the sender did not apply (-s ADDRESS; -s '' for a bounce)\n");
        return;
    }
    fprintf(out, "MAIL FROM:<");
    ctl_put(out, check->job.request.sender);
    fprintf(out, ">\n");
}

void check_print_text(const struct check *check, FILE *out, bool colour)
{
    fprintf(out, "%s ", check->job.request.esmtp ? "EHLO" : "HELO");
    ctl_put(out, check->job.request.helo_name);
    fprintf(out, " from ");
    ctl_put(out, check->job.request.client_address);
    fputc('\n', out);
    print_sender(check, out);
    print_lookups(check, out);
    print_evidence(check->evidence, out);
    print_findings(check, out);
    print_verdict(check, out, colour);
    print_advice(check, out);
}

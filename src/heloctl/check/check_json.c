/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_json: prints the verdict of one greeting for programs. Keys are stable. A value that is unknown is "not
 * asked" or "temperror".
 */
#include "check.h"
#include "decision.h"
#include "json.h"
#include "rule.h"

static void print_lookups(const struct check *check, struct json *j)
{
    json_open(j, "lookups", '[');
    for (unsigned i = 0; i < check->lookup_count; i++) {
        const struct check_lookup *lookup = &check->lookups[i];

        json_open(j, NULL, '{');
        json_text(j, "type", lookup->type);
        json_text(j, "name", lookup->name);
        json_text(j, "status", lookup->status);
        json_text(j, "why", lookup->why);
        json_text(j, "values", lookup->values);
        json_number(j, "ttl", lookup->ttl);
        json_bool(j, "cached", lookup->from_cache);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void print_evidence(const struct evidence *e, struct json *j)
{
    json_open(j, "evidence", '{');
    json_text(j, "identity", identity_name(e));
    json_text(j, "helo_domain", e->helo.registrable);
    for (const struct gather_kind *const *kind = gather_kinds; *kind; kind++)
        (*kind)->json(e, j);
    json_bool(j, "deadline", e->deadline);
    json_close(j, '}');
}

static void print_findings(const struct check *check, struct json *j)
{
    json_open(j, "findings", '[');
    for (unsigned i = 0; i < check->verdict.finding_count; i++) {
        const struct finding *f = &check->verdict.findings[i];

        json_open(j, NULL, '{');
        json_text(j, "rule", rule_names[f->rule]);
        json_number(j, "points", f->counted);
        json_number(j, "of", f->points);
        json_text(j, "summary", rules[f->rule]->summary);
        json_text(j, "detail", f->detail);
        json_text(j, "advice", decision_advice(f, check->evidence, check->job.region));
        json_close(j, '}');
    }
    json_close(j, ']');
}

/* The pattern of the exemption that applied; NULL: none. */
static const char *exemption(const struct check *check)
{
    const struct exempt_settings *exempt = &check->settings->exempt;
    int32_t number = check->verdict.exemption;

    return number >= 0 && (size_t)number < exempt->count ? exempt->entries[number].pattern : NULL;
}

void check_print_json(const struct check *check, FILE *out)
{
    const struct verdict *v = &check->verdict;
    char reply[REPLY_SIZE];
    size_t n = reply_format(&check->reply, reply);
    struct json j;

    while (n > 0 && reply[n - 1] == '\n')
        reply[--n] = '\0';
    json_init(&j, out);
    json_open(&j, NULL, '{');
    json_text(&j, "client", check->job.request.client_address);
    json_text(&j, "helo", check->job.request.helo_name);
    json_text(&j, "policy", check->policy->name);
    json_text(&j, "sender", check->sender_known ? check->job.request.sender : NULL);
    json_text(&j, "judged", outcome_name(v->judged));
    json_text(&j, "action", outcome_name(v->outcome));
    json_number(&j, "score", v->score);
    json_text(&j, "threshold", v->threshold ? v->threshold->name : NULL);
    json_text(&j, "skip", v->skip == SKIP_NONE ? NULL : skip_name(v->skip));
    json_text(&j, "exemption", exemption(check));
    json_bool(&j, "dns_down", check->dns_down);
    json_text(&j, "reply", reply);
    print_evidence(check->evidence, &j);
    print_lookups(check, &j);
    print_findings(check, &j);
    json_close(&j, '}');
    json_end(&j);
}

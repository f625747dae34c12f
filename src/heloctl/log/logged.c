/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logged: turns the fields of a decision line back into a verdict. The points of the findings and the doubt come from
 * the log; the daemon's own code works out everything else again.
 */
#include "logged.h"

#include <string.h>
#include <strings.h>

#include "decision.h"
#include "rule.h"

enum { NETWORK_BITS_4 = 24, NETWORK_BITS_6 = 48 };

const char *logged_state_name(unsigned state)
{
    if (state == LOGGED_SKIPPED)
        return "skipped";
    return state < OUTCOME_COUNT ? outcome_name((enum outcome)state) : "unknown";
}

void logged_json(struct json *j, const char *name, const uint64_t *counts, unsigned n)
{
    json_open(j, name, '{');
    for (unsigned state = 0; state < n; state++)
        json_number(j, logged_state_name(state), (long long)counts[state]);
    json_close(j, '}');
}

unsigned logged_outcome(const char *word)
{
    unsigned outcome = 0;

    while (outcome < OUTCOME_COUNT && strcmp(word, outcome_name((enum outcome)outcome)) != 0)
        outcome++;
    return outcome;
}

static bool read_state(const struct decision_fields *f, struct logged *out)
{
    for (out->skip = SKIP_NONE; out->skip < SKIP_COUNT; out->skip++)
        if (strcmp(f->skip, skip_name(out->skip)) == 0)
            break;
    out->action = logged_outcome(f->action);
    out->state = logged_outcome(f->judged[0] ? f->judged : f->action);
    if (out->skip == SKIP_COUNT || out->state == OUTCOME_COUNT || out->action == OUTCOME_COUNT)
        return false;
    if (out->skip != SKIP_NONE)
        out->state = LOGGED_SKIPPED;
    return true;
}

/* The limit that the client exceeded, which may have turned a milder outcome into a deferral (verdict.limited). */
static enum limit limit_of(const struct decision_fields *f)
{
    enum limit limit = LIMIT_NONE;

    while (limit < LIMIT_COUNT && strcmp(f->limit, limit_name(limit)) != 0)
        limit++;
    return limit < LIMIT_COUNT && limit_is_the_clients(limit) ? limit : LIMIT_NONE;
}

bool logged_read(const struct logs_record *record, struct logged *out)
{
    const struct decision_fields *f = record->fields;
    struct verdict *v = &out->verdict;

    memset(out, 0, sizeof(*out));
    out->record = record;
    if (!read_state(f, out))
        return false;
    address_parse(&out->client, f->client, strlen(f->client));
    v->exemption = -1;
    v->skip = out->skip;
    v->doubt = f->doubt;
    v->limited = out->state == OUTCOME_DEFER ? limit_of(f) : LIMIT_NONE;
    v->score = f->score;
    out->cut = f->findings_cut > 0;
    for (unsigned i = 0; i < f->finding_count; i++) {
        int rule = rules_find(f->findings[i].rule, strlen(f->findings[i].rule));

        if (rule < 0) {
            out->unknown_rules++;
        } else if (!logged_has(out, rule)) {
            out->counted[rule] = f->findings[i].points;
            logged_add(out, rule);
        }
    }
    return true;
}

bool logged_next(struct logs *logs, struct logged *out)
{
    const struct logs_record *record;

    while ((record = logs_next(logs))) {
        if (logged_read(record, out))
            return true;
        logs_reject(logs);
    }
    return false;
}

void logged_add(struct logged *l, int rule)
{
    struct verdict *v = &l->verdict;

    if (v->finding_count < VERDICT_FINDINGS_MAX && !logged_has(l, rule))
        v->findings[v->finding_count++] =
            (struct finding){.rule = (int16_t)rule, .counted = l->counted[rule], .detail = ""};
}

/* Whether the settings still have the entry that the line names. */
static bool same_exemption(const struct settings *settings, const char *logged)
{
    const char *pattern = strchr(logged, ':');

    for (size_t i = 0; pattern && i < settings->exempt.count; i++) {
        const struct exemption *entry = &settings->exempt.entries[i];
        const char *kind = exempt_kind_name(entry->kind);

        if (strlen(kind) == (size_t)(pattern - logged) && strncmp(logged, kind, strlen(kind)) == 0 &&
            strcmp(pattern + 1, entry->pattern) == 0)
            return true;
    }
    return false;
}

const char *logged_lower(const struct logged *l, const char *name)
{
    char *copy = region_strdup(l->record->region, name);

    for (char *p = copy; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p + ('a' - 'A'));
    return copy ? copy : "";
}

/* Whether something ties exactly this name to the client, which an exemption of a HELO name requires. */
static bool name_is_own(const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    int verified = rules_find("helo_verified", strlen("helo_verified"));

    return logged_spf_pass(l) || (verified >= 0 && logged_has(l, verified)) ||
           (logged_confirmed(l) && strcasecmp(f->rdns, f->helo) == 0);
}

bool logged_exempt(const struct logged *l, const struct settings *settings)
{
    const struct decision_fields *f = l->record->fields;
    time_t when = l->record->when ? l->record->when : time(NULL);
    bool was = l->skip == SKIP_EXEMPT;

    if (settings->exempt.count == 0)
        return false;
    if (l->client.family != ADDRESS_NONE && settings_exempt_client(settings, &l->client, when) >= 0)
        return true;
    if ((was || logged_confirmed(l)) && *f->rdns && settings_exempt_rdns(settings, logged_lower(l, f->rdns), when) >= 0)
        return true;
    if ((was || settings->exempt.helo_unverified || name_is_own(l)) && *f->helo &&
        settings_exempt_helo(settings, logged_lower(l, f->helo), when) >= 0)
        return true;
    return was && same_exemption(settings, f->exemption);
}

unsigned logged_judge_by(struct logged *l, const struct policy *policy)
{
    policy_rescore(policy, &l->verdict);
    return l->verdict.skip == SKIP_NONE ? (unsigned)l->verdict.judged : LOGGED_SKIPPED;
}

unsigned logged_judge(struct logged *l, const struct settings *settings)
{
    const struct policy *policy = settings_policy(settings, l->record->fields->policy);
    bool exempt = (l->skip == SKIP_NONE || l->skip == SKIP_EXEMPT) && logged_exempt(l, settings);

    if (l->skip == SKIP_EXEMPT && !exempt)
        return LOGGED_UNKNOWN; /* an exempt greeting was not judged, so its line has no findings */
    l->verdict.skip = exempt ? SKIP_EXEMPT : l->skip;
    return logged_judge_by(l, policy);
}

bool logged_confirmed(const struct logged *l)
{
    return strcmp(l->record->fields->fcrdns, "pass") == 0;
}

bool logged_spf_pass(const struct logged *l)
{
    return strcmp(l->record->fields->spf, "pass") == 0;
}

bool logged_has(const struct logged *l, int rule)
{
    for (unsigned i = 0; i < l->verdict.finding_count; i++)
        if (l->verdict.findings[i].rule == rule)
            return true;
    return false;
}

/* A provider's default name is confirmed for every customer, so it does not prove who the client is. */
static bool is_default_name(const struct logged *l)
{
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        int rule = l->verdict.findings[i].rule;

        if (rule_families[rule] == FAMILY_NAMING && rules[rule]->points > 0)
            return true;
    }
    return false;
}

void logged_identify(struct logged *l, const struct name_data *data)
{
    const struct decision_fields *f = l->record->fields;
    struct name helo, rdns;

    name_parse(&helo, f->helo, strlen(f->helo), data, l->record->region);
    name_parse(&rdns, f->rdns, strlen(f->rdns), data, l->record->region);
    l->domain = helo.registrable ? helo.registrable : rdns.registrable ? rdns.registrable : LOGGED_NO_DOMAIN;
    l->proved = !is_default_name(l) && (name_is_own(l) || (logged_confirmed(l) && name_same_domain(&helo, &rdns)));
    l->owner = l->proved ? helo.registrable : logged_confirmed(l) && !is_default_name(l) ? rdns.registrable : NULL;
}

const char *logged_network(const struct logged *l, char out[NETWORK_TEXT_SIZE])
{
    struct network net;

    if (l->client.family == ADDRESS_NONE)
        return "unknown";
    net = address_network(&l->client, l->client.family == ADDRESS_IPV4 ? NETWORK_BITS_4 : NETWORK_BITS_6);
    return network_format(&net, out);
}

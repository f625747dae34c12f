/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * summary: adds decisions up, one after the other, in bounded tables.
 */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "text.h"

enum {
    NAMES_MAX = 20000,
    GREETINGS_MAX = 5000,
    THRESHOLD_NAMES_MAX = 100,
    CLIENTS_MAX = 65536,
    KEY_SIZE = 700,
    SLOW_MS = 1000,
};

/* A client of which something was found, until it is welcomed. */
struct client {
    struct table_entry entry;
    struct address address;
    bool hit[RULES_MAX];
};

static void release(struct table_entry *entry, void *arg)
{
    (void)arg;
    free((struct client *)(void *)entry);
}

bool summary_open(struct summary *s, const struct settings *settings, const struct labels *labels)
{
    const struct table_limits limits = {.max_entries = CLIENTS_MAX};

    memset(s, 0, sizeof(*s));
    s->settings = settings;
    s->labels = labels;
    s->networks = tally_new(NAMES_MAX);
    s->domains = tally_new(NAMES_MAX);
    s->near = tally_new(NAMES_MAX);
    s->exemptions = tally_new(NAMES_MAX);
    s->greetings = tally_new(GREETINGS_MAX);
    s->monitored = tally_new(THRESHOLD_NAMES_MAX);
    s->clients = table_new(&limits, release, NULL);
    return s->networks && s->domains && s->near && s->exemptions && s->greetings && s->monitored && s->clients;
}

void summary_close(struct summary *s)
{
    tally_free(s->networks);
    tally_free(s->domains);
    tally_free(s->near);
    tally_free(s->exemptions);
    tally_free(s->greetings);
    tally_free(s->monitored);
    table_free(s->clients);
}

static bool looks_good(const struct logged *l)
{
    return logged_confirmed(l) || logged_spf_pass(l);
}

/* Whether the outcome would be milder if this rule had not hit. */
static bool is_decisive(const struct logged *l, int rule)
{
    struct verdict v = l->verdict;
    unsigned kept = 0;

    for (unsigned i = 0; i < v.finding_count; i++)
        if (v.findings[i].rule != rule)
            v.findings[kept++] = v.findings[i];
    v.finding_count = kept;
    decision_rescore(l->verdict.policy, &v);
    return v.judged < l->verdict.judged;
}

static void add_rules(struct summary *s, const struct logged *l, int label, bool judged)
{
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        const struct finding *f = &l->verdict.findings[i];
        struct summary_rule *rule = &s->rules[f->rule];
        bool decisive = judged && f->points > 0 && l->verdict.judged != OUTCOME_DUNNO && is_decisive(l, f->rule);

        rule->hits++;
        rule->decisive += decisive;
        rule->confirmed += logged_confirmed(l);
        rule->spf += logged_spf_pass(l);
        rule->wrong += decisive && looks_good(l);
        if (label != LABEL_NONE)
            rule->labelled[label]++;
    }
}

/* A client that is let in without a mark, under a name that is its own, was likely no nuisance before. */
static void welcome(struct summary *s, struct client *c)
{
    for (size_t i = 0; i < rules_count; i++)
        s->rules[i].welcome += c->hit[i];
    memset(c->hit, 0, sizeof(c->hit));
}

static void add_client(struct summary *s, const struct logged *l)
{
    struct client *c = (struct client *)(void *)table_find(s->clients, &l->client, sizeof(l->client));
    bool welcomed = l->state == OUTCOME_DUNNO && l->verdict.score == 0 && looks_good(l);

    if (welcomed && c)
        welcome(s, c);
    if (welcomed || l->verdict.score == 0)
        return;
    if (!c) {
        c = calloc(1, sizeof(*c));
        if (!c)
            return;
        c->address = l->client;
        c->entry.key = &c->address;
        c->entry.key_size = sizeof(c->address);
        table_insert(s->clients, &c->entry);
    }
    for (unsigned i = 0; i < l->verdict.finding_count; i++)
        c->hit[l->verdict.findings[i].rule] |= l->verdict.findings[i].points > 0;
}

static void add_time(struct summary *s, const struct logged *l)
{
    time_t when = l->record->when;
    long slot;
    struct tm tm;

    if (when == 0 || !localtime_r(&when, &tm))
        return;
    if (s->first_hour == 0)
        s->first_hour = when - when % 3600;
    if (s->from == 0 || when < s->from)
        s->from = when;
    if (when > s->to)
        s->to = when;
    slot = (long)((when - s->first_hour) / 3600);
    slot = slot < 0 ? 0 : slot >= SUMMARY_HOURS ? SUMMARY_HOURS - 1 : slot;
    s->hours[slot]++;
    s->hours_refused[slot] += l->state == OUTCOME_DEFER || l->state == OUTCOME_REJECT;
    s->by_hour[tm.tm_hour]++;
}

static void add_dns(struct summary *s, const struct decision_fields *f)
{
    s->temperror += strcmp(f->fcrdns, "temperror") == 0 || strcmp(f->spf, "temperror") == 0;
    s->doubts += f->doubt > 0;
    s->lookups += f->dns;
    s->cached += f->cached;
    s->slow += f->ms >= SLOW_MS;
    s->ms_sum += f->ms;
    if (f->ms > s->ms_max)
        s->ms_max = f->ms;
}

static struct tally_row *add_to(struct tally *t, const char *key, const struct logged *l)
{
    struct tally_row *row = tally_add(t, key);

    if (!row)
        return NULL;
    row->values[l->state]++;
    row->values[SUMMARY_GOOD] += looks_good(l);
    if (l->verdict.score > row->values[SUMMARY_SCORE_MAX])
        row->values[SUMMARY_SCORE_MAX] = l->verdict.score;
    return row;
}

static bool is_near(const struct policy *policy, int score)
{
    for (unsigned i = 0; i < policy->threshold_count; i++)
        if (score < policy->thresholds[i].score && score + SUMMARY_NEAR >= policy->thresholds[i].score)
            return true;
    return false;
}

/* One row for each client and name: "client \t HELO \t reverse name \t domain". Findings are of its last greeting. */
static void add_greeting(struct summary *s, const struct logged *l, const char *domain)
{
    const struct decision_fields *f = l->record->fields;
    const char *const parts[] = {f->client, f->helo, f->rdns, domain};
    char key[KEY_SIZE];
    struct tally_row *row;
    struct text t;

    text_init(&t, key, sizeof(key));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i > 0)
            text_add_char(&t, '\t');
        text_add_as(&t, TEXT_PLAIN, parts[i], SIZE_MAX);
    }
    row = add_to(s->greetings, key, l);
    if (!row)
        return;
    text_init(&t, row->note, sizeof(row->note));
    for (unsigned i = 0; i < l->verdict.finding_count; i++)
        text_addf(&t, "%s%s:%d", i ? " " : "", rules[l->verdict.findings[i].rule]->name, l->verdict.findings[i].points);
}

static void add_sender(struct summary *s, const struct logged *l, const struct policy *policy)
{
    const char *domain = logged_domain(l, s->settings->name_data);
    char network[NETWORK_TEXT_SIZE];

    add_to(s->networks, logged_network(l, network), l);
    add_to(s->domains, domain, l);
    if (l->state < OUTCOME_COUNT && is_near(policy, l->verdict.score))
        add_to(s->near, domain, l);
    if (l->record->fields->exemption[0])
        tally_add(s->exemptions, l->record->fields->exemption);
    add_greeting(s, l, domain);
}

/* In monitor mode every action is "dunno": what would have come of it, only the threshold's name tells. */
static void add_monitored(struct summary *s, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    char key[KEY_SIZE];
    struct text t;

    if (strcmp(f->mode, policy_mode_name(MODE_MONITOR)) != 0 || f->threshold[0] == '\0')
        return;
    text_init(&t, key, sizeof(key));
    text_add_as(&t, TEXT_PLAIN, f->threshold, SIZE_MAX);
    add_to(s->monitored, key, l);
}

static void add(struct summary *s, struct logged *l, bool judge)
{
    const struct policy *policy = settings_policy(s->settings, l->record->fields->policy);
    int label = labels_find(s->labels, l), score;

    if (judge && l->skip == SKIP_NONE) {
        logged_judge_by(l, policy);
        l->state = (unsigned)l->verdict.judged;
    }
    s->states[l->state]++;
    add_time(s, l);
    add_dns(s, l->record->fields);
    add_sender(s, l, policy);
    add_monitored(s, l);
    if (label != LABEL_NONE)
        s->label_states[label][l->state]++;
    if (l->state == LOGGED_SKIPPED)
        return;
    score = l->verdict.score < SUMMARY_SCORES ? l->verdict.score : SUMMARY_SCORES - 1;
    score = score < 0 ? 0 : score;
    s->scores[score]++;
    s->good_scores[score] += looks_good(l);
    if (label != LABEL_NONE)
        s->label_scores[label][score]++;
    add_rules(s, l, label, judge);
    add_client(s, l);
}

int summary_read(struct summary *s, struct ctl *ctl, bool judge)
{
    struct logs *logs = logs_open(ctl, ctl->arguments, ctl->argument_count);
    const struct logs_record *record;
    struct logged l;

    while (logs && (record = logs_next(logs))) {
        if (logged_read(record, &l))
            add(s, &l, judge);
        else
            s->malformed++;
    }
    if (logs) {
        s->lines = logs_lines(logs);
        s->decisions = logs_decisions(logs) - s->malformed;
        s->malformed += logs_malformed(logs);
    }
    return logs_close(logs);
}

uint64_t summary_from(const uint64_t scores[SUMMARY_SCORES], int score)
{
    uint64_t sum = 0;

    for (int i = score < 0 ? 0 : score; i < SUMMARY_SCORES; i++)
        sum += scores[i];
    return sum;
}

bool summary_unused(const struct summary *s, const struct exemption *entry)
{
    static const size_t cuts[] = {64, 40, 24}; /* of a label, where a decision line lacks room */
    char name[300];
    bool used;

    snprintf(name, sizeof(name), "%s:%s", exempt_kind_name(entry->kind), entry->pattern);
    used = tally_has(s->exemptions, name);
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]) && !used; i++) {
        if (strlen(name) <= cuts[i])
            continue;
        name[cuts[i]] = '\0';
        used = tally_has(s->exemptions, name);
    }
    return !used;
}

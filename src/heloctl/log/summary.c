/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * summary: adds up decisions, one after the other, in bounded tables.
 */
#include "summary.h"

#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "text.h"

enum {
    NAMES_MAX = 20000,
    GREETINGS_MAX = 50000,
    CLIENTS_MAX = 65536,
    KEY_SIZE = 700,
    SLOW_MS = 1000,
};

struct summary *summary_new(const struct ctl *ctl)
{
    struct summary *s = region_alloc(ctl->memory, sizeof(*s));

    s->settings = ctl->settings;
    s->networks = sure_table(NAMES_MAX);
    s->domains = sure_table(NAMES_MAX);
    s->near = sure_table(NAMES_MAX);
    s->exemptions = sure_table(NAMES_MAX);
    s->senders = sure_table(NAMES_MAX);
    s->shadow.more = sure_table(NAMES_MAX);
    s->shadow.less = sure_table(NAMES_MAX);
    s->greetings = sure_table(GREETINGS_MAX);
    s->clients = sure_table(CLIENTS_MAX);
    s->patterns = patterns_new();
    return s;
}

void summary_close(struct summary *s)
{
    table_free(s->networks);
    table_free(s->domains);
    table_free(s->near);
    table_free(s->exemptions);
    table_free(s->senders);
    table_free(s->shadow.more);
    table_free(s->shadow.less);
    table_free(s->greetings);
    table_free(s->clients);
    table_free(s->patterns);
}

/* The outcome without this rule (-1: with all of them), or with the lasting findings alone. */
static enum outcome outcome_without(const struct logged *l, int rule, bool only_lasting)
{
    struct verdict v = l->verdict;
    unsigned kept = 0;

    for (unsigned i = 0; i < v.finding_count; i++)
        if (v.findings[i].rule != rule && (!only_lasting || rules[v.findings[i].rule]->lasting))
            v.findings[kept++] = v.findings[i];
    v.finding_count = kept;
    policy_rescore(l->verdict.policy, &v);
    return v.judged;
}

static bool is_decisive(const struct logged *l, int rule)
{
    return outcome_without(l, rule, false) < l->verdict.judged;
}

/*
 * The client proves its name, which shows that it is honest. It shows nothing where the lasting findings alone
 * refuse the greeting, as those of a throw-away domain or of a session without encryption do: spammers prove such
 * names, too.
 */
static bool is_honest(const struct logged *l)
{
    return l->proved && (l->verdict.judged < OUTCOME_DEFER || outcome_without(l, -1, true) < OUTCOME_DEFER);
}

static bool is_refused(unsigned state)
{
    return state == OUTCOME_DEFER || state == OUTCOME_REJECT;
}

static enum pattern_kind kind_of(const struct logged *l, int label)
{
    if (label != LABEL_NONE)
        return label == LABEL_HAM ? PATTERN_HAM : PATTERN_SPAM;
    return is_honest(l) ? PATTERN_PROVED : PATTERN_OTHER;
}

/*
 * Whether this greeting still counts for suggestions. For each outcome a sender counts only a few times, so that a
 * partner with much mail does not decide alone. A sender is an organisation if the client's name shows which one it
 * belongs to. Otherwise it is an IPv4 address or an IPv6 network.
 */
static bool counts_for_sender(struct summary *s, const struct logged *l, enum pattern_kind kind)
{
    char network[NETWORK_TEXT_SIZE], key[KEY_SIZE];
    const struct tally_row *row;
    const char *sender = l->owner;

    if (!sender)
        sender = l->client.family == ADDRESS_IPV4 ? l->record->fields->client : logged_network(l, network);
    snprintf(key, sizeof(key), "%u %u %.300s", (unsigned)kind, l->state, sender);
    row = tally_add(s->senders, key);
    return row && row->count <= SUMMARY_SENDER_MAX;
}

static void add_rules(struct summary *s, const struct logged *l, int label, bool judged, bool weighed)
{
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        const struct finding *f = &l->verdict.findings[i];
        struct summary_rule *rule = &s->rules[f->rule];
        bool decisive = judged && f->counted > 0 && l->verdict.judged != OUTCOME_DUNNO && is_decisive(l, f->rule);

        rule->hits++;
        rule->refused += f->counted > 0 && is_refused(l->state);
        rule->decisive += decisive;
        rule->confirmed += logged_confirmed(l);
        rule->spf += logged_spf_pass(l);
        rule->proved += decisive && is_honest(l);
        if (label != LABEL_NONE) {
            rule->labelled[label]++;
            rule->decided[label] += decisive;
        }
        rule->weighed[kind_of(l, label)] += decisive && weighed;
    }
}

/* A client that reaches no threshold and proves its name was probably honest before, too. */
static void add_client(struct summary *s, const struct logged *l)
{
    bool welcomed = l->state == OUTCOME_DUNNO && l->verdict.score == 0 && l->proved;
    struct greeting_client *c = (struct greeting_client *)table_find(s->clients, &l->client, sizeof(l->client));

    if (welcomed && c) {
        c->welcomed++;
        for (size_t i = 0; i < rules_count; i++)
            s->rules[i].welcome += c->hit[i];
        memset(c->hit, 0, sizeof(c->hit));
    }
    if (welcomed || l->verdict.score == 0)
        return;
    c = sure_entry(s->clients, &l->client, sizeof(l->client), sizeof(*c));
    for (unsigned i = 0; i < l->verdict.finding_count; i++)
        c->hit[l->verdict.findings[i].rule] |= l->verdict.findings[i].counted > 0;
}

size_t summary_hours(const struct summary *s, time_t *first)
{
    time_t from = s->from / 3600, last = s->to / 3600;

    *first = 0;
    if (s->from == 0)
        return 0;
    if (last - from >= SUMMARY_HOURS)
        from = last - SUMMARY_HOURS + 1;
    *first = from * 3600;
    return (size_t)(last - from) + 1;
}

uint64_t summary_hour(const struct summary *s, unsigned state, time_t first, size_t index)
{
    return s->hours[state][(size_t)(first / 3600 + (time_t)index) % SUMMARY_HOURS];
}

/* The files of a log may come in any order. A later hour than any before takes the place of the oldest in the ring. */
static void make_room(struct summary *s, time_t hour)
{
    time_t last = s->to / 3600;

    if (s->to == 0 || hour <= last)
        return;
    if (hour - last > SUMMARY_HOURS)
        last = hour - SUMMARY_HOURS;
    while (++last <= hour)
        for (unsigned state = 0; state < LOGGED_UNKNOWN; state++)
            s->hours[state][(size_t)last % SUMMARY_HOURS] = 0;
}

static void add_time(struct summary *s, const struct logged *l)
{
    time_t when = l->record->when, hour = when / 3600;
    struct tm tm;

    if (when <= 0 || !localtime_r(&when, &tm))
        return;
    make_room(s, hour);
    if (s->from == 0 || when < s->from)
        s->from = when;
    if (when > s->to)
        s->to = when;
    if (s->to / 3600 - hour < SUMMARY_HOURS)
        s->hours[l->state][(size_t)hour % SUMMARY_HOURS]++;
    s->by_hour[tm.tm_hour]++;
}

static void add_dns(struct summary *s, const struct decision_fields *f)
{
    bool unasked = f->limit[0] != '\0',
         failed = strcmp(f->fcrdns, "temperror") == 0 || strcmp(f->spf, "temperror") == 0;

    s->unasked += unasked;
    s->temperror += failed && !unasked;
    s->doubts += f->doubt > 0;
    s->lookups += f->dns;
    s->cached += f->cached;
    s->slow += f->ms >= SLOW_MS;
    s->ms_sum += f->ms;
    if (f->ms > s->ms_max)
        s->ms_max = f->ms;
}

static struct tally_row *add_to(struct table *t, const char *key, const struct logged *l)
{
    struct tally_row *row = tally_add(t, key);

    row->values[l->state]++;
    row->values[SUMMARY_PROVED] += l->proved;
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

static void add_sender(struct summary *s, const struct logged *l, const struct policy *policy, int label,
                       bool delivered)
{
    char network[NETWORK_TEXT_SIZE];

    add_to(s->networks, logged_network(l, network), l);
    add_to(s->domains, l->domain, l);
    if (l->state < OUTCOME_COUNT && is_near(policy, l->verdict.score))
        add_to(s->near, l->domain, l);
    if (l->record->fields->exemption[0])
        tally_add(s->exemptions, l->record->fields->exemption);
    if (l->state < OUTCOME_COUNT && l->state != OUTCOME_DUNNO)
        greetings_add(s->greetings, l, label, delivered);
}

static void add_shadow(struct summary *s, const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    unsigned shadow = logged_outcome(f->shadow_action);
    const char *const parts[] = {f->client, f->helo, l->domain};
    char key[KEY_SIZE];
    struct tally_row *row;
    struct text t;

    if (f->shadow[0] == '\0' || shadow == OUTCOME_COUNT || l->state >= OUTCOME_COUNT)
        return;
    s->shadow.decisions++;
    s->shadow.table[l->state][shadow]++;
    if (is_refused(shadow) == is_refused(l->state))
        return;
    text_init(&t, key, sizeof(key));
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (i > 0)
            text_add_char(&t, '\t');
        text_add_as(&t, TEXT_PLAIN, parts[i], SIZE_MAX);
    }
    row = add_to(is_refused(shadow) ? s->shadow.more : s->shadow.less, key, l);
    snprintf(row->note, sizeof(row->note), "%.16s", f->id);
}

static void add_mode(struct summary *s, const struct logged *l)
{
    for (unsigned mode = 0; mode < MODE_COUNT; mode++)
        s->modes[mode] += strcmp(l->record->fields->mode, policy_mode_name((enum policy_mode)mode)) == 0;
    s->actions[l->action]++;
}

/* Counts what happened to the message, and returns the opinion about it as a label. */
static int take_fate(struct summary *s, const struct logged *l, const struct mail_fate *fate)
{
    struct summary_fates *fates = &s->fates[l->state < OUTCOME_COUNT ? l->state : OUTCOME_DUNNO];

    if (!s->mail_log || l->state >= OUTCOME_COUNT)
        return LABEL_NONE;
    if (!fate) {
        fates->unknown++;
    } else if (fate->opinion != MAIL_NO_OPINION) {
        (fate->opinion == MAIL_SPAM ? fates->spam : fates->ham)[fate->source]++;
        return fate->opinion == MAIL_SPAM ? LABEL_SPAM : LABEL_HAM;
    } else {
        fates->refused += fate->refused;
        fates->delivered += !fate->refused && fate->delivered;
        fates->unknown += !fate->refused && !fate->delivered;
    }
    return LABEL_NONE;
}

/* Returns the label. */
static int add(struct summary *s, struct logged *l, int label, bool judge)
{
    const struct policy *policy = settings_policy(s->settings, l->record->fields->policy);
    const struct mail_fate *fate = mail_log_find(s->mail_log, l);
    bool suggests = judge && policy == s->settings->default_policy, weighed;
    int found, score;

    logged_identify(l, s->settings->name_data);
    if (judge && l->skip == SKIP_NONE)
        l->state = logged_judge(l, s->settings);
    found = take_fate(s, l, fate);
    if (label == LABEL_NONE)
        label = labels_find(s->labels, l);
    if (label == LABEL_NONE)
        label = label_of(l->record->fields->label);
    if (label == LABEL_NONE)
        label = found;
    add_mode(s, l);
    add_shadow(s, l);
    s->states[l->state]++;
    add_time(s, l);
    add_dns(s, l->record->fields);
    add_sender(s, l, policy, label, fate && fate->delivered);
    if (label != LABEL_NONE)
        s->label_states[label][l->state]++;
    if (l->state == LOGGED_SKIPPED)
        return label;
    score = l->verdict.score < SUMMARY_SCORES ? l->verdict.score : SUMMARY_SCORES - 1;
    score = score < 0 ? 0 : score;
    s->scores[score]++;
    s->proved_scores[score] += l->proved;
    if (label != LABEL_NONE)
        s->label_scores[label][score]++;
    s->labelled += label != LABEL_NONE;
    /* Suggestions are about the default policy, so mail under another one must not use up a sender's weight. */
    weighed = suggests && counts_for_sender(s, l, kind_of(l, label));
    if (suggests)
        patterns_add(s->patterns, l, kind_of(l, label), weighed);
    add_rules(s, l, label, judge, weighed);
    add_client(s, l);
    return label;
}

int summary_add(struct summary *s, struct logged *l, int label)
{
    s->read.decisions++;
    return add(s, l, label, false);
}

static int read_logs(struct summary *s, struct ctl *ctl, bool judge)
{
    struct logs *logs = logs_open(ctl, 0);
    struct logged l;

    while (logged_next(logs, &l))
        add(s, &l, LABEL_NONE, judge);
    s->read = logs_counts(logs);
    return logs_close(logs);
}

/* Reads every mail log that was given: a period of some weeks is in several rotated files. */
static bool read_mail_logs(struct mail_log *mail_log, const struct ctl *ctl)
{
    const char *file;
    int at = 0;

    while ((file = ctl_next_value(ctl, 'm', &at)))
        if (!mail_log_add(mail_log, ctl, file))
            return false;
    return true;
}

int summary_run(struct ctl *ctl, bool judge, int (*print)(struct ctl *ctl, const struct summary *s))
{
    const char *label_file = ctl_value(ctl, 'l');
    struct mail_log *mail_log;
    struct labels *labels = NULL;
    int status = CTL_DATA, printed;
    struct summary *s;

    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    s = summary_new(ctl);
    s->labels = labels = label_file ? labels_read(ctl, label_file) : NULL;
    s->mail_log = mail_log = ctl_given(ctl, 'm') ? mail_log_new() : NULL;
    if ((!label_file || labels) && read_mail_logs(mail_log, ctl)) {
        status = read_logs(s, ctl, judge);
        printed = status == CTL_OK || s->read.lines > 0 ? print(ctl, s) : status;
        status = status == CTL_OK ? printed : status;
    }
    summary_close(s);
    labels_free(labels);
    mail_log_free(mail_log);
    return status;
}

uint64_t summary_refused(const struct tally_row *row)
{
    return (uint64_t)(row->values[OUTCOME_DEFER] + row->values[OUTCOME_REJECT]);
}

int summary_by_refused(const void *a, const void *b)
{
    const struct tally_row *x = *(struct tally_row *const *)a, *y = *(struct tally_row *const *)b;

    if (summary_refused(x) != summary_refused(y))
        return summary_refused(x) < summary_refused(y) ? 1 : -1;
    return tally_by_count(a, b);
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

    if (entry->line == 0) /* a default, which nobody wrote and nobody can remove */
        return false;
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

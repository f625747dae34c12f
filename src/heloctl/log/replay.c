/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: judges every decision of a log again with another policy file, from the findings in its line. With the policy
 * that wrote the log it reproduces each decision, so every difference comes from the new policy, and replay names what
 * caused it.
 *
 * A rule that the old policy did not run left no finding. If it needs no DNS it is run on the names in the line; if it
 * does, --dns queries DNS.
 */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "policyfile.h"
#include "text.h"

enum { KEY_SIZE = 512, REASON_SIZE = 80, REASONS_MAX = 1000 };

/* One decision whose evidence is gathered again. */
struct again {
    struct ctl_job job;
    struct replay *replay;
    struct logs_record record; /* outlives the line that it was read from */
    struct decision_fields fields;
    struct logged logged;
};

/* The outcome under `policy` if one finding had the points that it had in the log. */
static unsigned without_change(const struct logged *l, const struct policy *policy, const struct finding *f)
{
    struct policy as_logged = *policy;
    struct logged copy = *l;

    as_logged.points[f->rule] = l->counted[f->rule];
    policy_sort_rules(&as_logged);
    return logged_judge_by(&copy, &as_logged);
}

static int difference(const struct logged *l, const struct finding *f)
{
    return abs(f->counted - l->counted[f->rule]);
}

/* The threshold whose score made the difference. The score of the greeting is the same. */
static void moved_threshold(const struct replay *r, const struct logged *l, char *out, size_t size)
{
    const struct policy *old = settings_policy(r->old, l->record->fields->policy), *new = l->verdict.policy;
    int score = l->verdict.score;

    for (unsigned i = 0; i < old->threshold_count; i++)
        for (unsigned k = 0; k < new->threshold_count; k++) {
            const struct threshold *from = &old->thresholds[i], *to = &new->thresholds[k];

            if (strcmp(from->name, to->name) != 0 || (from->score <= score) == (to->score <= score))
                continue;
            snprintf(out, size, "threshold %.30s %d -> %d", from->name, from->score, to->score);
            return;
        }
    snprintf(out, size, "thresholds");
}

/* Why the outcome differs: the finding that alone would restore the old outcome, or else the one that changed most. */
static void find_reason(const struct replay *r, const struct logged *l, unsigned now, char *out, size_t size)
{
    const struct finding *best = NULL;
    bool best_alone = false;

    if (now >= OUTCOME_COUNT || l->state >= OUTCOME_COUNT) {
        snprintf(out, size, "exemption");
        return;
    }
    for (unsigned i = 0; i < l->verdict.finding_count; i++) {
        const struct finding *f = &l->verdict.findings[i];
        bool alone;

        if (difference(l, f) == 0)
            continue;
        alone = without_change(l, l->verdict.policy, f) == l->state;
        if (!best || (alone && !best_alone) || (alone == best_alone && difference(l, f) > difference(l, best))) {
            best = f;
            best_alone = alone;
        }
    }
    if (best)
        snprintf(out, size, "%s %d -> %d", rule_names[best->rule], l->counted[best->rule], best->counted);
    else if (l->verdict.score == l->record->fields->score)
        moved_threshold(r, l, out, size);
    else
        snprintf(out, size, "caps");
}

static bool is_listed(const struct replay *r, unsigned now)
{
    return !r->only || strcmp(r->only, logged_state_name(now)) == 0;
}

/* Counts the change under its reason, and among the senders of the same network and domain. */
static void group(struct replay *r, const struct logged *l, const char *reason, unsigned before, unsigned now)
{
    char network[NETWORK_TEXT_SIZE], key[KEY_SIZE];
    struct tally_row *row;
    struct text t;

    if (!is_listed(r, now))
        return;
    tally_add(r->reasons, reason);
    text_init(&t, key, sizeof(key));
    text_addf(&t, "%s\t%s -> %s\t%s\t", reason, logged_state_name(before), logged_state_name(now),
              logged_network(l, network));
    text_add_as(&t, TEXT_PLAIN, l->domain, SIZE_MAX);
    row = tally_add(r->groups, key);
    if (row->count > 1)
        return;
    text_init(&t, row->note, sizeof(row->note));
    text_add_as(&t, TEXT_PLAIN, l->record->fields->id, SIZE_MAX);
    text_add_char(&t, ' ');
    text_add_as(&t, TEXT_PLAIN, l->record->fields->client, SIZE_MAX);
    text_add_char(&t, ' ');
    text_add_as(&t, TEXT_PLAIN, l->record->fields->helo, SIZE_MAX);
}

static bool same_grounds(const struct logged *l)
{
    const struct decision_fields *f = l->record->fields;
    const struct threshold *t = l->verdict.threshold;

    return l->verdict.score == f->score && strcmp(t ? t->name : "", f->threshold) == 0;
}

static void account(struct replay *r, struct logged *l, unsigned now)
{
    unsigned action = now < OUTCOME_COUNT ? (unsigned)l->verdict.outcome : OUTCOME_DUNNO;
    char reason[REASON_SIZE];

    r->table[l->state][now]++;
    r->unknown_rules += l->unknown_rules > 0;
    logged_identify(l, r->settings->name_data);
    if (now != l->state) {
        r->changed++;
        find_reason(r, l, now, reason, sizeof(reason));
        group(r, l, reason, l->state, now);
    } else if (now < OUTCOME_COUNT && action != l->action) {
        r->answered_otherwise++;
        snprintf(reason, sizeof(reason), "mode %.10s -> %s", l->record->fields->mode,
                 policy_mode_name(l->verdict.policy->mode));
        group(r, l, reason, l->action, action);
    } else if (same_grounds(l)) {
        r->exact++;
    } else {
        r->rescored++;
    }
}

/* Judges with the evidence that was gathered (NULL: none was needed). */
static void judge(struct replay *r, struct logged *l, const struct gathered *gathered)
{
    const struct evidence *e = gathered ? gathered->evidence : NULL;
    unsigned now;

    for (size_t i = 0; e && i < rules_count; i++)
        if (r->fresh[i] && l->skip == SKIP_NONE && rules[i]->test(e) == YES)
            logged_add(l, (int)i);
    /* A line that had no room for all its findings cannot be judged again, so its verdict is kept. */
    if (l->cut) {
        r->table[l->state][l->state]++;
        r->cut++;
        return;
    }
    now = logged_judge(l, r->settings);
    if (now == LOGGED_UNKNOWN && e && r->dns) {
        policy_verdict(&gathered->judgement, e, l->record->region, &l->verdict);
        now = l->verdict.skip == SKIP_NONE ? (unsigned)l->verdict.judged : LOGGED_SKIPPED;
    }
    account(r, l, now);
}

static void make_request(const struct logged *l, struct request *req)
{
    const struct decision_fields *f = l->record->fields;

    req->client = l->client;
    req->client_address = f->client;
    req->helo_name = f->helo;
    req->sender = f->sender;
    req->protocol_name = f->proto;
    req->esmtp = strcmp(f->proto, "SMTP") != 0;
}

static void on_gathered(struct ctl_job *job, const struct gathered *gathered)
{
    struct again *again = (struct again *)job;

    judge(again->replay, &again->logged, gathered);
}

/* Gathers everything about a greeting, then judges it. */
static void ask(struct replay *r, const struct logs_record *record)
{
    struct again *again = ctl_job_new(r->ctl, sizeof(*again), on_gathered);

    again->replay = r;
    again->record = (struct logs_record){.fields = &again->fields, .region = again->job.region, .when = record->when};
    sure(decision_line_read(record->text, record->length, again->job.region, &again->fields) &&
                 logged_read(&again->record, &again->logged)
             ? again
             : NULL);
    make_request(&again->logged, &again->job.request);
    ctl_gather(&again->job, (struct gather_options){.settings = r->settings,
                                                    .policy = settings_policy(r->settings, again->fields.policy),
                                                    .limit = r->dns ? LIMIT_NONE : LIMIT_OFFLINE,
                                                    .everything = r->dns});
}

/* Evidence is gathered only if the line alone does not decide the outcome. */
static bool is_worth_asking(const struct replay *r, const struct logged *l)
{
    if (l->client.family == ADDRESS_NONE)
        return false;
    if (l->skip == SKIP_EXEMPT)
        return r->dns && !logged_exempt(l, r->settings);
    return r->fresh_count > 0 && l->skip == SKIP_NONE;
}

static void find_fresh_rules(struct replay *r)
{
    const struct policy *new = r->settings->default_policy, *old = r->old->default_policy;

    for (size_t i = 0; i < rules_count; i++) {
        if (new->points[i] == 0 || old->points[i] != 0 || rules[i]->points == 0)
            continue;
        r->fresh[i] = r->dns || rules[i]->needs == 0;
        r->fresh_count += r->fresh[i];
        r->fresh_unasked += !r->fresh[i];
    }
}

static int read_logs(struct replay *r)
{
    struct logs *logs = logs_open(r->ctl, 0);
    struct logged l;

    while (logged_next(logs, &l)) {
        if (is_worth_asking(r, &l))
            ask(r, l.record);
        else
            judge(r, &l, NULL);
    }
    ctl_gather_rest(r->ctl);
    r->read = logs_counts(logs);
    return logs_close(logs);
}

static int replay(struct replay *r)
{
    int status;

    find_fresh_rules(r);
    r->groups = sure_table(REPLAY_GROUPS_MAX);
    r->reasons = sure_table(REASONS_MAX);
    status = read_logs(r);
    if (status == CTL_OK || r->read.lines > 0)
        (ctl_given(r->ctl, 'j') ? replay_print_json : replay_print_text)(r, stdout);
    table_free(r->groups);
    table_free(r->reasons);
    return status == CTL_OK && r->changed + r->answered_otherwise > 0 ? CTL_WRONG : status;
}

/* --only and --top. */
static bool read_limits(struct ctl *ctl, struct replay *r)
{
    unsigned long long top = REPLAY_TOP;

    r->only = ctl_value(ctl, 'O');
    r->top = REPLAY_TOP;
    if (r->only && logged_outcome(r->only) == OUTCOME_COUNT &&
        strcmp(r->only, logged_state_name(LOGGED_SKIPPED)) != 0) {
        ctl_fail(ctl, CTL_USAGE, "--only: expected dunno, mark, defer, reject or skipped, not \"%s\"", r->only);
        return false;
    }
    if (!ctl_number(ctl, 't', 1, 1000000, &top))
        return false;
    r->top = (size_t)top;
    return true;
}

static int run(struct ctl *ctl)
{
    struct replay r = {.ctl = ctl, .dns = ctl_given(ctl, 'd')};
    int status = CTL_CONFIG;

    if (!read_limits(ctl, &r))
        return CTL_USAGE;
    r.settings = ctl_settings(ctl);
    r.old = r.settings ? ctl_settings_of(ctl_value(ctl, 'o')) : NULL;
    if (r.old)
        status = !r.dns || ctl_session_open(ctl) ? replay(&r) : CTL_TROUBLE;
    settings_unref(r.old);
    return status;
}

const struct ctl_verb ctl_replay = {
    .name = "replay",
    .arguments = "[LOG ...]",
    .arguments_max = -1,
    .summary = "judge logged decisions again with another policy file",
    .help = "Reads the decision lines of log files (syslog of any format, journalctl output, .gz, - for standard\n"
            "input; without LOG: log.file or the journal) and judges each decision again from its findings. Shows\n"
            "which outcomes change, for which senders, and why: by a finding, a threshold, an exemption or the mode.",
    .exits = "0 no outcome or answer changes, 1 some do, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the new policy file (default: the installed one, or built-in defaults)"},
                {'o', "old", "FILE", "the policy file that produced the log (the same default)"},
                {'d', "dns", NULL, "query DNS for findings of rules that the old policy did not run"},
                {'O', "only", "OUTCOME",
                 "list only senders whose outcome becomes this (dunno, mark, defer, reject, skipped)"},
                {'t', "top", "N", "list at most this many groups of senders (default 40)"},
                {'j', "json", NULL, "print JSON"}},
};

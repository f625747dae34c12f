/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policies: thresholds, points and caps of each policy, on top of the defaults of the catalogue. There is always a
 * policy "default", and thresholds are sorted by rising score.
 */
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "reading.h"
#include "values.h"

/* The thresholds of a policy that names none. */
static const struct {
    const char *name, *action;
    int score;
} initial_thresholds[] = {
    {"mark", "prepend", 30},
    {"defer", "defer", 70},
    {"reject", "reject", 100},
};

/* Actions that are a single word of ours. All others are Postfix actions. */
static const struct {
    const char *word;
    enum outcome outcome;
} verbs[] = {
    {"dunno", OUTCOME_DUNNO},
    {"prepend", OUTCOME_MARK},
    {"defer", OUTCOME_DEFER},
    {"reject", OUTCOME_REJECT},
};

static enum outcome outcome_of(const struct reply *reply)
{
    if (reply->verb == REPLY_STATUS)
        return reply->code >= 500 ? OUTCOME_REJECT : OUTCOME_DEFER;
    if (reply->verb == REPLY_DUNNO)
        return OUTCOME_DUNNO;
    return reply->verb == REPLY_DEFER_IF_PERMIT ? OUTCOME_DEFER : OUTCOME_MARK;
}

static void take_action(struct reading *rd, struct threshold *t, unsigned block)
{
    unsigned line = fields_line(rd, block, "action");
    const char *error = NULL, *unknown = NULL;
    char enhanced[12] = "";

    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(t->action, verbs[i].word) == 0) {
            t->outcome = verbs[i].outcome;
            return;
        }
    }
    if (!reply_parse_action(t->action, &t->reply, enhanced, &error)) {
        problems_error(&rd->problems, line,
                       "action: \"%.80s\": %s; expected dunno, prepend, defer, reject or an "
                       "action of Postfix",
                       t->action, error ? error : "unknown");
        return;
    }
    if (t->reply.text && !template_check(t->reply.text, &unknown))
        problems_error(&rd->problems, line, "action: unknown macro %%{%.*s}, expected one of helod.conf(5)",
                       value_macro_length(unknown), unknown);
    if (t->reply.enhanced)
        t->reply.enhanced = region_strdup(rd->region, enhanced);
    t->has_reply = true;
    t->outcome = outcome_of(&t->reply);
}

static int by_score(const void *a, const void *b)
{
    const struct threshold *x = a, *y = b;

    return x->score < y->score ? -1 : x->score > y->score;
}

static void initial_thresholds_of(struct reading *rd, struct policy *policy)
{
    for (size_t i = 0; i < sizeof(initial_thresholds) / sizeof(initial_thresholds[0]); i++) {
        struct threshold *t = &policy->thresholds[policy->threshold_count++];
        t->name = initial_thresholds[i].name;
        t->action = initial_thresholds[i].action;
        t->score = initial_thresholds[i].score;
        take_action(rd, t, NO_BLOCK);
    }
}

static void take_thresholds(struct reading *rd, struct policy *policy, unsigned block)
{
    for (unsigned i = 1; block != NO_BLOCK && i < rd->scan.block_count; i++) {
        const struct block *b = &rd->scan.blocks[i];
        struct threshold t = {.name = b->title};
        if (b->section != SECTION_THRESHOLD || b->parent != block)
            continue;
        if (policy->threshold_count == THRESHOLDS_MAX) {
            problems_error(&rd->problems, b->line, "more than %d thresholds", THRESHOLDS_MAX);
            break;
        }
        fields_read(rd, SECTION_THRESHOLD, i, &t);
        if (t.action)
            take_action(rd, &t, i);
        policy->thresholds[policy->threshold_count++] = t;
    }
    if (policy->threshold_count == 0)
        initial_thresholds_of(rd, policy);
    qsort(policy->thresholds, policy->threshold_count, sizeof(policy->thresholds[0]), by_score);
}

/* Sets *value to the number that a points or caps block gives to `name`, or leaves it unchanged. */
static void take_number(struct reading *rd, unsigned block, const char *name, int64_t min, int64_t max, int *value)
{
    const struct assignment *a = block == NO_BLOCK ? NULL : scan_find(&rd->scan, block, name);
    char error[VALUE_ERROR_SIZE];
    int64_t n;

    if (!a || !a->values)
        return;
    if (value_number(a->values[0], min, max, &n, error))
        *value = (int)n;
    else
        problems_error(&rd->problems, a->line, "%s: %s points", name, error);
}

static void take_points(struct reading *rd, struct policy *policy, unsigned block)
{
    unsigned points = fields_block(rd, SECTION_POINTS, block, NULL);
    unsigned caps = fields_block(rd, SECTION_CAPS, block, NULL);

    for (size_t i = 0; i < rules_count; i++) {
        policy->points[i] = rules[i]->points;
        take_number(rd, points, rule_names[i], POINTS_MIN, POINTS_MAX, &policy->points[i]);
    }
    for (int i = 0; i < FAMILY_COUNT; i++) {
        policy->caps[i] = families[i].cap;
        take_number(rd, caps, families[i].name, 0, CAP_MAX, &policy->caps[i]);
    }
    policy_sort_rules(policy);
}

static bool uses(const char *text, const char *macro)
{
    return text && strstr(text, macro) != NULL;
}

static bool wants_explanation(const struct policy *policy)
{
    static const char macro[] = "%{spf_explanation}";
    bool wants = uses(policy->reject_text, macro) || uses(policy->defer_text, macro);

    for (unsigned i = 0; i < policy->threshold_count; i++)
        wants = wants || (policy->thresholds[i].has_reply && uses(policy->thresholds[i].reply.text, macro));
    return wants;
}

static unsigned own_needs(const struct policy *policy)
{
    unsigned needs = 0;

    for (size_t i = 0; i < rules_count; i++) {
        if (policy->points[i] != 0)
            needs |= rules[i]->needs;
    }
    return needs;
}

static struct policy *take_policy(struct reading *rd, const char *name, unsigned block)
{
    struct policy *policy = region_alloc(rd->region, sizeof(*policy));

    if (!policy)
        return NULL;
    policy->name = name;
    fields_read(rd, SECTION_POLICY, block, policy);
    take_thresholds(rd, policy, block);
    take_points(rd, policy, block);
    policy->wants_explanation = wants_explanation(policy);
    if (policy->authserv_id && policy->authserv_id[0] == '\0')
        policy->authserv_id = rd->host[0] != '\0' ? rd->host : "localhost";
    return policy;
}

/* Once all policies are read: resolves shadows and combines the evidence that both policies need. */
static void link_shadows(struct reading *rd, struct policy **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct policy *policy = list[i];
        policy->needs = own_needs(policy);
        for (size_t k = 0; k < n && policy->shadow_name && policy->shadow_name[0]; k++) {
            if (strcmp(list[k]->name, policy->shadow_name) == 0)
                policy->shadow = list[k];
        }
        if (policy->shadow)
            policy->needs |= own_needs(policy->shadow);
        else if (policy->shadow_name && policy->shadow_name[0])
            problems_error(&rd->problems, fields_line(rd, rd->policy_blocks[i], "shadow"),
                           "shadow: there is no policy \"%s\"", policy->shadow_name);
    }
}

void policies_read(struct reading *rd)
{
    struct settings *s = rd->settings;
    size_t most = rd->scan.block_count + 1, n = 0;
    struct policy **list = region_alloc(rd->region, most * sizeof(*list));

    rd->policy_blocks = region_alloc(rd->region, most * sizeof(*rd->policy_blocks));
    if (!list || !rd->policy_blocks)
        return;
    if (fields_block(rd, SECTION_POLICY, 0, "default") == NO_BLOCK) {
        rd->policy_blocks[n] = NO_BLOCK;
        list[n++] = take_policy(rd, "default", NO_BLOCK);
    }
    for (unsigned i = 1; i < rd->scan.block_count; i++) {
        if (rd->scan.blocks[i].section != SECTION_POLICY)
            continue;
        rd->policy_blocks[n] = i;
        list[n++] = take_policy(rd, rd->scan.blocks[i].title, i);
    }
    if (region_failed(rd->region))
        return;
    link_shadows(rd, list, n);
    s->policies = (const struct policy *const *)list;
    s->policy_count = n;
    s->default_policy = settings_policy(s, "default");
}

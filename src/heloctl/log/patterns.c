/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * patterns: a bounded, seeded table. Its key is the rules that hit, the doubt and the kind.
 */
#include "patterns.h"

#include <stdlib.h>
#include <string.h>

#include "decision.h"

enum { PATTERNS_MAX = 50000 };

/* Everything that a judgement of logged findings depends on. It has no padding, because it is the key of the table. */
struct key {
    int32_t doubt;
    uint16_t kind, count, limited;
    int16_t rules[VERDICT_FINDINGS_MAX]; /* in ascending order */
};

struct pattern {
    struct table_entry entry;
    uint64_t count, weighed;
};

struct table *patterns_new(void)
{
    return sure_table(PATTERNS_MAX);
}

static int by_number(const void *a, const void *b)
{
    return *(const int16_t *)a - *(const int16_t *)b;
}

void patterns_add(struct table *patterns, const struct logged *l, enum pattern_kind kind, bool weighed)
{
    struct pattern *pattern;
    struct key key;

    memset(&key, 0, sizeof(key));
    key.doubt = l->verdict.doubt;
    key.kind = (uint16_t)kind;
    key.limited = (uint16_t)l->verdict.limited;
    key.count = (uint16_t)l->verdict.finding_count;
    for (unsigned i = 0; i < l->verdict.finding_count; i++)
        key.rules[i] = l->verdict.findings[i].rule;
    qsort(key.rules, key.count, sizeof(key.rules[0]), by_number);
    pattern = sure_entry(patterns, &key, sizeof(key), sizeof(*pattern));
    pattern->count++;
    pattern->weighed += weighed;
}

struct judging {
    const struct policy *policy;
    struct pattern_counts *out;
};

static bool judge(struct table_entry *entry, void *arg)
{
    const struct pattern *pattern = (const struct pattern *)entry;
    const struct key *key = entry->key;
    struct judging *to = arg;
    struct verdict v = {
        .exemption = -1, .doubt = key->doubt, .limited = (enum limit)key->limited, .finding_count = key->count};
    int score;

    for (unsigned i = 0; i < v.finding_count; i++)
        v.findings[i] = (struct finding){.rule = key->rules[i], .detail = ""};
    policy_rescore(to->policy, &v);
    score = v.score < PATTERN_SCORES ? v.score : PATTERN_SCORES - 1;
    to->out->outcomes[key->kind][v.judged] += pattern->count;
    to->out->scores[key->kind][score] += pattern->count;
    to->out->weighed_outcomes[key->kind][v.judged] += pattern->weighed;
    to->out->weighed_scores[key->kind][score] += pattern->weighed;
    return true;
}

void patterns_judge(const struct table *patterns, const struct policy *policy, struct pattern_counts *out)
{
    struct judging to = {.policy = policy, .out = out};

    memset(out, 0, sizeof(*out));
    table_walk(patterns, judge, &to);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * patterns: a bounded, seeded table by rules, doubt and kind.
 */
#include "patterns.h"

#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "table.h"

enum { PATTERNS_MAX = 50000 };

/* All that a judgement of logged findings depends on. Without padding: it is the key. */
struct key {
    int32_t doubt;
    uint16_t kind, count, limited;
    int16_t rules[VERDICT_FINDINGS_MAX]; /* rising */
};

struct pattern {
    struct table_entry entry;
    struct key key;
    uint64_t count, weighed;
};

struct patterns {
    struct table *all;
    uint64_t dropped;
};

static void release(struct table_entry *entry, void *arg)
{
    struct patterns *p = arg;

    p->dropped += ((struct pattern *)(void *)entry)->count;
    free(entry);
}

struct patterns *patterns_new(void)
{
    const struct table_limits limits = {.max_entries = PATTERNS_MAX};
    struct patterns *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->all = table_new(&limits, release, p);
    if (p->all)
        return p;
    free(p);
    return NULL;
}

void patterns_free(struct patterns *p)
{
    if (!p)
        return;
    table_free(p->all);
    free(p);
}

static int by_number(const void *a, const void *b)
{
    return *(const int16_t *)a - *(const int16_t *)b;
}

void patterns_add(struct patterns *p, const struct logged *l, enum pattern_kind kind, bool weighed)
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
    pattern = (struct pattern *)(void *)table_find(p->all, &key, sizeof(key));
    if (!pattern) {
        pattern = calloc(1, sizeof(*pattern));
        if (!pattern)
            return;
        pattern->key = key;
        pattern->entry.key = &pattern->key;
        pattern->entry.key_size = sizeof(pattern->key);
        table_insert(p->all, &pattern->entry);
    }
    pattern->count++;
    pattern->weighed += weighed;
}

struct judging {
    const struct policy *policy;
    struct pattern_counts *out;
};

static bool judge(struct table_entry *entry, void *arg)
{
    const struct pattern *pattern = (const struct pattern *)(void *)entry;
    struct judging *to = arg;
    struct verdict v = {.exemption = -1,
                        .doubt = pattern->key.doubt,
                        .limited = (enum limit)pattern->key.limited,
                        .finding_count = pattern->key.count};
    int score;

    for (unsigned i = 0; i < v.finding_count; i++)
        v.findings[i] = (struct finding){.rule = pattern->key.rules[i], .detail = ""};
    policy_rescore(to->policy, &v);
    score = v.score < PATTERN_SCORES ? v.score : PATTERN_SCORES - 1;
    to->out->outcomes[pattern->key.kind][v.judged] += pattern->count;
    to->out->scores[pattern->key.kind][score] += pattern->count;
    to->out->weighed_outcomes[pattern->key.kind][v.judged] += pattern->weighed;
    to->out->weighed_scores[pattern->key.kind][score] += pattern->weighed;
    return true;
}

void patterns_judge(const struct patterns *p, const struct policy *policy, struct pattern_counts *out)
{
    struct judging to = {.policy = policy, .out = out};

    memset(out, 0, sizeof(*out));
    table_walk(p->all, judge, &to);
}

uint64_t patterns_dropped(const struct patterns *p)
{
    return p->dropped;
}

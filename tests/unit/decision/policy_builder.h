/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_builder: the catalogue's own points and caps under the three thresholds of an empty policy file.
 */
#ifndef HELOD_POLICY_BUILDER_H
#define HELOD_POLICY_BUILDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "settings.h"

static inline struct policy builder_policy(void)
{
    struct policy p = {
        .name = "default",
        .shadow_name = "",
        .threshold_count = 3,
        .thresholds =
            {
                {.name = "mark", .score = 30, .outcome = OUTCOME_MARK, .action = "prepend"},
                {.name = "defer", .score = 70, .outcome = OUTCOME_DEFER, .action = "defer"},
                {.name = "reject", .score = 100, .outcome = OUTCOME_REJECT, .action = "reject"},
            },
        .credit = 60,
        .authserv_id = "mx.blau.com",
        .reject_text = "",
        .defer_text = "",
        .help_url = "",
    };

    for (size_t i = 0; i < rules_count; i++) {
        p.points[i] = rules[i]->points;
        p.needs |= rules[i]->points != 0 ? rules[i]->needs : 0;
    }
    for (int i = 0; i < FAMILY_COUNT; i++)
        p.caps[i] = families[i].cap;
    policy_sort_rules(&p);
    return p;
}

static inline int builder_rule(const char *name)
{
    return rules_find(name, strlen(name));
}

/* Sets "rule:points" words, and "family=cap", "credit=N", "all=N" (every rule's points). */
static inline void builder_set(struct policy *policy, const char *list)
{
    char copy[400], *rest = copy;

    snprintf(copy, sizeof(copy), "%s", list);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *colon = strpbrk(word, ":=");
        int n = (int)strtol(colon + 1, NULL, 10), rule;

        *colon = '\0';
        rule = builder_rule(word);
        if (rule >= 0)
            policy->points[rule] = n;
        else if (strcmp(word, "credit") == 0)
            policy->credit = n;
        else if (strcmp(word, "all") == 0)
            for (size_t i = 0; i < rules_count; i++)
                policy->points[i] = n;
        for (int i = 0; rule < 0 && i < FAMILY_COUNT; i++)
            if (strcmp(families[i].name, word) == 0)
                policy->caps[i] = n;
    }
    policy_sort_rules(policy);
}

/* The verdict of evidence that is made up. */
static inline void builder_verdict(const struct policy *policy, const struct evidence *e, struct region *r,
                                   struct verdict *out)
{
    struct judgement j;

    judge_evidence(policy, e, &j);
    policy_verdict(&j, e, r, out);
}

#endif

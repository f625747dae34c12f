/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_builder: the catalogue's own points and caps under the three thresholds of an empty policy file.
 */
#ifndef HELOD_POLICY_BUILDER_H
#define HELOD_POLICY_BUILDER_H

#include <string.h>

#include "settings.h"

static inline struct policy builder_policy(void)
{
    struct policy p = {
        .name = "default",
        .shadow_name = "",
        .threshold_count = 3,
        .thresholds = {
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
    return p;
}

static inline int builder_rule(const char *name)
{
    return rules_find(name, strlen(name));
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cases: rows for each rule, which it must match or must not match. tests/unit/evidence_builder.h has the words of a
 * line.
 */
#ifndef HELOD_TESTS_RULES_CASES_H
#define HELOD_TESTS_RULES_CASES_H

#include "rule.h"

struct rule_case {
    const char *rule;
    enum answer hit; /* YES, or what is not */
    const char *line;
};

/* By family; each ended by a row without a rule. */
extern const struct rule_case cases_identity[], cases_names[];

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule: one row of the catalogue. A rule is a pure test of the evidence; a row carries everything else about it.
 *
 * Three promises that the tests hold every rule to: a test looks at nothing but local facts and the evidence that
 * its row `needs`; it hits only when it is sure, so that more evidence never takes a hit back; and a temporary
 * failure, or evidence not asked for, never makes a hit. A rule whose default is 0 points is a note: logged, never
 * counted.
 *
 * To add a rule: write its test and its row in its family's file under src/rules/, and its must-match and
 * must-not-match cases under tests/. Config, heloctl, metrics and documentation checks find it by themselves.
 */
#ifndef HELOD_RULE_H
#define HELOD_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "evidence.h"
#include "region.h"
#include "rule_set.h"

enum family {
    FAMILY_SYNTAX,
    FAMILY_SPECIAL,
    FAMILY_LITERAL,
    FAMILY_DNS,
    FAMILY_ALIGNMENT,
    FAMILY_NAMING,
    FAMILY_IMPERSONATION,
    FAMILY_SPF,
    FAMILY_BEHAVIOUR,
    FAMILY_COUNT
};

struct family_row {
    const char *name;
    const char *summary;
    int cap;       /* most that the family's positive points may add up to; a policy may change it */
    int cap_limit; /* highest cap a policy may set without a warning: alignment must stay under the reject
                          threshold (RFC 5321 4.1.4) */
};

struct rule {
    const char *name; /* unique, [a-z0-9_]+ */
    enum family family;
    const char *summary;     /* one sentence for the admin: what it means when it hits */
    unsigned needs;          /* enum need: evidence without which it cannot hit */
    int points;              /* default; 100 is a rejection by default; negative is a credit */
    unsigned adds;           /* percent of its points that still count beside a heavier finding of its family */
    bool certain;            /* may reject alone: its points are a floor that no credit lowers */
    struct rule_set implies; /* rules that say part of the same thing and do not count beside it */
    uint16_t code;           /* SMTP code when it is the heaviest of a rejection: 550; a deferral takes 450 */
    const char *enhanced;    /* "5.5.2": its class is changed to 4 for a deferral */
    const char *advice;      /* to the sender, one sentence, macros %{helo} %{client} %{rdns} %{detail} */
    /* True when it hits. *detail may be set to a short text (constant or in the region): what exactly was seen. */
    bool (*test)(const struct evidence *e, const char **detail, struct region *r);
    /*
     * False when what is known already rules a hit out, whatever the evidence still missing says; NULL: never.
     * It saves questions (decision_settled) and keeps impossible credits out of doubt. It must not err: false, and a
     * hit once more is known, is a bug.
     */
    bool (*possible)(const struct evidence *e);
};

/* The whole catalogue, in families' order; the index into it is a rule's number. */
extern const struct rule *const rules[];
extern const size_t rules_count;
extern const struct family_row families[FAMILY_COUNT];

/* Number of the rule, or -1. */
int rules_find(const char *name, size_t n);
/* The row of rule `number` names rule `other` among what it implies. */
bool rules_implies(int number, int other);

/*
 * The rules that can hit, or come to hit, by what the greeting is by itself and by its confirmed reverse name, if one
 * is known already. The others need not be asked.
 */
struct rule_set rules_met(const struct evidence *e);

#endif

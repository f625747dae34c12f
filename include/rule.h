/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule: one row of the catalogue. A rule is a pure test of the evidence; its row carries everything else about it.
 *
 * The tests hold every rule to three promises. A test looks only at local facts and at the kinds of evidence that its
 * row names in `needs`. YES and NO are final: no further evidence changes them. And a lookup that failed, or was never
 * made, leaves the rule OPEN instead of answering for it. A rule whose default is 0 points is a note: it is logged, it
 * never counts, and it alone may report trouble.
 *
 * To add a rule: write its test and its row in its family's file under src/rules/, name it in catalogue.h, and write
 * cases that must match and must not match under tests/. The policy file, heloctl, metrics and the checks of the
 * documentation find it by themselves.
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
    const char *summary;     /* one sentence for the admin: what the finding means */
    unsigned needs;          /* enum need: the kinds of evidence that `test` looks at */
    int points;              /* default; 100 is a rejection by default; negative is a credit */
    unsigned adds;           /* percent of its points that still count beside a heavier finding of its family */
    bool certain;            /* may reject alone: its points are a floor that no credit lowers */
    bool past;               /* about earlier greetings: never lifts a mark to a rejection */
    bool unsure;             /* a fault that may pass was taken for a fact: never lifts anything to a rejection */
    bool lasting;            /* no doubt about identity, so no credit excuses it: the score never falls below these */
    struct rule_set implies; /* rules that say part of the same thing and do not count beside it */
    uint16_t code;           /* SMTP code when it is the heaviest of a rejection: 550; a deferral takes 450 */
    const char *enhanced;    /* "5.5.2": its class is changed to 4 for a deferral */
    const char *advice;      /* to the sender, one sentence, macros %{helo} %{client} %{rdns} %{detail} */
    enum answer (*test)(const struct evidence *e);
    /* After YES: a short text, constant or in the region, of what exactly was seen. NULL: there is nothing to add. */
    const char *(*detail)(const struct evidence *e, struct region *r);
};

/* The whole catalogue, family by family. The index into it is a rule's number. */
extern const struct rule *const rules[];
extern const size_t rules_count;
extern const struct family_row families[FAMILY_COUNT];

/* Number of the rule, or -1. */
int rules_find(const char *name, size_t n);
/* The row of rule `number` names rule `other` among what it implies. */
bool rules_implies(int number, int other);

#endif

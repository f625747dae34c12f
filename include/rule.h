/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule: one row of the catalogue. A rule is a pure test of the evidence; its row carries everything else about it.
 *
 * The test suite checks three promises for every rule. It reads only local facts and the kinds of evidence that its
 * row names in `needs`. YES and NO are final: more evidence never changes them. A lookup that failed, or was never
 * made, leaves the rule OPEN. A rule whose default is 0 points is a note: it is logged but never counts. Only notes
 * may report failed lookups.
 *
 * The default points come from a calibration with labelled greetings, the "rows" (doc/calibration.md). Beside points,
 * "by hand" means that the rows say too little about the rule, and "at its limit" that calibration may go no further.
 *
 * To add a rule: write its test and its row in its family's file under src/rules/, list it in catalogue.h, and write
 * cases under tests/ that must match and cases that must not. The policy file, heloctl, the metrics and the
 * documentation checks read the catalogue, so they need no change.
 */
#ifndef HELOD_RULE_H
#define HELOD_RULE_H

#include <stdbool.h>
#include <stddef.h>

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

#define RULE_ENHANCED "5.7.1"

struct rule {
    const char *summary;     /* one sentence for the admin: what the finding means */
    unsigned needs;          /* enum need: the kinds of evidence that `test` looks at */
    int points;              /* default; 100 is a rejection by default; negative is a credit */
    unsigned adds;           /* percent of its points that still count beside a heavier finding of its family */
    bool certain;            /* may reject alone: credits never lower the score below its points */
    bool past;               /* about earlier greetings: never turns a mark into a rejection */
    bool unsure;             /* based on a failure that may be temporary: never turns anything into a rejection */
    bool lasting;            /* not excused by a credit: credits never lower the score below the sum of these */
    struct rule_set implies; /* rules that this finding already covers; they do not count beside it */
    const char *enhanced;    /* status code of a rejection, also with class 4 of a deferral; NULL: RULE_ENHANCED */
    const char *advice;      /* to the sender, one sentence, macros %{helo} %{client} %{rdns} %{detail} */
    enum answer (*test)(const struct evidence *e);
    /* Called after YES. Returns a short text (constant or in the region) that says what was seen, or NULL. */
    const char *(*detail)(const struct evidence *e, struct region *r);
};

/* The whole catalogue, family by family. The index into these three is a rule's number. */
extern const struct rule *const rules[];
extern const char *const rule_names[]; /* [a-z0-9_]+ */
extern const enum family rule_families[];
extern const size_t rules_count;
extern const struct family_row families[FAMILY_COUNT];

/* Number of the rule, or -1. */
int rules_find(const char *name, size_t n);

#endif

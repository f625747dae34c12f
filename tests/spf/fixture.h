/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixture: SPF cases in text, and the zones they are evaluated against.
 *
 *     scenario NAME                     begins with an empty zone
 *     zone OWNER A|AAAA|MX|PTR|TXT|CNAME DATA...
 *     zone OWNER TIMEOUT                types that the owner does not have time out; the others answer
 *     case NAME                         ends at the next blank line; then of the rows of fixture.c's table:
 *     client ADDRESS / helo NAME / sender ADDRESS / domain NAME / void_limit N
 *     result NAME... / explanation TEXT / term TEXT / reason PART / record TEXT / deny_all yes / lookups N / voids N
 *     asks N                            at most so many lookups
 *
 * Words are parted by blanks; "…" holds blanks and \xNN. `#` begins a comment line.
 */
#ifndef HELOD_TEST_FIXTURE_H
#define HELOD_TEST_FIXTURE_H

#include <stdbool.h>
#include <stdio.h>

#include "region.h"
#include "spf.h"

enum { FIXTURE_WORDS = 64 };

struct fixture_record {
    struct fixture_record *next;
    const char *owner;
    unsigned type; /* enum dns_type; 0: TIMEOUT */
    struct dns_record data;
};

struct fixture_zone {
    const char *name;
    struct fixture_record *first, **end;
    struct region *region;
};

/* What a case asks and expects; NULL: not said. */
struct fixture_case {
    const char *name, *client, *helo, *sender, *domain, *void_limit;
    const char *result, *result2, *explanation, *term, *reason, *record, *deny_all, *lookups, *voids, *asks;
};

/* Called once for each case. */
typedef void fixture_run(const struct fixture_zone *zone, const struct fixture_case *c, void *arg);

/* Reads to the end. A malformed line ends the program with a text. */
void fixture_read(FILE *in, fixture_run *run, void *arg);
struct spf_query fixture_query(const struct fixture_case *c);
void fixture_answer(const struct fixture_zone *zone, const struct spf_ask *ask, struct region *r,
                    struct dns_answer *out);
/* The TAP line of a case, with what was wrong as comments. True when all that the case expects holds. */
bool fixture_report(const struct fixture_case *c, const struct spf_outcome *got, unsigned number);

#endif

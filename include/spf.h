/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf: check_host() of RFC 7208 as a state machine. It names the lookups it needs, and the caller feeds it the answers.
 * It does no I/O and does not recurse.
 *
 *     struct spf *spf = spf_new(&query, region);
 *     while (spf_step(spf, &ask) == SPF_ASK) { look up ask.name and ask.type; spf_feed(spf, answer); }
 *     spf_outcome(spf)
 *
 * All memory comes from the region and is bounded by the limits of RFC 7208 section 4.6.4.
 */
#ifndef HELOD_SPF_H
#define HELOD_SPF_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "dns.h"
#include "region.h"

enum spf_result {
    SPF_NOT_ASKED,
    SPF_NONE,
    SPF_NEUTRAL,
    SPF_PASS,
    SPF_FAIL,
    SPF_SOFTFAIL,
    SPF_TEMPERROR,
    SPF_PERMERROR,
};

struct spf_query {
    struct address client;
    const char *domain;   /* the domain whose record is evaluated */
    const char *sender;   /* %{s}: local@domain; a missing local part becomes postmaster; "" means postmaster@helo */
    const char *helo;     /* %{h} */
    const char *receiver; /* %{r} in explanations; NULL: "unknown" */
    time_t now;           /* %{t} in explanations */
    unsigned void_limit;  /* void lookups allowed; RFC 7208 recommends 2 */
    bool explain;         /* fetch and expand exp= on fail */
};

struct spf_ask {
    const char *name; /* built by RFC 7208's rules; need not be a valid host name */
    enum dns_type type;
};

/* A lookup that was made, for heloctl to show. */
struct spf_trace {
    const char *name;
    enum dns_type type;
    enum dns_status status;
    const char *why;
    unsigned records;
};

struct spf_outcome {
    enum spf_result result;
    const char *record;      /* the record of the query's domain; "" when there is none */
    const char *term;        /* the matching term as written; "" when none matched (default result or error) */
    const char *domain;      /* the domain whose record contains that term or the error, filtered ASCII */
    const char *reason;      /* for none, temperror and permerror: what was wrong, filtered ASCII */
    const char *explanation; /* filtered ASCII; "" when it was not requested or not available */
    bool deny_all;           /* the record is exactly "v=spf1 -all" */
    bool allows_everybody;   /* it allows a large part of the Internet: a pass says nothing about this client */
    bool may_match_anybody;  /* the owner's servers can let the term match any client, as "exists:%{i}.…" */
    unsigned lookups, voids; /* terms that required lookups; void lookups */
    const struct spf_trace *trace;
    size_t trace_count;
};

enum spf_step { SPF_ASK, SPF_DONE };

struct spf;

/* Copies the query's texts. Returns NULL when there is no memory. */
struct spf *spf_new(const struct spf_query *query, struct region *r);
enum spf_step spf_step(struct spf *spf, struct spf_ask *ask);
void spf_feed(struct spf *spf, const struct dns_answer *answer);
/* Ends the evaluation at the deadline with temperror. A result that only waits for its explanation is kept. */
void spf_abandon(struct spf *spf);
const struct spf_outcome *spf_outcome(const struct spf *spf); /* after SPF_DONE or spf_abandon() */
const char *spf_result_name(enum spf_result result);          /* "pass", …; "not_asked" */

#endif

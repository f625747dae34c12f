/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logged: a decision as the log has it, judged again under a policy.
 */
#ifndef HELOD_LOGGED_H
#define HELOD_LOGGED_H

#include "address.h"
#include "json.h"
#include "logs.h"
#include "rule.h"
#include "verdict.h"

/* What the thresholds said about a greeting: an outcome, or that it was not judged. */
enum { LOGGED_SKIPPED = OUTCOME_COUNT, LOGGED_UNKNOWN, LOGGED_STATES };
/* "dunno" … "reject", "skipped", "unknown" */
const char *logged_state_name(unsigned state);
/* Counts by state, the first `n` states, as one JSON object. */
void logged_json(struct json *j, const char *name, const uint64_t *counts, unsigned n);
/* The outcome with this name; OUTCOME_COUNT: there is none. */
unsigned logged_outcome(const char *word);

struct logged {
    const struct logs_record *record;
    unsigned state;  /* what the thresholds said, whatever the mode */
    unsigned action; /* enum outcome: what Postfix received */
    enum skip skip;
    struct verdict verdict; /* the findings; their points are those of the policy after logged_judge() */
    int counted[RULES_MAX]; /* the points of each rule in the log, by rule number */
    unsigned unknown_rules; /* findings that are left out because the catalogue no longer has their rules */
    bool cut;               /* the line had no room for all findings */
    struct address client;
    /* After logged_identify(): */
    const char *domain; /* registrable domain of the HELO name, else of the reverse name, else LOGGED_NO_DOMAIN */
    bool proved;        /* SPF, its address or a confirmed name of its domain shows that the HELO name is the client's
                           own, and the names are not a provider's defaults */
    const char
        *owner; /* registrable domain of a name that is proved or confirmed, and is no provider's default; NULL */
};

#define LOGGED_NO_DOMAIN "no public domain"

/* False if this version cannot have written the line: its action or skip does not exist. */
bool logged_read(const struct logs_record *record, struct logged *out);
/* The next decision of the logs. False at their end. Lines that logged_read() refuses count as malformed. */
bool logged_next(struct logs *logs, struct logged *out);
/* Judges by the policy that the line names, or by the default policy. Returns what its thresholds say. */
unsigned logged_judge(struct logged *l, const struct settings *settings);
/* The same by this policy. */
unsigned logged_judge_by(struct logged *l, const struct policy *policy);
/* Whether the settings exempt this greeting, by the names that the line shows to be confirmed. */
bool logged_exempt(const struct logged *l, const struct settings *settings);

bool logged_confirmed(const struct logged *l); /* reverse name confirmed */
bool logged_spf_pass(const struct logged *l);
const char *logged_lower(const struct logged *l, const char *name); /* in the record's region */
bool logged_has(const struct logged *l, int rule);
void logged_add(struct logged *l, int rule); /* once */
/* Fills `domain` and `proved`. */
void logged_identify(struct logged *l, const struct name_data *data);
/* "203.0.113.0/24", "2001:db8:1::/48", "unknown" */
const char *logged_network(const struct logged *l, char out[NETWORK_TEXT_SIZE]);

#endif

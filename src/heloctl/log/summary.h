/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * summary: what a log comes to: scores, rules, senders, times. `tune` and `report` are two views of it. Its memory does
 * not grow with the log.
 */
#ifndef HELOD_SUMMARY_H
#define HELOD_SUMMARY_H

#include "greetings.h"
#include "json.h"
#include "labels.h"
#include "logged.h"
#include "mail_log.h"
#include "patterns.h"
#include "tally.h"

enum {
    SUMMARY_SCORES = PATTERN_SCORES,
    SUMMARY_HOURS = 24 * 62, /* the last two months; what is older is not shown by hour */
    SUMMARY_NEAR = 10,       /* points under a threshold that are a near miss */
    SUMMARY_SENDER_MAX =
        10, /* how often a sender counts for each outcome where a suggestion weighs one against others */
};

/* Columns of the tallies' values: outcomes first. */
enum { SUMMARY_SCORE_MAX = LOGGED_UNKNOWN, SUMMARY_PROVED, SUMMARY_VALUES };

struct summary_rule {
    uint64_t hits, refused;    /* refused: hits, with points, on greetings that were judged defer or reject */
    uint64_t decisive;         /* without it the outcome would be milder */
    uint64_t confirmed, spf;   /* hits on clients with a confirmed reverse name, with SPF pass for HELO */
    uint64_t proved;           /* decisive on clients that prove their HELO name */
    uint64_t welcome;          /* clients that were welcomed after it hit them */
    uint64_t labelled[LABELS]; /* hits on these */
    uint64_t decided[LABELS];  /* decisive on these */
    uint64_t
        weighed[PATTERN_KINDS]; /* decisive on greetings of this kind, each sender counted SUMMARY_SENDER_MAX times */
};

/* What the shadow policy would do otherwise than the policy itself. */
struct summary_shadow {
    uint64_t decisions;                           /* that have a shadow judgement */
    uint64_t table[OUTCOME_COUNT][OUTCOME_COUNT]; /* judged x shadow judged */
    struct tally *more, *less; /* would be refused by the shadow alone, by the policy alone: "client\tHELO\tdomain" */
};

/* What the mail log says became of the messages. */
struct summary_fates {
    uint64_t spam[MAIL_SOURCES], ham[MAIL_SOURCES]; /* by whose opinion */
    uint64_t refused, delivered;                    /* without an opinion */
    uint64_t unknown;                               /* the log does not say, or has nothing about it */
};

struct summary {
    const struct settings *settings;
    const struct labels *labels;     /* NULL: none */
    const struct mail_log *mail_log; /* NULL: none; set before the first decision */
    struct logs_counts read;
    uint64_t states[LOGGED_STATES];  /* by what the thresholds said */
    uint64_t actions[OUTCOME_COUNT]; /* by what Postfix received */
    uint64_t modes[MODE_COUNT];
    uint64_t scores[SUMMARY_SCORES], proved_scores[SUMMARY_SCORES]; /* proved: see logged.h */
    uint64_t label_scores[LABELS][SUMMARY_SCORES], label_states[LABELS][LOGGED_STATES];
    struct summary_rule rules[RULES_MAX];
    time_t from, to;                               /* 0: no line has a time */
    uint64_t hours[LOGGED_UNKNOWN][SUMMARY_HOURS]; /* by state; a ring: see summary_hour() */
    uint64_t by_hour[24];
    /* unasked: DNS was not queried although it was needed; slow: a second and more */
    uint64_t temperror, unasked, doubts, lookups, cached, slow, ms_sum, ms_max;
    struct tally *networks, *domains, *near, *exemptions;
    struct tally *senders;                     /* how often each counted: see SUMMARY_SENDER_MAX */
    struct patterns *patterns;                 /* of the default policy, where it judges anew */
    uint64_t labelled;                         /* judged greetings with a label */
    struct summary_fates fates[OUTCOME_COUNT]; /* by what the thresholds said */
    struct greetings *greetings;               /* that reached a threshold */
    struct summary_shadow shadow;
    struct table *clients; /* rules that hit and wait for a welcome */
};

bool summary_open(struct summary *s, const struct settings *settings, const struct labels *labels);
void summary_close(struct summary *s);
/* `judge`: judges anew by the settings; else what was logged counts. */
/* One decision, as it was logged; `label` is a LABEL_ of labels.h, LABEL_NONE: what labels and mail log say. */
void summary_add(struct summary *s, struct logged *l, int label);
int summary_read(struct summary *s, struct ctl *ctl, bool judge);
/*
 * What the verbs that sum up a log begin and end with: the policy file, the labels, the mail log, a summary. `use`
 * reads the log and prints. Returns the exit status.
 */
int summary_run(struct ctl *ctl, int (*use)(struct ctl *ctl, struct summary *s));
#define SUMMARY_OPTIONS                                                                                                \
    {'l', "label", "FILE", "known senders: lines of ADDRESS, NETWORK or DOMAIN, then ham or spam"},                    \
    {                                                                                                                  \
        'm', "mail-log", "FILE", "mail log with what became of the messages (Postfix, rspamd, spamd, amavis)"          \
    }

/* All of it as one JSON object; `name` as in json_open(). */
void summary_print_json(const struct summary *s, struct json *j, const char *name);

/* The hours from the first to the last decision: how many, and when the first begins. 0: no line has a time. */
size_t summary_hours(const struct summary *s, time_t *first);
/* How many decisions of that state fell into the hour `index` of these. */
uint64_t summary_hour(const struct summary *s, unsigned state, time_t first, size_t index);
/* How many judged greetings have this score or more; `scores` as above. */
uint64_t summary_from(const uint64_t scores[SUMMARY_SCORES], int score);
/* Rows of a tally of senders, those with most refusals first. */
tally_order summary_by_refused;
uint64_t summary_refused(const struct tally_row *row);
/* Entries of the settings that no line names. */
bool summary_unused(const struct summary *s, const struct exemption *entry);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * summary: the totals of a log: scores, rules, senders, times. `tune` and `report` print different parts of it. Its
 * memory does not grow with the log.
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
    SUMMARY_HOURS = 24 * 62, /* the last two months; older decisions are not shown by hour */
    SUMMARY_NEAR = 10,       /* a near miss is at most this many points below a threshold */
    /* A suggestion weighs senders against each other. Each counts at most this often for each outcome. */
    SUMMARY_SENDER_MAX = 10,
};

/* Columns of the tallies' values: outcomes first. */
enum { SUMMARY_SCORE_MAX = LOGGED_UNKNOWN, SUMMARY_PROVED, SUMMARY_VALUES };

struct summary_rule {
    uint64_t hits, refused;    /* refused: hits with points on greetings that were judged defer or reject */
    uint64_t decisive;         /* hits without which the outcome would be milder */
    uint64_t confirmed, spf;   /* hits on clients with a confirmed reverse name; with SPF pass for the HELO name */
    uint64_t proved;           /* decisive hits on clients that prove their HELO name */
    uint64_t welcome;          /* clients that it hit and that were welcomed later */
    uint64_t labelled[LABELS]; /* hits on clients with this label */
    uint64_t decided[LABELS];  /* decisive hits on clients with this label */
    /* Decisive hits on greetings of this kind, of which a sender counts for SUMMARY_SENDER_MAX at most. */
    uint64_t weighed[PATTERN_KINDS];
};

/* How the judgements of the shadow policy differ from those of the policy itself. */
struct summary_shadow {
    uint64_t decisions;                           /* with a shadow judgement */
    uint64_t table[OUTCOME_COUNT][OUTCOME_COUNT]; /* by what the policy judged, then by what its shadow judged */
    /* Tallies of "client\tHELO\tdomain": refused by the shadow policy alone, and by the policy alone. */
    struct table *more, *less;
};

/* What happened to the messages by the mail log. */
struct summary_fates {
    uint64_t spam[MAIL_SOURCES], ham[MAIL_SOURCES]; /* by the program that gave the opinion */
    uint64_t refused, delivered;                    /* messages about which nobody gave an opinion */
    uint64_t unknown;                               /* messages that are not in the log, or whose end is not in it */
};

struct summary {
    const struct settings *settings;
    const struct labels *labels;     /* NULL: none */
    const struct mail_log *mail_log; /* NULL: none; set before the first decision */
    struct logs_counts read;
    uint64_t states[LOGGED_STATES];  /* decisions by what the thresholds said */
    uint64_t actions[OUTCOME_COUNT]; /* decisions by what Postfix received */
    uint64_t modes[MODE_COUNT];
    uint64_t scores[SUMMARY_SCORES], proved_scores[SUMMARY_SCORES]; /* proved: as in struct logged */
    uint64_t label_scores[LABELS][SUMMARY_SCORES], label_states[LABELS][LOGGED_STATES];
    struct summary_rule rules[RULES_MAX];
    time_t from, to;                               /* 0: no line has a time */
    uint64_t hours[LOGGED_UNKNOWN][SUMMARY_HOURS]; /* by state; a ring, which summary_hour() reads */
    uint64_t by_hour[24];
    /* unasked: decisions that needed DNS although it was not queried; slow: decisions that took a second or more */
    uint64_t temperror, unasked, doubts, lookups, cached, slow, ms_sum, ms_max;
    struct table *networks, *domains, *near, *exemptions; /* tallies */
    struct table *senders;                                /* tally: how often each was weighed (SUMMARY_SENDER_MAX) */
    struct table *patterns;                               /* of greetings that the default policy judges again */
    uint64_t labelled;                                    /* judged greetings with a label */
    struct summary_fates fates[OUTCOME_COUNT];            /* by what the thresholds said */
    struct table *greetings;                              /* pairs that reached a threshold */
    struct table *clients;                                /* struct greeting_client */
    struct summary_shadow shadow;
};

/* It lies in the memory of the run. */
struct summary *summary_new(const struct ctl *ctl);
void summary_close(struct summary *s);
/*
 * Adds one decision as it was logged. `label` is a LABEL_ of labels.h; LABEL_NONE: what the labels, the line itself and
 * the mail log say. Returns the label that it counted with.
 */
int summary_add(struct summary *s, struct logged *l, int label);
/*
 * Reads the policy file, the labels, the mail log and the logs that the options name. With `judge` it judges the
 * decisions again by the policy file; without, those of the log count. `print` prints the result; it is not called if
 * the options name a file that cannot be read, or no log can be. Returns the exit status.
 */
int summary_run(struct ctl *ctl, bool judge, int (*print)(struct ctl *ctl, const struct summary *s));
#define SUMMARY_OPTIONS                                                                                                \
    {'l', "label", "FILE", "known senders: lines of ADDRESS, NETWORK or DOMAIN, then ham or spam"},                    \
    {                                                                                                                  \
        'm', "mail-log", "FILE", "mail log with what became of the messages; -m may be given several times"            \
    }

/* All of it as one JSON object; `name` as in json_open(). */
void summary_print_json(const struct summary *s, struct json *j, const char *name);

/* The number of hours from the first to the last decision, and when the first begins. 0: no line has a time. */
size_t summary_hours(const struct summary *s, time_t *first);
/* How many decisions of the state fell into the hour with this index, counted from `first`. */
uint64_t summary_hour(const struct summary *s, unsigned state, time_t first, size_t index);
/* How many judged greetings have this score or more. `scores` is an array of struct summary. */
uint64_t summary_from(const uint64_t scores[SUMMARY_SCORES], int score);
/* Orders the rows of a tally of senders: those with most refusals first. */
tally_order summary_by_refused;
uint64_t summary_refused(const struct tally_row *row);
/* Whether no line of the log names the entry. */
bool summary_unused(const struct summary *s, const struct exemption *entry);

#endif

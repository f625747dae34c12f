/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * summary: what a log comes to: scores, rules, senders, times. `tune` and `report` are two views of it. Its memory does
 * not grow with the log.
 */
#ifndef HELOD_SUMMARY_H
#define HELOD_SUMMARY_H

#include "json.h"
#include "labels.h"
#include "logged.h"
#include "tally.h"

enum {
    SUMMARY_SCORES = 152,    /* 0 to 150, and all above */
    SUMMARY_HOURS = 24 * 62, /* two months; what is later counts in the last */
    SUMMARY_NEAR = 10,       /* points under a threshold that are a near miss */
};

/* Columns of the tallies' values: outcomes first. */
enum { SUMMARY_SCORE_MAX = LOGGED_UNKNOWN, SUMMARY_GOOD, SUMMARY_VALUES };

struct summary_rule {
    uint64_t hits, decisive;   /* decisive: without it the outcome would be milder */
    uint64_t confirmed, spf;   /* hits on clients with a confirmed reverse name, with SPF pass for HELO */
    uint64_t wrong;            /* decisive on one of these */
    uint64_t welcome;          /* clients that were welcomed after it hit them */
    uint64_t labelled[LABELS]; /* hits on these */
};

struct summary {
    const struct settings *settings;
    const struct labels *labels; /* NULL: none */
    uint64_t lines, decisions, malformed;
    uint64_t states[LOGGED_STATES];
    uint64_t scores[SUMMARY_SCORES], good_scores[SUMMARY_SCORES]; /* good: confirmed, or SPF pass */
    uint64_t label_scores[LABELS][SUMMARY_SCORES], label_states[LABELS][LOGGED_STATES];
    struct summary_rule rules[RULES_MAX];
    time_t first_hour, from, to; /* 0: no line told its time */
    uint64_t hours[SUMMARY_HOURS], hours_refused[SUMMARY_HOURS], by_hour[24];
    uint64_t temperror, doubts, lookups, cached, slow, ms_sum, ms_max; /* slow: a second and more */
    struct tally *networks, *domains, *near, *exemptions, *greetings;
    struct tally *monitored; /* thresholds that were reached in monitor mode, by name */
    struct table *clients;   /* rules that hit and wait for a welcome */
};

bool summary_open(struct summary *s, const struct settings *settings, const struct labels *labels);
void summary_close(struct summary *s);
/* `judge`: what the policy of the settings says now counts, without its mode; else what was logged. */
int summary_read(struct summary *s, struct ctl *ctl, bool judge);
/* All of it as one JSON object; `name` as in json_open(). */
void summary_print_json(const struct summary *s, struct json *j, const char *name);

/* How many judged greetings have this score or more; `scores` as above. */
uint64_t summary_from(const uint64_t scores[SUMMARY_SCORES], int score);
/* Entries of the settings that no line names. */
bool summary_unused(const struct summary *s, const struct exemption *entry);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * survey: what a log comes to: scores, rules, senders, times. `tune` and `report` are two views of it. Its memory does
 * not grow with the log.
 */
#ifndef HELOD_SURVEY_H
#define HELOD_SURVEY_H

#include "json.h"
#include "labels.h"
#include "logged.h"
#include "tally.h"

enum {
    SURVEY_SCORES = 152,   /* 0 to 150, and all above */
    SURVEY_HOURS = 24 * 62, /* two months; what is later counts in the last */
    SURVEY_NEAR = 10,      /* points under a threshold that are a near miss */
};

/* Columns of the tallies' values: outcomes first. */
enum { SURVEY_SCORE_MAX = LOGGED_UNKNOWN, SURVEY_GOOD, SURVEY_VALUES };

struct survey_rule {
    uint64_t hits, decisive;   /* decisive: without it the outcome would be milder */
    uint64_t confirmed, spf;   /* hits on clients with a confirmed reverse name, with SPF pass for HELO */
    uint64_t wrong;            /* decisive on one of these */
    uint64_t welcome;          /* clients that were welcomed after it hit them */
    uint64_t labelled[LABELS]; /* hits on these */
};

struct survey {
    const struct settings *settings;
    const struct labels *labels; /* NULL: none */
    uint64_t lines, decisions, malformed;
    uint64_t states[LOGGED_STATES];
    uint64_t scores[SURVEY_SCORES], good_scores[SURVEY_SCORES]; /* good: confirmed, or SPF pass */
    uint64_t label_scores[LABELS][SURVEY_SCORES], label_states[LABELS][LOGGED_STATES];
    struct survey_rule rules[RULES_MAX];
    time_t first_hour, from, to;    /* 0: no line told its time */
    uint64_t hours[SURVEY_HOURS], hours_refused[SURVEY_HOURS], by_hour[24];
    uint64_t temperror, doubts, lookups, cached, slow, ms_sum, ms_max; /* slow: a second and more */
    struct tally *networks, *domains, *near, *exemptions, *greetings;
    struct tally *monitored;        /* thresholds that were reached in monitor mode, by name */
    struct table *clients;          /* rules that hit and wait for a welcome */
};

bool survey_open(struct survey *s, const struct settings *settings, const struct labels *labels);
void survey_close(struct survey *s);
/* `judge`: what the policy of the settings says now counts, without its mode; else what was logged. */
int survey_read(struct survey *s, struct ctl *ctl, bool judge);
/* All of it as one JSON object; `name` as in json_open(). */
void survey_print_json(const struct survey *s, struct json *j, const char *name);

/* How many judged greetings have this score or more; `scores` as above. */
uint64_t survey_from(const uint64_t scores[SURVEY_SCORES], int score);
/* Entries of the settings that no line names. */
bool survey_unused(const struct survey *s, const struct exemption *entry);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * greetings: the pairs of client and HELO name of a log that reached a threshold, each with its counts, its worst
 * decision and the signs that it may be honest. Bounded: when the table is full, the pair not seen for longest is
 * dropped and counted.
 */
#ifndef HELOD_GREETINGS_H
#define HELOD_GREETINGS_H

#include "labels.h"
#include "logged.h"
#include "table.h"

enum { GREETING_FINDINGS_SIZE = 240, GREETING_ID_SIZE = 16 };

/* Signs for or against a client's honesty, a bit each; greeting_sign_name() has the words. */
enum greeting_sign {
    SIGN_CONFIRMED, /* its reverse name is confirmed, which means little: most dynamic addresses have one */
    SIGN_PROVED,    /* the HELO name is its own (logged.proved) */
    SIGN_WELCOMED,  /* a later greeting of the same client reached no threshold and proved its name */
    SIGN_DELIVERED, /* the mail log says that its message was delivered */
    SIGN_HAM,       /* the labels or the mail log say that it sends ham */
    SIGN_SPAM,      /* the labels or the mail log say that it sends spam */
    SIGN_COUNT
};
const char *greeting_sign_name(enum greeting_sign sign);

struct greeting {
    struct table_entry entry;
    struct address client;
    const char *client_text, *helo, *rdns, *domain, *network; /* printable ASCII */
    uint64_t count, states[LOGGED_STATES];                    /* by what the thresholds said */
    uint64_t signs[SIGN_COUNT];                               /* in how many of the decisions each sign was seen */
    time_t first, last;                                       /* 0: no line has a time */
    /* Of the worst decision, which is the one with the worst outcome, and among these the highest score: */
    int score;
    unsigned worst; /* enum outcome */
    char id[GREETING_ID_SIZE];
    char findings[GREETING_FINDINGS_SIZE]; /* "rule:points rule:points", heaviest first */
};

/* A client in whose greetings something was found. */
struct greeting_client {
    struct table_entry entry; /* its key is the address */
    bool hit[RULES_MAX];      /* rules that hit and wait for a welcome */
    uint64_t welcomed;        /* how often a later greeting reached no threshold and proved its name */
};

/* Counts a decision that reached a threshold in the table of pairs. `label` is a LABEL_ of labels.h. */
void greetings_add(struct table *pairs, const struct logged *l, int label, bool delivered);
/*
 * All pairs, the most harmful first: would-be refusals that look wrong, then the other refusals, then marks; within
 * these by count, then by score. The caller frees the array.
 */
struct greeting **greetings_by_harm(const struct table *pairs, const struct table *clients, size_t *n);

/* Rejections and deferrals. */
uint64_t greeting_refused(const struct greeting *g);
/*
 * Whether refusing it would likely lose honest mail. A label decides; without one, a proved name or a later welcome. A
 * delivery does not: in monitor mode, without a content filter, all spam is delivered.
 */
bool greeting_looks_wrong(const struct greeting *g);

#endif

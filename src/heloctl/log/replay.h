/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: how another policy judges logged decisions. Private to the verb's files.
 */
#ifndef HELOD_REPLAY_H
#define HELOD_REPLAY_H

#include "logged.h"
#include "tally.h"

enum { REPLAY_GROUPS_MAX = 20000, REPLAY_TOP = 40 };

struct replay {
    struct ctl *ctl;
    const struct settings *settings;
    struct settings *old;
    bool dns;
    bool fresh[RULES_MAX];               /* rules that the new policy has and the old one did not run */
    unsigned fresh_count, fresh_unasked; /* unasked: new rules that cannot hit without --dns */
    struct logs_counts read;
    uint64_t table[LOGGED_STATES][LOGGED_STATES]; /* logged x new */
    uint64_t exact, changed, rescored;            /* rescored: the same outcome by another score or threshold */
    uint64_t answered_otherwise;                  /* the same outcome, but another mode */
    uint64_t cut, unknown_rules;
    const char *only;      /* list only changes to this outcome; NULL: all */
    size_t top;            /* list at most this many groups */
    struct table *reasons; /* tally of the reasons for which outcomes change */
    struct table *groups;  /* tally of "reason \t outcome \t network \t domain" */
};

void replay_print_text(const struct replay *r, FILE *out);
void replay_print_json(const struct replay *r, FILE *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: what a client has called itself before. One interface, several stores (none, memory, redis).
 *
 * history_ask() answers like the resolver: never before it returns, exactly once, never after a cancel. A store in
 * trouble answers `known = false`: no points come from it.
 */
#ifndef HELOD_HISTORY_H
#define HELOD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "address.h"

/* From which counts on the rules speak; of the settings, copied in by gather. 0: never, and so without a store. */
struct history_limits {
    unsigned churn_domains, shared_networks, known_days, known_count;
};

/* What the rules may see. All zero: nothing known. */
struct history_facts {
    struct history_limits limits;
    bool known;            /* the store answered */
    unsigned domains;      /* distinct registrable domains this client greeted with, unverified, in the window */
    unsigned names;        /* distinct unverified names */
    unsigned networks;     /* distinct client networks that used this HELO name unverified, in the window */
    unsigned good;         /* greetings of this network with this registrable domain that were verified */
    unsigned good_days;    /* days between the first and the last of these */
    bool verified_other;   /* this client is known for one verified name, which is not this one */
    time_t first_seen, last_seen; /* of this client network; 0: never */
};

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario: one scenario as it is told so far, the request that the daemon's own rooms judge, and what came of it.
 */
#ifndef TEST_SCENARIO_H
#define TEST_SCENARIO_H

#include <event2/event.h>
#include <stdbool.h>

#include "decision.h"
#include "decision_line.h"
#include "deployment.h"
#include "gather.h"
#include "guard.h"
#include "history.h"
#include "reply.h"
#include "request.h"
#include "resolver.h"
#include "settings.h"

enum { CONF_SIZE = 16384, WORD_SIZE = 2300, ATTRIBUTES_MAX = 24 };

struct scenario {
    char name[200];
    char conf[CONF_SIZE];
    char words[ATTRIBUTES_MAX][WORD_SIZE]; /* attribute values, by attributes[] */
    struct settings *settings;
    struct resolver *resolver;
    struct region *region;
    enum limit limit;
    bool suspend, remembers;
    int trouble;
    struct guard guard;
    struct deployment deployment;
    char advice[300]; /* the last that was given */
    unsigned advised;
    struct event_base *base;
    struct history *history;
    bool asked;
    uint64_t ms;
    const struct gathered *gathered; /* NULL until there is an answer */
    const struct evidence *evidence; /* of it */
    struct request request;
    struct verdict verdict, shadow;
    char reply[REPLY_SIZE];
    char line[DECISION_LINE_SIZE];
    char why[600]; /* first thing that was wrong */
};

/* The attributes of a request that a scenario can set, and what they are before. */
extern const struct attribute {
    const char *name;
    size_t offset; /* in struct request */
    const char *initial;
} attributes[];
extern const size_t attribute_count;

/* The first fault of the scenario is kept; the rest follow from it. */
void wrong(struct scenario *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Makes the request: evidence, verdict, reply and line are its answer. */
void ask(struct scenario *s);
/* Checks the answer when `name` is a check (expect, finding, reply …); else false. */
bool check(struct scenario *s, const char *name, char *rest);

#endif

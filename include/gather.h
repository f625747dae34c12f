/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather: request to evidence, the only asynchronous stage. It judges what is known, asks for the kinds of evidence
 * that an open rule waits for, waits, and judges again, until the outcome is decided or nothing is left to ask. The
 * last judgement is handed back with the evidence: nobody has to run the rules again.
 *
 * It also decides who is not judged (evidence.skip): authenticated clients, unknown clients, requests that are not
 * about mail, and exempt clients. A HELO or reverse-name exemption holds once the name is confirmed.
 *
 * There is one struct gather per request in flight. The owner runs the deadline's timer and calls gather_expire() when
 * it fires.
 */
#ifndef HELOD_GATHER_H
#define HELOD_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence.h"
#include "judgement.h"
#include "region.h"
#include "resolver.h"
#include "settings.h"

struct gather;
struct history;
struct json;
struct text;

/* What all requests share. The owner keeps it alive longer than any gather. */
struct gather_context {
    struct resolver *resolver; /* NULL: nothing is looked up (replay, tests) */
    struct history *history;   /* NULL: none */
};

/* What the policy file's dns section means to the resolver. The texts stay the settings'. */
void gather_resolver_options(struct resolver_options *out, const struct dns_settings *dns);

/* Called with every answer while gathering, for `heloctl check` and `heloctl audit`. The answer is borrowed. */
typedef void gather_observer(void *arg, const struct dns_answer *answer, bool from_cache);

/* The result: the evidence, and what the policy and its shadow make of it. */
struct gathered {
    const struct evidence *evidence;
    struct judgement judgement, shadow; /* shadow: only where the policy has one */
};
typedef void gather_done(void *arg, const struct gathered *gathered);

/* One request. All that it points to outlives the evidence. */
struct gather_options {
    const struct settings *settings;
    const struct policy *policy;
    const struct request *request;
    struct region *region;
    gather_done *done; /* called once, unless gather_start() returned the result, or after gather_cancel() */
    void *arg;
    enum limit limit; /* other than LIMIT_NONE: only cached and local facts are used */
    /*
     * Called with `arg` before the first lookup that the cache does not answer; the result becomes `limit`. NULL:
     * none
     */
    enum limit (*limit_of)(void *arg);
    bool suspend_dns;          /* the guard: DNS evidence is taken as TEMPERROR */
    bool everything;           /* `heloctl check`: do not stop when the outcome is decided */
    unsigned also;             /* enum need: with `everything`, kinds to ask for though no rule needs them */
    gather_observer *observer; /* may be NULL */
    void *observer_arg;
};

/*
 * Starts. Returns the result when everything is known at once, and then never calls `done`. Otherwise *pending is set
 * and `done` is called once, later. NULL with *pending NULL: no memory.
 */
const struct gathered *gather_start(const struct gather_context *context, const struct gather_options *options,
                                    struct gather **pending);
/* The deadline: whatever is missing is TEMPERROR; `done` is called before this returns. */
void gather_expire(struct gather *g);
void gather_cancel(struct gather *g);

/*
 * The kinds of evidence, one complete row each; every row is defined in its own file under src/evidence. `text` adds
 * lines of "label  value" for a person, `json` adds members to an open object; both say what is known of the kind.
 */
struct gather_kind {
    enum need need;
    void (*begin)(struct gather *g);           /* takes what the request itself says; NULL: nothing */
    bool (*possible)(const struct gather *g);  /* there is something to ask for, as far as is known now */
    unsigned (*after)(const struct gather *g); /* enum need: kinds to ask first, if wanted; NULL: none */
    void (*ask)(struct gather *g);
    void (*conclude)(struct gather *g); /* sums up after each wave; NULL: nothing to do */
    void (*text)(const struct evidence *e, struct text *t);
    void (*json)(const struct evidence *e, struct json *j);
};
extern const struct gather_kind *const gather_kinds[]; /* ended by NULL */

#endif

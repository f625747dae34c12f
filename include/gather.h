/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather: collects the evidence for a request; the only asynchronous stage. It judges what is known, fetches the kinds
 * of evidence that an open rule needs, waits, and judges again, until the outcome is decided or nothing is left to
 * fetch. It returns the last judgement with the evidence, so the caller need not run the rules again.
 *
 * It also decides which requests are not judged (evidence.skip): those of authenticated, unknown or exempt clients, and
 * those that are not about mail. An exemption by HELO or reverse name applies once the name is confirmed.
 *
 * There is one struct gather per request in flight. The caller owns the deadline's timer and calls gather_expire() when
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

/* What all requests share. It must outlive every gather. */
struct gather_context {
    struct resolver *resolver; /* NULL: nothing is looked up (replay, tests) */
    struct history *history;   /* NULL: none */
};

/* Converts the policy file's dns section to resolver options. Their texts still belong to the settings. */
void gather_resolver_options(struct resolver_options *out, const struct dns_settings *dns);

/* Called with every DNS answer, for `heloctl check` and `heloctl audit`. The answer is valid during the call only. */
typedef void gather_observer(void *arg, const struct dns_answer *answer, bool from_cache);

/* The result: the evidence, and how the policy and its shadow judge it. */
struct gathered {
    const struct evidence *evidence;
    struct judgement judgement, shadow; /* shadow: unset unless the policy has one */
};
typedef void gather_done(void *arg, const struct gathered *gathered);

/* One request. Everything it points to must outlive the evidence. */
struct gather_options {
    const struct settings *settings;
    const struct policy *policy;
    const struct request *request;
    struct region *region;
    gather_done *done; /* called once; never if gather_start() returned the result, or after gather_cancel() */
    void *arg;
    enum limit limit; /* other than LIMIT_NONE: only cached and local facts are used */
    /* Called with `arg` before the first lookup that the cache cannot answer; its result becomes `limit`. Or NULL */
    enum limit (*limit_of)(void *arg);
    bool suspend_dns;          /* the resolver guard is active: treat all DNS evidence as TEMPERROR */
    bool everything;           /* `heloctl check`: do not stop when the outcome is decided */
    unsigned also;             /* enum need: with `everything`, kinds to fetch although no rule needs them */
    gather_observer *observer; /* may be NULL */
    void *observer_arg;
};

/*
 * Starts gathering. If everything is known at once it returns the result and never calls `done`. Otherwise it returns
 * NULL and sets *pending, and `done` is called once, later. Both are NULL if there is no memory.
 */
const struct gathered *gather_start(const struct gather_context *context, const struct gather_options *options,
                                    struct gather **pending);
/* The deadline has passed: treats all missing evidence as TEMPERROR and calls `done` before it returns. */
void gather_expire(struct gather *g);
/* Stops gathering; `done` is not called. The memory of `g` is the region's. */
void gather_cancel(struct gather *g);

/*
 * The kinds of evidence, one complete row each; every row is defined in its own file under src/evidence. `text` and
 * `json` write what is known of the kind: lines of "label  value" for a person, and members of an open object.
 */
struct gather_kind {
    enum need need;
    void (*begin)(struct gather *g);          /* takes what the request itself says; NULL: nothing */
    bool (*possible)(const struct gather *g); /* whether there is anything to fetch, by what is known so far */
    unsigned after;                           /* enum need: kinds to fetch before this one, if needed */
    unsigned after_confirmed;                 /* the same where Postfix has confirmed a reverse name */
    void (*ask)(struct gather *g);
    void (*conclude)(struct gather *g); /* sums up after each wave; NULL: nothing to do */
    void (*text)(const struct evidence *e, struct text *t);
    void (*json)(const struct evidence *e, struct json *j);
};
extern const struct gather_kind *const gather_kinds[]; /* ended by NULL */

#endif

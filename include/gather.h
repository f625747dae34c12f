/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gather: request to evidence, the only asynchronous stage. Asks in waves, only for what the policy's rules need and
 * Postfix has not proved, and stops as soon as the verdict is settled.
 *
 * It also decides who is not judged (evidence.skip): authenticated clients, unknown clients, questions that are about
 * no mail, and the exempt; a HELO or reverse-name exemption counts once it is confirmed.
 *
 * One struct gather per question in flight. The owner sets the deadline's timer and calls gather_expire() when it
 * comes.
 */
#ifndef HELOD_GATHER_H
#define HELOD_GATHER_H

#include <stdbool.h>
#include <stdint.h>

#include "evidence.h"
#include "region.h"
#include "resolver.h"
#include "settings.h"

struct gather;
struct history;

/*
 * What the DNS said of greetings, kept for the next of the same kind: no longer than the resolver's cache keeps the
 * answers it rests on, bounded in number and bytes. Of questions under one policy file.
 */
struct gather_kept;

struct gather_kept *gather_kept_new(const struct settings *settings); /* NULL: no memory */
void gather_kept_free(struct gather_kept *kept);                      /* NULL is allowed */
/* All that is there goes. Questions under other settings than these are gathered without it from now on. */
void gather_kept_renew(struct gather_kept *kept, const struct settings *settings);
size_t gather_kept_count(const struct gather_kept *kept);
size_t gather_kept_bytes(const struct gather_kept *kept);

/* What all questions share; the owner keeps it alive longer than any gather. */
struct gather_context {
    struct resolver *resolver; /* NULL: nothing is asked (replay, tests) */
    struct history *history;   /* NULL: none */
    struct gather_kept *kept;  /* NULL: nothing is kept */
};

/* What the policy file's dns section means to the resolver. The texts stay the settings'. */
void gather_resolver_options(struct resolver_options *out, const struct dns_settings *dns);

/* Told of every answer while gathering, for `heloctl check` and `heloctl audit`. The answer is borrowed. */
typedef void gather_observer(void *arg, const struct dns_answer *answer, bool from_cache);

struct gather_options {
    const struct settings *settings; /* both outlive the gather */
    const struct policy *policy;
    enum limit limit;          /* other than LIMIT_NONE: cache and local facts alone */
    bool suspend_dns;          /* the guard: DNS evidence is taken as TEMPERROR */
    bool everything;           /* `heloctl check`: do not stop when settled */
    unsigned also;             /* enum need: asked for though no rule needs it (`heloctl audit`) */
    gather_observer *observer; /* may be NULL */
    void *observer_arg;
};

typedef void gather_done(void *arg, const struct evidence *e);

/*
 * Starts. When all is known at once returns the evidence and never calls back; else *pending is set and `done` is
 * called once, later, unless gather_cancel(). NULL with *pending NULL: no memory. `req` and the region outlive the
 * evidence.
 */
const struct evidence *gather_start(const struct gather_context *context, const struct gather_options *options,
                                    const struct request *req, struct region *r, gather_done *done, void *arg,
                                    struct gather **pending);
/* The deadline: marks what is missing as TEMPERROR and calls `done` before it returns. */
void gather_expire(struct gather *g);
void gather_cancel(struct gather *g);

#endif

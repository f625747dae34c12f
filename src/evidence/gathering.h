/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gathering: one question while its evidence is being gathered. Private to the room; one file per kind of fact
 * (local.c, rdns.c, helo.c, history.c, identity.c), gather.c runs them in waves, kept.c spares them.
 *
 * A fact file only stores what an answer says; it never decides what is asked next: that is the wave's, so that an
 * answer out of the cache cannot recurse.
 */
#ifndef HELOD_GATHERING_H
#define HELOD_GATHERING_H

#include "decision.h"
#include "gather.h"
#include "spf.h"

/* Of one question: what an answer to a look-up is for. */
typedef void gathering_answer(struct gather *g, unsigned index, const struct dns_answer *answer);

struct gathering_ask {
    struct gather *gather;
    gathering_answer *handler;
    unsigned index;
    struct resolver_query *query; /* NULL once answered */
    struct gathering_ask *next;
};

enum { GATHERING_CLIENT_FAMILY, GATHERING_OTHER_FAMILY, GATHERING_FAMILIES };

struct gather {
    struct gather_context context;
    struct gather_options options;
    struct region *region;
    gather_done *done;
    void *arg;

    struct evidence e;
    struct decision_course course, shadow_course; /* judged between the waves */
    unsigned wave;
    unsigned needs; /* of the policy and its shadow, without what this greeting cannot have */
    unsigned asked; /* enum need: already under way or answered */
    unsigned news;  /* enum need: asked for since it was last judged */
    unsigned pending;
    bool returned; /* gather_start() has returned: the end is told by calling back */
    bool finished;
    struct gathering_ask *asks;
    uint64_t waiting_since_ms; /* for a look-up; 0: nothing had to be waited for */
    char *key;                 /* by which what comes may be kept; NULL: it may not */
    size_t key_size;
    uint64_t now_ms;   /* when it was looked for among what is kept */
    uint64_t until_ms; /* so long stays in the cache all that was answered since; 0: not all is there */
    unsigned recalled; /* of e.queries: out of what is kept */

    bool postfix_confirmed;  /* rdns[0] is Postfix's client_name */
    bool has_helo_exemption; /* an entry matches the HELO name; it counts once the name is confirmed */
    int32_t helo_exemption;
    enum known helo_family[GATHERING_FAMILIES]; /* TEMPERROR from the moment it is asked until it is answered */
    unsigned nxdomains;                         /* of the families */
    struct spf *spf;
    struct history_query *history; /* under way */
};

/* Asks; the handler is called at once (cache, or nothing can be asked) or later. */
void gathering_ask(struct gather *g, const char *name, enum dns_type type, gathering_answer *handler, unsigned index);
/* The same where the caller goes on by itself: what is known at once is returned, and the handler is not called. */
const struct dns_answer *gathering_get(struct gather *g, const char *name, enum dns_type type,
                                       gathering_answer *handler, unsigned index);
/* Marks kinds as asked for. What comes of them is judged once all of a wave is there. */
void gathering_asks_for(struct gather *g, unsigned needs);
/* One thing that was under way has come: goes on when it was the last. */
void gathering_arrived(struct gather *g);

/* local.c: what the question itself tells. False: out of memory. */
bool gathering_local(struct gather *g);
/* local.c: who is not judged, as far as it is known by now. Sets e.skip and e.exemption. */
void gathering_skips(struct gather *g);
void gathering_exemptions(struct gather *g);

/* rdns.c */
void gathering_reverse(struct gather *g);                    /* asks PTR */
void gathering_confirm(struct gather *g);                    /* asks the forward records of the names */
void gathering_rdns_add(struct gather *g, const char *text); /* one that an answer had */
void gathering_rdns_sum(struct gather *g);                   /* fcrdns and confirmed, from what is known */

/* helo.c */
enum dns_type gathering_client_type(const struct gather *g); /* A or AAAA, as the client's address is */
void gathering_helo(struct gather *g, unsigned family);      /* asks A or AAAA */
void gathering_helo_mx(struct gather *g);
void gathering_helo_sum(struct gather *g); /* helo_address from its families */

/* history.c */
void gathering_history(struct gather *g);
void gathering_history_at_once(struct gather *g); /* where that costs no waiting */

/* kept.c. True: all or some of the waves have been recalled. Makes the key, where such a question may be kept. */
bool gathering_recall(struct gather *g);
void gathering_keep(const struct gather *g); /* a question that has a key, at its end */

/* identity.c: SPF of the HELO name */
void gathering_spf(struct gather *g);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gathering: one request while its evidence is being gathered. Private to the room.
 *
 * Calls go one way: gather.c runs the rows of the kinds; a kind's file calls lookup.c to ask, and stores the answers;
 * lookup.c calls back into gather.c only through `resume`. A kind's file never decides what is asked next, so answers
 * from the cache cannot cause recursion.
 */
#ifndef HELOD_GATHERING_H
#define HELOD_GATHERING_H

#include "gather.h"
#include "spf.h"

/* What the answer to a lookup is for. */
typedef void gathering_answer(struct gather *g, unsigned index, const struct dns_answer *answer);

/*
 * What lookups have cost, in bytes of answers. The client's reverse zone, the HELO name's zone and that of the domain
 * which it claims to be of (owner.c) have an account each, so that none can use up what another needs: a forged HELO
 * name is looked up however large the PTR answer is.
 */
enum gathering_account { ACCOUNT_REVERSE, ACCOUNT_HELO, ACCOUNT_OWNER, ACCOUNTS };

struct gathering_ask {
    struct gather *gather;
    gathering_answer *handler;
    unsigned index;
    enum gathering_account account;
    struct resolver_query *query; /* NULL once answered */
    struct gathering_ask *next;
};

enum { CLIENT_FAMILY, OTHER_FAMILY, FAMILIES };
enum { SPF_OF_HELO, SPF_OF_OWNER, SPF_COUNT };

struct gather {
    struct gather_context context;
    struct gather_options options;
    struct region *region;
    struct evidence e;
    struct gathered result;
    void (*resume)(struct gather *g); /* everything that was under way has arrived */

    unsigned asked;                    /* enum need: under way or answered */
    unsigned pending, reverse_pending; /* lookups and history under way; of these, lookups of reverse names */
    bool judged_ahead;                 /* the last judgement did not wait for the reverse names */
    uint32_t spent[ACCOUNTS];
    bool returned; /* gather_start() has returned, so the result goes to options.done */
    bool finished;
    struct gathering_ask *asks;
    uint64_t waiting_since_ms; /* for a lookup; 0: nothing had to be waited for */

    bool postfix_confirmed;           /* rdns[0] is Postfix's client_name */
    bool exempt_left_out;             /* a PTR name that was left out may be exempt */
    unsigned exempt_needs;            /* enum need: what an exemption that may hold waits for */
    enum known helo_family[FAMILIES]; /* TEMPERROR from the moment it is asked until it is answered */
    unsigned nxdomains;               /* of the families */
    struct spf *spf[SPF_COUNT];       /* under way or done */
    struct history_query *history;    /* under way */
};

struct gathering_question {
    const char *name;
    enum dns_type type;
    enum gathering_account account;
    gathering_answer *handler;
    unsigned index; /* for the handler */
};

/* lookup.c. Asks; the handler is called at once (cache, or nothing can be asked) or later. */
void lookup_ask(struct gather *g, const struct gathering_question *question);
/* The same, but an answer that is known at once is returned to the caller instead of passed to the handler. */
const struct dns_answer *lookup_get(struct gather *g, const struct gathering_question *question);
enum dns_type lookup_client_type(const struct gather *g); /* A or AAAA, as the client's address is */
/* One of the things that `pending` counts has arrived. */
void lookup_arrived(struct gather *g);

/* local.c: what the request itself says of HELO and sender. False: out of memory. */
bool local_names(struct gather *g);
/* The same for the recipient, which no rule needs if HELO is known to be the client's. */
void local_recipient(struct gather *g);

/* exempt.c: who is not judged. Sets skip, exemption and exempt. */
void exempt_client(struct gather *g); /* by what the request says of the client */
void exempt_names(struct gather *g);  /* by the names, as far as they are known */
bool exempt_matches(const struct gather *g, const char *reverse_name);

/* Whether the limits allow only cached answers. Called before the first query, since only requests that query count. */
static inline bool gathering_is_limited(struct gather *g)
{
    if (g->options.limit == LIMIT_NONE && g->options.limit_of) {
        g->options.limit = g->options.limit_of(g->options.arg);
        g->options.limit_of = NULL;
    }
    return g->options.limit != LIMIT_NONE;
}

/* HELO is a name that can be looked up at all. */
static inline bool gathering_helo_is_askable(const struct gather *g)
{
    return g->e.helo.kind == NAME_HOST && g->e.helo.reserved == NAME_RESERVED_NONE;
}

/* helo_spf.c: starts SPF of that domain. */
void helo_spf_start(struct gather *g, unsigned which, const char *domain);
/* The deadline has passed: what is not done is a temporary failure. */
void helo_spf_abandon(struct gather *g);

/* Whether reverse DNS has verified HELO. Then no other record of the name can add anything, so none is looked up. */
static inline bool gathering_helo_is_verified(const struct gather *g)
{
    return g->e.confirmed && name_equal(&g->e.confirmed->name, &g->e.helo);
}

/* The rows of gather_kinds. */
extern const struct gather_kind kind_history, kind_reverse, kind_confirm, kind_helo_address, kind_helo_mx,
    kind_helo_spf, kind_owner;

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * evidence: everything that is known about one greeting when it is judged. gather (or a test) fills it in. The rules
 * get it as const and see nothing else. Its texts and arrays live in the request's region or in the request itself.
 */
#ifndef HELOD_EVIDENCE_H
#define HELOD_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "answer.h"
#include "history.h"
#include "names.h"
#include "request.h"
#include "spf.h"

/* A failed lookup is a value of its own, so that a DNS failure is never mistaken for "no such record". */
enum known {
    KNOWN_NOT_ASKED,
    KNOWN_PRESENT,
    KNOWN_ABSENT,
    KNOWN_TEMPERROR,
};

/* The kinds of evidence. Each rule names those it reads; gather fetches those that an OPEN rule still needs. */
enum need {
    NEED_REVERSE = 1u << 0,      /* rdns[]: the PTR names */
    NEED_CONFIRM = 1u << 1,      /* rdns[].confirmed and fcrdns */
    NEED_HELO_ADDRESS = 1u << 2, /* A and AAAA of the HELO name */
    NEED_HELO_MX = 1u << 3,      /* MX of the HELO name, when it has no address */
    NEED_HELO_SPF = 1u << 4,
    NEED_HISTORY = 1u << 5,
    NEED_OWNER = 1u << 6, /* what evidence_owner(), the domain that HELO claims to belong to, says about the client */
};

enum { EVIDENCE_RDNS_MAX = 10, EVIDENCE_ADDRESSES_MAX = 32 };

/* Why a greeting is not judged at all. Set by gather; such a greeting has no findings. */
enum skip {
    SKIP_NONE,
    SKIP_EXEMPT,        /* `exemption` says which entry */
    SKIP_AUTHENTICATED, /* SASL or client certificate */
    SKIP_NO_CLIENT,     /* client_address=unknown */
    SKIP_NO_MAIL,       /* VRFY, ETRN, CONNECT */
    SKIP_TROUBLE,       /* helod itself failed: no memory */
    SKIP_COUNT
};

/* Why gather did not query DNS although a rule needed more evidence. Cached answers were still used. */
enum limit {
    LIMIT_NONE,
    LIMIT_STRESS,         /* Postfix says stress=yes */
    LIMIT_CLIENT_RATE,    /* the client's network sent more than client_rate requests in this minute */
    LIMIT_CLIENT_WAITING, /* too many requests of the client's network are waiting for DNS */
    LIMIT_GUARD,          /* the resolver is in trouble */
    LIMIT_ANSWERS,        /* the answers so far were too large, or too many */
    LIMIT_OFFLINE,        /* heloctl: replay without --dns, survey --offline */
    LIMIT_COUNT
};

/* Whether the client's network exceeded its own limits. The other limits are no fault of the client. */
static inline bool limit_is_the_clients(enum limit limit)
{
    return limit == LIMIT_CLIENT_RATE || limit == LIMIT_CLIENT_WAITING;
}

enum rdns_fit {
    FIT_NONE,
    FIT_DOMAIN,
    FIT_NAME,
    FIT_COUNT
}; /* a reverse name: unrelated to the HELO name, in the same registrable domain, or equal to it */

struct evidence_rdns {
    struct name name;
    struct naming naming;
    enum rdns_fit fit;    /* set by evidence_conclude() */
    enum known confirmed; /* PRESENT: one of its addresses is the client's; ABSENT: none is, or it has no address */
    bool has_address;     /* it has addresses, so ABSENT means that none of them is the client's */
};

/*
 * How well the client's identity is proved, from weakest to strongest. struct evidence holds both what is proved so far
 * and the best that missing evidence could still prove; identity_at_least() compares a level with the two.
 */
enum identity_level {
    IDENTITY_NOTHING,  /* none of the following */
    IDENTITY_NAMED,    /* the client has a confirmed reverse name that is a server's own, not a provider's default */
    IDENTITY_ALIGNED,  /* HELO and a confirmed reverse name share a registrable domain */
    IDENTITY_VERIFIED, /* HELO leads to the client: a confirmed reverse name, one of its addresses, or its SPF record */
    IDENTITY_COUNT
};

struct evidence {
    enum skip skip;
    int32_t exemption;                              /* number of the entry that exempts (SKIP_EXEMPT), or -1 */
    enum answer exempt;                             /* OPEN: an entry of `exempt` could still turn out to match */
    enum identity_level identity, identity_at_best; /* set by evidence_conclude() */
    /*
     * Whether a reverse name that fits HELO at least this well is confirmed. helo_own[] also requires that neither name
     * is one that a provider assigned. Set by evidence_conclude().
     */
    enum answer helo_confirmed[FIT_COUNT], helo_own[FIT_COUNT];
    const struct request *request;
    struct address client;
    bool client_is_local; /* in local.networks, or one of this host's addresses */

    struct name helo;
    struct naming helo_naming;
    const char *const *helo_provider;   /* name_provider() of the HELO name; NULL: none */
    bool helo_is_ours;                  /* a name of `local` (or of this host), from a client that is not local */
    bool helo_is_our_address;           /* a literal or bare address of `local` networks, or of this host */
    const char *const *sender_provider; /* the same for the sender's domain */
    struct name sender_domain;          /* NAME_EMPTY for the null sender or before MAIL */
    struct name recipient_domain;       /* NAME_EMPTY also if HELO is the client's: no rule needs it then */

    /* Reverse DNS. A name that Postfix has confirmed (client_name) comes first and counts as confirmed. */
    enum known reverse;  /* PRESENT: at least one usable PTR name */
    bool reverse_silent; /* TEMPERROR, and the zone has failed for over an hour: resolver_zone_is_silent() */
    bool rdns_partial;   /* PRESENT only because Postfix gave a name: there may be other PTR names */
    unsigned rdns_count, rdns_left_out;
    struct evidence_rdns rdns[EVIDENCE_RDNS_MAX];
    enum known fcrdns; /* PRESENT: some name is confirmed. TEMPERROR: none is, and a lookup failed */
    const struct evidence_rdns *confirmed; /* the confirmed name that fits HELO best; of equals the first; or NULL */

    /* Forward DNS of the HELO name (kind NAME_HOST). */
    enum known helo_address; /* PRESENT: has A or AAAA; ABSENT: has neither; TEMPERROR: unknown, a lookup failed */
    bool helo_nxdomain;
    unsigned helo_address_count;
    struct address helo_addresses[EVIDENCE_ADDRESSES_MAX];
    enum known helo_is_client; /* PRESENT: one of them is the client's; ABSENT: none of the client's family is */
    bool helo_near_client;     /* one of them is in the client's /24 or /48 */
    enum known helo_mx;        /* PRESENT: has an MX that is no null MX */

    const struct spf_outcome *helo_spf;  /* NULL: not evaluated */
    enum known owner_is_client;          /* evidence_owner(): one of its addresses is the client's */
    const struct spf_outcome *owner_spf; /* of that domain; NULL: not evaluated */
    enum answer starttls;                /* Postfix offers STARTTLS to this policy's clients; set with the history */
    struct history_facts history;

    /* How the evidence was gathered, for the decision line and `heloctl check`. */
    enum limit limit; /* LIMIT_NONE: every lookup that was needed was made */
    bool deadline;    /* the deadline passed, so the greeting was judged on incomplete evidence */
    unsigned queries, cached;
    uint64_t dns_ms;
};

/*
 * Derives from the other fields how the reverse names fit HELO, `identity` and `identity_at_best`. Call it after every
 * change to the evidence, before the rules run; gather does so after every wave of lookups. (src/rules/identity.c)
 */
void evidence_conclude(struct evidence *e);
/*
 * The domain that the client claims to belong to, if that could be an impersonation: a large provider's, or the
 * recipient's. NULL: none, or it is the HELO name itself, whose records are looked up anyway.
 */
const char *evidence_owner(const struct evidence *e);
/*
 * How history records the greeting: as verified (YES: at least aligned), as unverified (NO: the HELO name is certainly
 * not the client's), or not at all (OPEN).
 */
enum answer evidence_verified(const struct evidence *e);
/* "verified", "aligned", "named", "nothing"; "open" when nothing is proved yet and something still could be. */
const char *identity_name(const struct evidence *e);

/* "not asked", "present", "absent", "temperror". The second function has "yes" and "no" for present and absent. */
const char *evidence_known_name(enum known known);
const char *evidence_known_answer(enum known known);

static inline enum answer identity_at_least(const struct evidence *e, enum identity_level level)
{
    return e->identity >= level ? YES : e->identity_at_best < level ? NO : OPEN;
}

#endif

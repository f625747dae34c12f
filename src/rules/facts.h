/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts: the questions that several families ask of the evidence. Private to the room. Each answers true only when it
 * is sure, and says what it needs.
 */
#ifndef HELOD_RULES_FACTS_H
#define HELOD_RULES_FACTS_H

#include "rule.h"

/*
 * Traits, for the catalogue: the kind of the HELO name, its flags, the class of reserved names, how it is built; then
 * what several rules begin with. All are local, but for the last four, which go away for good once a reverse name is
 * confirmed; that of a well configured sender Postfix has confirmed before anything is asked.
 */
enum { TRAIT_KIND = 0, TRAIT_FLAG = 6, TRAIT_RESERVED = 18, TRAIT_NAMING = 24, TRAIT_OTHER = 40, TRAIT_COUNT = 55 };
#define KIND(kind) (UINT64_C(1) << (TRAIT_KIND + (kind)))
#define FLAG(flag) ((uint64_t)(flag) << TRAIT_FLAG)
#define RESERVED(class) (UINT64_C(1) << (TRAIT_RESERVED + (class)))
#define NAMING(flag) ((uint64_t)(flag) << TRAIT_NAMING)
#define TRAIT_ANY (UINT64_C(1) << (TRAIT_OTHER + 10))        /* every greeting has it */
#define TRAIT_HOST (UINT64_C(1) << TRAIT_OTHER)              /* a host name that can exist on the Internet */
#define TRAIT_OWN_HOST (UINT64_C(1) << (TRAIT_OTHER + 1))    /* and that no access provider gave */
#define TRAIT_BARE_DOMAIN (UINT64_C(1) << (TRAIT_OTHER + 2)) /* and that is a registrable domain, no more */
#define TRAIT_PROVIDER (UINT64_C(1) << (TRAIT_OTHER + 3))    /* a large provider's name */
#define TRAIT_OURS (UINT64_C(1) << (TRAIT_OTHER + 4))
#define TRAIT_OUR_ADDRESS (UINT64_C(1) << (TRAIT_OTHER + 5))
#define TRAIT_NO_EHLO (UINT64_C(1) << (TRAIT_OTHER + 6))
#define TRAIT_BOUNCE (UINT64_C(1) << (TRAIT_OTHER + 7)) /* the null sender, once there is a sender */
#define TRAIT_SENDER_DOMAIN (UINT64_C(1) << (TRAIT_OTHER + 8))
#define TRAIT_SENDER_PROVIDER (UINT64_C(1) << (TRAIT_OTHER + 9))
#define TRAIT_UNCONFIRMED (UINT64_C(1) << (TRAIT_OTHER + 11))     /* no reverse name is confirmed */
#define TRAIT_UNVERIFIED_HOST (UINT64_C(1) << (TRAIT_OTHER + 12)) /* TRAIT_HOST, and none that is confirmed equals it */
#define TRAIT_UNVERIFIED_WORD (UINT64_C(1) << (TRAIT_OTHER + 13)) /* the same of any word */
#define TRAIT_SENDER_APART (UINT64_C(1) << (TRAIT_OTHER + 14))    /* TRAIT_SENDER_DOMAIN and TRAIT_UNVERIFIED_HOST */
uint64_t greeting_traits(const struct evidence *e);

/* HELO is a host name that can exist on the Internet. Local. */
bool helo_is_host(const struct evidence *e);
/* HELO is a word, of one label or many: not an address, not malformed. Local. */
bool helo_is_word(const struct evidence *e);
/* HELO looks like a name that the access provider gave: it says whose line this is, not whose host. Local. */
bool helo_looks_assigned(const struct evidence *e);
/*
 * The PTR names are known, or that there are none. Of more names than are looked at, those that fit HELO are kept:
 * what was left out excuses nothing, else whoever has a reverse zone would buy silence with a few more records.
 * NEED_REVERSE.
 */
bool reverse_is_told(const struct evidence *e);
/* The same, and none was left out: for what is said of every name. NEED_REVERSE. */
bool reverse_is_whole(const struct evidence *e);
/* Some PTR name, confirmed or not, is HELO itself; lies in HELO's registrable domain. NEED_REVERSE. */
bool helo_is_reverse_name(const struct evidence *e);
bool helo_shares_domain(const struct evidence *e);
/*
 * All PTR names are known and none is of HELO's organisation: nothing excuses a missing forward record.
 * NEED_REVERSE.
 */
bool helo_stands_alone(const struct evidence *e);
/* The same, as far as one can say before the PTR names are known: false once one of them fits. */
bool helo_may_stand_alone(const struct evidence *e);
/* A name that could be confirmed, or is, fits HELO: 2 equal, 1 of its domain. For `possible`. */
bool helo_may_be_confirmed(const struct evidence *e, int fit);
/*
 * How well the confirmed reverse name fits HELO: 2 equal, 1 of its domain, 0 not or none. NEED_REVERSE,
 * NEED_CONFIRM.
 */
int helo_confirmed_fit(const struct evidence *e);
/*
 * HELO surely does not belong to the client (evidence_verified). NEED_REVERSE, NEED_CONFIRM, NEED_HELO_ADDRESS,
 * NEED_HELO_SPF; a word that is no host name needs none.
 */
bool helo_is_unverified(const struct evidence *e);
/* It may yet turn out so. For `possible`. */
bool helo_may_be_unverified(const struct evidence *e);
/*
 * The same of names that do not look assigned: that a line's name fits itself, or HELO the access provider's domain,
 * says nothing of an organisation. For credits.
 */
int helo_own_fit(const struct evidence *e);
bool helo_may_be_own(const struct evidence *e, int fit);
/* HELO is a registrable domain, no host in it. Local. */
bool helo_is_bare_domain(const struct evidence *e);
/* The null sender of a bounce, once there is a sender. Local. */
bool is_bounce(const struct evidence *e);
/* The envelope sender has a registrable domain. Local. */
bool sender_has_domain(const struct evidence *e);

/* An address as text in the region; "" without memory. */
const char *detail_address(const struct address *a, struct region *r);

#endif

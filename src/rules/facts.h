/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts: the predicates that several families build their tests from. Private to the room.
 *
 * A predicate that returns bool looks at local facts alone. One that returns enum answer also looks at the kinds of
 * evidence named beside it, and is OPEN while those are missing.
 */
#ifndef HELOD_RULES_FACTS_H
#define HELOD_RULES_FACTS_H

#include "rule.h"

/* PRESENT is YES, ABSENT is NO, everything else is OPEN. */
static inline enum answer answer_known(enum known known)
{
    return known == KNOWN_PRESENT ? YES : known == KNOWN_ABSENT ? NO : OPEN;
}

/* HELO is a host name that can exist on the Internet. */
static inline bool helo_is_host(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE &&
           !(e->helo.flags & (NAME_NUMERIC_TLD | NAME_UNKNOWN_TLD));
}

/* HELO is a word of one label or more: neither an address nor malformed. */
static inline bool helo_is_word(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST || e->helo.kind == NAME_SINGLE;
}

/* HELO is an address, with or without the brackets of a literal. */
bool helo_is_address(const struct evidence *e);
/* HELO is a registrable domain, not a host within one. */
bool helo_is_bare_domain(const struct evidence *e);
/* HELO is a host name that the provider did not assign. An assigned name identifies the provider, not the host. */
bool helo_is_own_name(const struct evidence *e);
/* HELO is the recipient's domain or lies under it. */
bool helo_claims_recipient(const struct evidence *e);
/* The null sender of a bounce, once there is a sender at all. */
bool sender_is_null(const struct evidence *e);
/* The envelope sender has a registrable domain. */
bool sender_has_domain(const struct evidence *e);

/*
 * All PTR names that are examined are known, or there are none. If there are more than dns.ptr_names, those that fit
 * HELO are kept, and the omitted ones excuse nothing: otherwise a client could avoid a finding by adding records to its
 * reverse zone.
 */
static inline bool reverse_is_known(const struct evidence *e)
{
    return e->reverse == KNOWN_ABSENT || (e->reverse == KNOWN_PRESENT && !e->rdns_partial);
}

/* The same, and no name was omitted: for rules about every name. */
static inline bool reverse_is_complete(const struct evidence *e)
{
    return reverse_is_known(e) && e->rdns_left_out == 0;
}

/* NEED_REVERSE. For the names: `e->rdns` holds those that are known so far, and a match among them is final. */
static inline enum answer reverse_exists(const struct evidence *e)
{
    return answer_known(e->reverse);
}

enum answer reverse_any(const struct evidence *e, bool (*matches)(const struct evidence *, const struct name *));
enum answer helo_is_reverse_name(const struct evidence *e);
enum answer helo_shares_domain(const struct evidence *e); /* with a PTR name, confirmed or not */
/* HELO is a host name, and no PTR name is of its organisation: nothing excuses a missing forward record. */
enum answer helo_is_unrelated(const struct evidence *e);

/* NEED_REVERSE, NEED_CONFIRM. Some PTR name that fits HELO at least so well is confirmed. */
enum answer reverse_is_confirmed(const struct evidence *e);
static inline enum answer helo_is_confirmed(const struct evidence *e, enum rdns_fit fit)
{
    return e->helo_confirmed[fit];
}
/* The same for names that no provider assigned. An assigned name always fits itself, which proves nothing. */
static inline enum answer helo_is_own(const struct evidence *e, enum rdns_fit fit)
{
    return e->helo_own[fit];
}

/* NEED_HELO_ADDRESS */
enum answer helo_points_to_client(const struct evidence *e);
enum answer helo_points_near_client(const struct evidence *e); /* into its /24 or /48 */

/* An evaluation of SPF that failed for now, or was not made, is OPEN. */
static inline enum answer spf_is(const struct spf_outcome *spf, enum spf_result result)
{
    enum spf_result seen = spf ? spf->result : SPF_NOT_ASKED;

    return seen == SPF_NOT_ASKED || seen == SPF_TEMPERROR ? OPEN : answer_if(seen == result);
}

/*
 * A pass that says something about this client: a record that allows a large part of the Internet proves nothing. A
 * trusted owner is one whose servers surely do not answer for any client.
 */
static inline enum answer spf_allows(const struct spf_outcome *spf, bool trusted_owner)
{
    enum answer passes = spf_is(spf, SPF_PASS);

    return passes == YES && (spf->allows_everybody || (spf->may_match_anybody && !trusted_owner)) ? NO : passes;
}

/* NEED_HELO_SPF. For host names; OPEN also after a temporary failure. */
enum answer helo_spf_is(const struct evidence *e, enum spf_result result);
enum answer helo_spf_allows(const struct evidence *e);

/*
 * HELO is a word that is surely not the client's: not verified, not aligned, related to no PTR name, and it points
 * nowhere near the client. History only ever counts such greetings. NEED_UNVERIFIED; a word that is no host name needs
 * nothing.
 */
enum { NEED_UNVERIFIED = NEED_REVERSE | NEED_CONFIRM | NEED_HELO_ADDRESS | NEED_HELO_SPF };
enum answer helo_is_unverified(const struct evidence *e);

/* Details that several rules show. */
const char *detail_helo_naming(const struct evidence *e, struct region *r);
const char *detail_reverse_name(const struct evidence *e, struct region *r);
const char *detail_address(const struct address *a, struct region *r);

#endif

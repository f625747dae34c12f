/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts: questions of several families. Pure; see facts.h for what each one promises.
 */
#include "facts.h"

bool helo_is_host(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE &&
           !(e->helo.flags & (NAME_NUMERIC_TLD | NAME_UNKNOWN_TLD));
}

bool helo_is_word(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST || e->helo.kind == NAME_SINGLE;
}

static bool looks_assigned(const struct naming *naming)
{
    unsigned flags = naming->flags;

    return (flags & NAMING_DYNAMIC) || ((flags & (NAMING_GENERIC | NAMING_ADDRESS)) && !(flags & NAMING_SERVER));
}

bool helo_looks_assigned(const struct evidence *e)
{
    return looks_assigned(&e->helo_naming);
}

bool reverse_is_told(const struct evidence *e)
{
    return e->reverse == KNOWN_ABSENT || (e->reverse == KNOWN_PRESENT && !e->rdns_partial);
}

bool reverse_is_whole(const struct evidence *e)
{
    return reverse_is_told(e) && e->rdns_left_out == 0;
}

bool helo_is_reverse_name(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (name_equal(&e->rdns[i].name, &e->helo))
            return true;
    return false;
}

bool helo_shares_domain(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (name_equal(&e->rdns[i].name, &e->helo) || name_same_domain(&e->rdns[i].name, &e->helo))
            return true;
    return false;
}

bool helo_stands_alone(const struct evidence *e)
{
    return reverse_is_told(e) && !helo_shares_domain(e);
}

bool helo_may_stand_alone(const struct evidence *e)
{
    return helo_is_host(e) && !helo_shares_domain(e);
}

static int fit(const struct name *name, const struct name *helo)
{
    return name_equal(name, helo) ? 2 : name_same_domain(name, helo) ? 1 : 0;
}

bool helo_may_be_confirmed(const struct evidence *e, int wanted)
{
    bool more_names = e->rdns_partial || e->reverse == KNOWN_NOT_ASKED || e->reverse == KNOWN_TEMPERROR;

    if (!helo_is_host(e))
        return false;
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (e->rdns[i].confirmed != KNOWN_ABSENT && fit(&e->rdns[i].name, &e->helo) >= wanted)
            return true;
    return more_names;
}

int helo_confirmed_fit(const struct evidence *e)
{
    return e->confirmed ? fit(&e->confirmed->name, &e->helo) : 0;
}

static bool helo_is_proved(const struct evidence *e)
{
    return e->helo_is_client == KNOWN_PRESENT || helo_confirmed_fit(e) > 0 ||
           (e->helo_spf && e->helo_spf->result == SPF_PASS);
}

static bool spf_is_told(const struct evidence *e)
{
    return e->helo_spf && e->helo_spf->result != SPF_TEMPERROR && e->helo_spf->result != SPF_NOT_ASKED;
}

enum known evidence_verified(const struct evidence *e)
{
    bool points_elsewhere = e->helo_address == KNOWN_ABSENT || e->helo_is_client == KNOWN_ABSENT;

    if (!helo_is_word(e))
        return KNOWN_TEMPERROR;
    if (!helo_is_host(e))
        return KNOWN_ABSENT;
    if (helo_is_proved(e))
        return KNOWN_PRESENT;
    if (helo_stands_alone(e) && points_elsewhere && !e->helo_near_client && spf_is_told(e))
        return KNOWN_ABSENT;
    return KNOWN_TEMPERROR;
}

bool helo_is_unverified(const struct evidence *e)
{
    return evidence_verified(e) == KNOWN_ABSENT;
}

bool helo_may_be_unverified(const struct evidence *e)
{
    if (!helo_is_word(e) || !helo_is_host(e))
        return helo_is_word(e);
    return !helo_is_proved(e) && helo_may_stand_alone(e) && !e->helo_near_client;
}

int helo_own_fit(const struct evidence *e)
{
    int best = 0;

    if (!helo_is_host(e) || helo_looks_assigned(e))
        return 0;
    for (unsigned i = 0; i < e->rdns_count && best < 2; i++) {
        const struct evidence_rdns *rdns = &e->rdns[i];

        if (rdns->confirmed == KNOWN_PRESENT && !looks_assigned(&rdns->naming)) {
            int this = fit(&rdns->name, &e->helo);

            best = this > best ? this : best;
        }
    }
    return best;
}

bool helo_may_be_own(const struct evidence *e, int wanted)
{
    return helo_may_be_confirmed(e, wanted) && !helo_looks_assigned(e);
}

bool sender_has_domain(const struct evidence *e)
{
    return e->sender_domain.kind == NAME_HOST && e->sender_domain.registrable;
}

bool helo_is_bare_domain(const struct evidence *e)
{
    return helo_is_host(e) && e->helo.registrable == e->helo.text; /* it lies in there */
}

bool is_bounce(const struct evidence *e)
{
    return (e->request->state == REQUEST_STATE_RCPT || e->request->state == REQUEST_STATE_DATA) &&
           e->request->sender[0] == '\0';
}

uint64_t greeting_traits(const struct evidence *e)
{
    bool host = helo_is_host(e), verified = host && helo_confirmed_fit(e) == 2;
    uint64_t traits = TRAIT_ANY | KIND(e->helo.kind) | FLAG(e->helo.flags) | RESERVED(e->helo.reserved) |
                      NAMING(e->helo_naming.flags);

    traits |= host ? TRAIT_HOST : 0;
    traits |= host && !helo_looks_assigned(e) ? TRAIT_OWN_HOST : 0;
    traits |= host && e->helo.registrable == e->helo.text ? TRAIT_BARE_DOMAIN : 0;
    traits |= e->helo_provider ? TRAIT_PROVIDER : 0;
    traits |= e->helo_is_ours ? TRAIT_OURS : 0;
    traits |= e->helo_is_our_address ? TRAIT_OUR_ADDRESS : 0;
    traits |= e->request->esmtp ? 0 : TRAIT_NO_EHLO;
    traits |= is_bounce(e) ? TRAIT_BOUNCE : 0;
    traits |= sender_has_domain(e) ? TRAIT_SENDER_DOMAIN : 0;
    traits |= e->sender_provider ? TRAIT_SENDER_PROVIDER : 0;
    traits |= e->confirmed ? 0 : TRAIT_UNCONFIRMED;
    traits |= host && !verified ? TRAIT_UNVERIFIED_HOST : 0;
    traits |= helo_is_word(e) && !verified ? TRAIT_UNVERIFIED_WORD : 0;
    traits |= host && !verified && sender_has_domain(e) ? TRAIT_SENDER_APART : 0;
    return traits;
}

const char *detail_address(const struct address *a, struct region *r)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *copy = region_strdup(r, address_format(a, text));

    return copy ? copy : "";
}

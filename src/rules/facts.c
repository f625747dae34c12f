/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts: predicates of several families. Pure; facts.h says what each one means.
 *
 * Each is written so that YES and NO are final. The PTR names show how: a name that is known and matches makes YES for
 * good, that no known name matches makes NO only once all names are known, and until then the answer is OPEN.
 */
#include "facts.h"

enum answer answer_known(enum known known)
{
    return known == KNOWN_PRESENT ? YES : known == KNOWN_ABSENT ? NO : OPEN;
}

bool helo_is_host(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE &&
           !(e->helo.flags & (NAME_NUMERIC_TLD | NAME_UNKNOWN_TLD));
}

bool helo_is_word(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST || e->helo.kind == NAME_SINGLE;
}

bool helo_is_address(const struct evidence *e)
{
    return e->helo.kind == NAME_LITERAL || e->helo.kind == NAME_BARE;
}

bool helo_is_bare_domain(const struct evidence *e)
{
    return helo_is_host(e) && e->helo.registrable == e->helo.text; /* `registrable` points into `text` */
}

bool helo_is_own_name(const struct evidence *e)
{
    return helo_is_host(e) && !naming_is_assigned(&e->helo_naming);
}

bool sender_is_null(const struct evidence *e)
{
    return (e->request->state == REQUEST_STATE_RCPT || e->request->state == REQUEST_STATE_DATA) &&
           e->request->sender[0] == '\0';
}

bool sender_has_domain(const struct evidence *e)
{
    return e->sender_domain.kind == NAME_HOST && e->sender_domain.registrable;
}

bool reverse_is_known(const struct evidence *e)
{
    return e->reverse == KNOWN_ABSENT || (e->reverse == KNOWN_PRESENT && !e->rdns_partial);
}

bool reverse_is_complete(const struct evidence *e)
{
    return reverse_is_known(e) && e->rdns_left_out == 0;
}

enum answer reverse_exists(const struct evidence *e)
{
    return answer_known(e->reverse);
}

enum answer reverse_any(const struct evidence *e, bool (*matches)(const struct evidence *, const struct name *))
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (matches(e, &e->rdns[i].name))
            return YES;
    return reverse_is_known(e) ? NO : OPEN;
}

static int fit(const struct evidence *e, const struct name *name)
{
    return name_equal(name, &e->helo) ? 2 : name_same_domain(name, &e->helo) ? 1 : 0;
}

static bool is_helo(const struct evidence *e, const struct name *name)
{
    return name_equal(name, &e->helo);
}

static bool fits_helo(const struct evidence *e, const struct name *name)
{
    return fit(e, name) > 0;
}

enum answer helo_is_reverse_name(const struct evidence *e)
{
    return reverse_any(e, is_helo);
}

enum answer helo_shares_domain(const struct evidence *e)
{
    return reverse_any(e, fits_helo);
}

enum answer helo_is_unrelated(const struct evidence *e)
{
    return helo_is_host(e) ? answer_not(helo_shares_domain(e)) : NO;
}

enum answer reverse_is_confirmed(const struct evidence *e)
{
    if (e->fcrdns == KNOWN_PRESENT)
        return YES;
    return reverse_is_known(e) ? answer_known(e->fcrdns) : OPEN;
}

/* Some PTR name that fits HELO at least so well is confirmed; `own`: and no provider assigned it. */
static enum answer some_fit(const struct evidence *e, int wanted, bool own)
{
    enum answer best = reverse_is_known(e) ? NO : OPEN;

    for (unsigned i = 0; i < e->rdns_count; i++) {
        const struct evidence_rdns *rdns = &e->rdns[i];

        if (fit(e, &rdns->name) >= wanted && !(own && naming_is_assigned(&rdns->naming)))
            best = answer_or(best, answer_known(rdns->confirmed));
    }
    return best;
}

enum answer helo_is_confirmed(const struct evidence *e, int wanted)
{
    return helo_is_host(e) ? some_fit(e, wanted, false) : NO;
}

enum answer helo_is_own(const struct evidence *e, int wanted)
{
    return helo_is_own_name(e) ? some_fit(e, wanted, true) : NO;
}

enum answer helo_points_to_client(const struct evidence *e)
{
    return e->helo_address == KNOWN_ABSENT ? NO : answer_known(e->helo_is_client);
}

enum answer helo_points_near_client(const struct evidence *e)
{
    return e->helo_near_client ? YES : helo_points_to_client(e);
}

enum answer helo_spf_is(const struct evidence *e, enum spf_result result)
{
    enum spf_result seen = e->helo_spf ? e->helo_spf->result : SPF_NOT_ASKED;

    if (!helo_is_host(e))
        return NO;
    return seen == SPF_NOT_ASKED || seen == SPF_TEMPERROR ? OPEN : answer_if(seen == result);
}

enum answer helo_is_unverified(const struct evidence *e)
{
    enum answer related;

    if (e->helo.kind != NAME_HOST || e->helo.reserved != NAME_RESERVED_NONE)
        return answer_if(helo_is_word(e)); /* no such name is anybody's */
    related = answer_or(helo_shares_domain(e), helo_points_near_client(e));
    return answer_not(answer_or(related, identity_at_least(e, IDENTITY_ALIGNED)));
}

const char *detail_helo_naming(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->helo_naming.detail;
}

const char *detail_reverse_name(const struct evidence *e, struct region *r)
{
    (void)r;
    return e->rdns[0].name.text;
}

const char *detail_address(const struct address *a, struct region *r)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *copy = region_strdup(r, address_format(a, text));

    return copy ? copy : "";
}

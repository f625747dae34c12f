/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * facts: predicates of several families. Pure; facts.h says what each one means.
 *
 * Each is written so that YES and NO are final. Take a test for a matching PTR name: one known name that matches makes
 * it YES. If no known name matches, it is NO only once all names are known, and OPEN until then.
 */
#include "facts.h"

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

bool helo_claims_recipient(const struct evidence *e)
{
    return helo_is_host(e) && e->recipient_domain.kind == NAME_HOST && e->recipient_domain.length <= e->helo.length &&
           name_under(e->helo.text, e->recipient_domain.text);
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

enum answer reverse_any(const struct evidence *e, bool (*matches)(const struct evidence *, const struct name *))
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (matches(e, &e->rdns[i].name))
            return YES;
    return reverse_is_known(e) ? NO : OPEN;
}

static enum answer some_name_fits(const struct evidence *e, enum rdns_fit wanted)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (e->rdns[i].fit >= wanted)
            return YES;
    return reverse_is_known(e) ? NO : OPEN;
}

enum answer helo_is_reverse_name(const struct evidence *e)
{
    return some_name_fits(e, FIT_NAME);
}

enum answer helo_shares_domain(const struct evidence *e)
{
    return some_name_fits(e, FIT_DOMAIN);
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
    return helo_is_host(e) ? spf_is(e->helo_spf, result) : NO;
}

enum answer helo_spf_allows(const struct evidence *e)
{
    return helo_is_host(e) ? spf_allows(e->helo_spf, false) : NO;
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

    return region_strdup(r, address_format(a, text));
}

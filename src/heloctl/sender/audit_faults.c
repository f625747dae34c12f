/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_faults: what can be wrong with one sending address, one row each, and which facts are kept of a host's
 * evidence. What DNS failed to answer is unknown, never a fault. A fault that follows from another one is not reported
 * beside it.
 */
#include <string.h>

#include "audit.h"

#define BIT(fault) AUDIT_BIT(AUDIT_##fault)

enum {
    BAD_FLAGS = NAME_TRAILING_DOT | NAME_UNDERSCORE | NAME_BAD_ALABEL | NAME_NUMERIC_TLD | NAME_UNKNOWN_TLD,
};

static enum known hit(struct audit_seen *seen, const char *detail)
{
    seen->detail = detail;
    return KNOWN_PRESENT;
}

/* For faults that are the absence of something. What is unknown stays unknown. */
static enum known lacks(enum known known)
{
    return known == KNOWN_ABSENT ? KNOWN_PRESENT : known == KNOWN_PRESENT ? KNOWN_ABSENT : known;
}

static bool is_host(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE;
}

static enum known helo_syntax(struct audit_seen *seen)
{
    static const struct {
        unsigned flag;
        const char *word;
    } flags[] = {
        {NAME_NON_ASCII, "bytes outside ASCII"},    {NAME_TOO_LONG, "too long"},
        {NAME_BAD_BYTE, "an illegal character"},    {NAME_BAD_LABEL, "an empty label, or a hyphen at its edge"},
        {NAME_BAD_LITERAL, "a malformed literal"},  {NAME_NUMERIC_TLD, "the last label is a number"},
        {NAME_TRAILING_DOT, "ends in a dot"},       {NAME_UNDERSCORE, "an underscore"},
        {NAME_BAD_ALABEL, "an invalid xn-- label"}, {NAME_UNKNOWN_TLD, "no such top-level domain"},
    };
    const struct name *helo = &seen->evidence->helo;
    bool reserved = helo->reserved != NAME_RESERVED_NONE;

    if (helo->kind != NAME_BAD && !(helo->kind == NAME_HOST && !reserved && (helo->flags & BAD_FLAGS)))
        return KNOWN_ABSENT;
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (helo->flags & flags[i].flag)
            return hit(seen, flags[i].word);
    return KNOWN_PRESENT;
}

static enum known helo_not_fqdn(struct audit_seen *seen)
{
    const struct name *helo = &seen->evidence->helo;

    return helo->kind == NAME_SINGLE && helo->reserved == NAME_RESERVED_NONE ? KNOWN_PRESENT : KNOWN_ABSENT;
}

static enum known helo_literal(struct audit_seen *seen)
{
    enum name_kind kind = seen->evidence->helo.kind;

    return kind == NAME_LITERAL || kind == NAME_BARE ? KNOWN_PRESENT : KNOWN_ABSENT;
}

static enum known helo_reserved(struct audit_seen *seen)
{
    return seen->evidence->helo.reserved != NAME_RESERVED_NONE ? KNOWN_PRESENT : KNOWN_ABSENT;
}

static enum known ptr_missing(struct audit_seen *seen)
{
    return lacks(seen->evidence->reverse);
}

static bool looks_elsewhere(const struct evidence *e, unsigned i)
{
    return e->rdns[i].confirmed == KNOWN_ABSENT && e->rdns[i].has_address;
}

/* After a move: HELO is already the new name, but the reverse name is still the one of another host. */
static enum known ptr_stale(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;

    if (e->fcrdns != KNOWN_ABSENT || e->helo_is_client != KNOWN_PRESENT || e->rdns_count == 0)
        return e->fcrdns == KNOWN_TEMPERROR || e->helo_is_client == KNOWN_TEMPERROR ? KNOWN_TEMPERROR : KNOWN_ABSENT;
    if (!looks_elsewhere(e, 0))
        return KNOWN_ABSENT;
    return hit(seen, region_printf(seen->region, "%s has another address; HELO %s has this one", e->rdns[0].name.text,
                                   e->helo.text));
}

/* After a move: the reverse name is already the new one, but HELO is still the name of another host. */
static enum known helo_stale(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;
    char text[ADDRESS_TEXT_SIZE];

    if (!e->confirmed || e->helo_is_client != KNOWN_ABSENT || e->helo_address_count == 0 ||
        name_equal(&e->confirmed->name, &e->helo) || naming_is_assigned(&e->confirmed->naming))
        return e->helo_is_client == KNOWN_TEMPERROR ? KNOWN_TEMPERROR : KNOWN_ABSENT;
    return hit(seen, region_printf(seen->region, "HELO is %s; this address is %s",
                                   address_format(&e->helo_addresses[0], text), e->confirmed->name.text));
}

static enum known ptr_unconfirmed(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;

    if (e->fcrdns != KNOWN_ABSENT)
        return lacks(e->fcrdns);
    if (e->rdns_count == 0)
        return KNOWN_PRESENT;
    return hit(seen, region_printf(seen->region, "%s %s", e->rdns[0].name.text,
                                   e->rdns[0].has_address ? "points elsewhere" : "has no address"));
}

static enum known ptr_not_helo(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;

    if (e->reverse != KNOWN_PRESENT)
        return e->reverse;
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (name_equal(&e->rdns[i].name, &e->helo))
            return KNOWN_ABSENT;
    return hit(seen, e->rdns[0].name.text);
}

static enum known helo_unresolvable(struct audit_seen *seen)
{
    return lacks(seen->evidence->helo_address);
}

static enum known helo_elsewhere(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;
    char text[ADDRESS_TEXT_SIZE];

    if (e->helo_is_client != KNOWN_ABSENT || e->helo_address_count == 0)
        return lacks(e->helo_is_client);
    return hit(seen, region_strdup(seen->region, address_format(&e->helo_addresses[0], text)));
}

/* Whether SPF of the HELO name gave one of two results. */
static enum known spf_gave(struct audit_seen *seen, enum spf_result one, enum spf_result other)
{
    const struct spf_outcome *spf = seen->evidence->helo_spf;

    if (!spf || spf->result == SPF_TEMPERROR)
        return is_host(seen->evidence) ? KNOWN_TEMPERROR : KNOWN_ABSENT;
    if (spf->result != one && spf->result != other)
        return KNOWN_ABSENT;
    return hit(seen, spf->reason[0] ? spf->reason : spf->record);
}

static enum known spf_denies(struct audit_seen *seen)
{
    return spf_gave(seen, SPF_FAIL, SPF_SOFTFAIL);
}

static enum known spf_broken(struct audit_seen *seen)
{
    return spf_gave(seen, SPF_PERMERROR, SPF_PERMERROR);
}

static enum known spf_none(struct audit_seen *seen)
{
    enum known gave = spf_gave(seen, SPF_NONE, SPF_NONE);

    seen->detail = NULL;
    return gave;
}

static enum known spf_neutral(struct audit_seen *seen)
{
    return spf_gave(seen, SPF_NEUTRAL, SPF_NEUTRAL);
}

static enum known helo_generic(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;

    if (!is_host(e) || !naming_is_assigned(&e->helo_naming))
        return KNOWN_ABSENT;
    return hit(seen, e->helo_naming.detail);
}

static enum known ptr_generic(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;

    if (e->reverse != KNOWN_PRESENT)
        return e->reverse;
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (!naming_is_assigned(&e->rdns[i].naming))
            return KNOWN_ABSENT;
    return hit(seen, e->rdns[0].name.text);
}

static enum known ptr_many(struct audit_seen *seen)
{
    const struct evidence *e = seen->evidence;
    unsigned names = e->rdns_count + e->rdns_left_out;

    if (e->reverse != KNOWN_PRESENT || names < 2)
        return e->reverse == KNOWN_PRESENT ? KNOWN_ABSENT : e->reverse;
    return hit(seen, region_printf(seen->region, "%u names", names));
}

enum {
    NO_NAME = BIT(HELO_SYNTAX) | BIT(HELO_NOT_FQDN) | BIT(HELO_LITERAL) | BIT(HELO_RESERVED),
    NO_PTR = BIT(PTR_MISSING),
    MOVED = BIT(PTR_STALE) | BIT(HELO_STALE) | BIT(HELO_OF_ANOTHER),
};

const struct audit_fault_row audit_faults[AUDIT_FAULTS] = {
    [AUDIT_HELO_SYNTAX] = {"helo_syntax", "HELO is not a valid host name", false, 0, helo_syntax},
    [AUDIT_HELO_NOT_FQDN] = {"helo_not_fqdn", "HELO is not fully qualified", false, 0, helo_not_fqdn},
    [AUDIT_HELO_LITERAL] = {"helo_literal", "HELO is an address, not a name", false, 0, helo_literal},
    [AUDIT_HELO_RESERVED] = {"helo_reserved", "HELO is a name that cannot exist in public DNS", false, 0,
                             helo_reserved},
    [AUDIT_PTR_MISSING] = {"ptr_missing", "there is no reverse name", false, 0, ptr_missing},
    [AUDIT_PTR_STALE] = {"ptr_stale", "the reverse name is still that of another host", false, NO_PTR | NO_NAME,
                         ptr_stale},
    [AUDIT_PTR_UNCONFIRMED] = {"ptr_unconfirmed", "the reverse name does not point back", false,
                               NO_PTR | BIT(PTR_STALE), ptr_unconfirmed},
    [AUDIT_HELO_OF_ANOTHER] = {"helo_of_another", "HELO is the name of another address of the pool", false, NO_NAME,
                               NULL},
    [AUDIT_HELO_STALE] = {"helo_stale", "HELO is still the name of another host", false, NO_NAME | BIT(HELO_OF_ANOTHER),
                          helo_stale},
    [AUDIT_PTR_NOT_HELO] = {"ptr_not_helo", "the reverse name is not the HELO name", false, NO_PTR | NO_NAME | MOVED,
                            ptr_not_helo},
    [AUDIT_HELO_UNRESOLVABLE] = {"helo_unresolvable", "the HELO name has no address", false, NO_NAME,
                                 helo_unresolvable},
    [AUDIT_HELO_ELSEWHERE] = {"helo_elsewhere", "the HELO name points to another address", false,
                              NO_NAME | BIT(HELO_UNRESOLVABLE) | BIT(HELO_STALE) | BIT(HELO_OF_ANOTHER),
                              helo_elsewhere},
    [AUDIT_SPF_DENIES] = {"spf_denies", "SPF of the HELO name denies this address", false,
                          NO_NAME | BIT(HELO_STALE) | BIT(HELO_OF_ANOTHER), spf_denies},
    [AUDIT_SPF_BROKEN] = {"spf_broken", "the SPF record of the HELO name is broken", false, NO_NAME, spf_broken},
    [AUDIT_HELO_GENERIC] = {"helo_generic", "HELO is a provider's default name", false, NO_NAME, helo_generic},
    [AUDIT_PTR_GENERIC] = {"ptr_generic", "the reverse name is a provider's default", false, NO_PTR | BIT(HELO_GENERIC),
                           ptr_generic},
    [AUDIT_SPF_NONE] = {"spf_none", "the HELO name has no SPF record", true,
                        NO_NAME | BIT(HELO_UNRESOLVABLE) | BIT(HELO_STALE) | BIT(HELO_OF_ANOTHER), spf_none},
    [AUDIT_SPF_NEUTRAL] = {"spf_neutral", "SPF of the HELO name does not mention this address", true,
                           NO_NAME | BIT(HELO_STALE) | BIT(HELO_OF_ANOTHER), spf_neutral},
    [AUDIT_PTR_MANY] = {"ptr_many", "the address has several reverse names", true, 0, ptr_many},
    [AUDIT_NAME_ODD] = {"name_odd", "the name does not fit the pool's naming", true, NO_NAME | BIT(HELO_GENERIC), NULL},
    [AUDIT_HELO_SHARED] = {"helo_shared", "several addresses greet with this name", true, NO_NAME, NULL},
    [AUDIT_HELO_SEVERAL] = {"helo_several", "the address greets with several names", true, 0, NULL},
};

/* Without a HELO name only the faults of the reverse side can be found. */
static bool concerns(const struct audit_host *host, enum audit_fault fault)
{
    return host->helo || fault == AUDIT_PTR_MISSING || fault == AUDIT_PTR_UNCONFIRMED || fault == AUDIT_PTR_GENERIC ||
           fault == AUDIT_PTR_MANY;
}

static void list_others(struct audit_facts *facts, const struct evidence *e, struct region *keep)
{
    char text[ADDRESS_TEXT_SIZE];

    facts->others = "";
    for (unsigned i = 0; i < e->helo_address_count; i++) {
        const struct address *address = &e->helo_addresses[i];

        if (address->family != e->client.family || address_equal(address, &e->client))
            continue;
        facts->others =
            region_printf(keep, "%s%s%s", facts->others, *facts->others ? " " : "", address_format(address, text));
    }
}

void audit_facts_take(struct audit_facts *facts, const struct evidence *e, struct region *keep)
{
    const struct spf_outcome *spf = e->helo_spf;

    *facts = (struct audit_facts){.exists = e->helo_address == KNOWN_PRESENT,
                                  .points_here = e->helo_is_client == KNOWN_PRESENT,
                                  .spf = spf ? spf->result : SPF_TEMPERROR};
    for (unsigned i = 0; i < e->rdns_count; i++)
        facts->is_reverse = facts->is_reverse || name_equal(&e->rdns[i].name, &e->helo);
    facts->unknown = e->helo_is_client == KNOWN_TEMPERROR || e->helo_address == KNOWN_TEMPERROR ||
                     e->reverse == KNOWN_TEMPERROR || facts->spf == SPF_TEMPERROR;
    list_others(facts, e, keep);
    if (e->helo.registrable)
        facts->domain = region_strdup(keep, e->helo.registrable);
    if (spf && spf->record[0])
        facts->spf_record = region_strdup(keep, spf->record);
}

static void keep_reverse(struct audit_host *host, const struct evidence *e, struct region *keep)
{
    const struct evidence_rdns *rdns = e->confirmed ? e->confirmed : e->rdns_count ? &e->rdns[0] : NULL;
    char *text;

    host->ptr_all = "";
    for (unsigned i = 0; i < e->rdns_count; i++)
        host->ptr_all = region_printf(keep, "%s%s%s.", host->ptr_all, i ? " " : "", e->rdns[i].name.text);
    if (!rdns)
        return;
    host->ptr = text = region_strdup(keep, rdns->name.text);
    host->ptr_confirmed = rdns->confirmed == KNOWN_PRESENT;
    host->ptr_good = rdns->confirmed == KNOWN_PRESENT && rdns->name.kind == NAME_HOST &&
                     rdns->name.reserved == NAME_RESERVED_NONE && !naming_is_assigned(&rdns->naming);
    if (rdns->name.registrable)
        host->ptr_domain = text + (rdns->name.registrable - rdns->name.text);
}

static void keep_names(struct audit_host *host, const struct evidence *e, struct region *keep)
{
    char *text;

    keep_reverse(host, e, keep);
    audit_facts_take(&host->now, e, keep);
    if (!host->helo || !is_host(e))
        return;
    host->name = text = region_strdup(keep, e->helo.text);
    if (e->helo.registrable)
        host->registrable = text + (e->helo.registrable - e->helo.text);
}

void audit_judge(struct audit_host *host, const struct evidence *e, struct region *scratch, struct region *keep)
{
    host->identity = identity_name(e);
    keep_names(host, e, keep);
    for (unsigned i = 0; i < AUDIT_FAULTS; i++) {
        const struct audit_fault_row *row = &audit_faults[i];
        struct audit_seen seen = {.evidence = e, .region = scratch};
        enum known known;

        if (!row->test || (host->faults & row->beside) || !concerns(host, (enum audit_fault)i))
            continue;
        known = row->test(&seen);
        if (known == KNOWN_TEMPERROR)
            host->unknown |= AUDIT_BIT(i);
        if (known != KNOWN_PRESENT)
            continue;
        host->faults |= AUDIT_BIT(i);
        host->details[i] = seen.detail ? region_strdup(keep, seen.detail) : NULL;
    }
}

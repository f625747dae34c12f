/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules: the catalogue, put together from the families' rows. A rule's number is its place here; it is good for this
 * process only and is never written anywhere.
 */
#include <string.h>

#include "catalogue.h"

const struct family_row families[FAMILY_COUNT] = {
    [FAMILY_SYNTAX] = {"syntax", "how the HELO argument is written", 100, 1000},
    [FAMILY_SPECIAL] = {"special", "names that cannot be anybody's host on the Internet", 100, 1000},
    [FAMILY_LITERAL] = {"literal", "addresses in place of a name", 90, 99},
    [FAMILY_DNS] = {"dns", "records that the client and its name should have", 80, 1000},
    [FAMILY_ALIGNMENT] = {"alignment", "whether name, reverse name and address belong together", 40, 99},
    [FAMILY_NAMING] = {"naming", "how names are built", 90, 1000},
    [FAMILY_IMPERSONATION] = {"impersonation", "a name that is somebody else's", 100, 1000},
    [FAMILY_SPF] = {"spf", "what the owner of the HELO name says in SPF", 90, 1000},
    [FAMILY_BEHAVIOUR] = {"behaviour", "how the client greets, now and before", 70, 1000},
};

#define CATALOGUE_ADDRESS(id, traits, nothing) &rule_##id,
const struct rule *const rules[] = {CATALOGUE(CATALOGUE_ADDRESS, )};
const size_t rules_count = CATALOGUE_COUNT;

_Static_assert((int)CATALOGUE_COUNT <= (int)RULES_MAX, "more rules than RULES_MAX");
_Static_assert((int)RULE_SET_WORDS == 2, "IMPLIES() fills two words");

/* Which rules a trait lets hit, worked out by the compiler: in the first word of the set, in the second. */
#define BIT_OF(id) (UINT64_C(1) << (int)LISTED_##id % RULE_SET_WORD)
#define OF_FIRST(id, traits, trait) ((traits) >> (trait)&1 && (int)LISTED_##id < RULE_SET_WORD ? BIT_OF(id) : 0) |
#define OF_SECOND(id, traits, trait) ((traits) >> (trait)&1 && (int)LISTED_##id >= RULE_SET_WORD ? BIT_OF(id) : 0) |
#define OF_TRAIT(trait)                                                                                                \
    {                                                                                                                  \
        {                                                                                                              \
            CATALOGUE(OF_FIRST, trait) 0, CATALOGUE(OF_SECOND, trait) 0                                                \
        }                                                                                                              \
    }
#define OF_EIGHT(trait)                                                                                                \
    OF_TRAIT(trait), OF_TRAIT(trait + 1), OF_TRAIT(trait + 2), OF_TRAIT(trait + 3), OF_TRAIT(trait + 4),               \
        OF_TRAIT(trait + 5), OF_TRAIT(trait + 6), OF_TRAIT(trait + 7)

static const struct rule_set of_trait[] = {
    OF_EIGHT(0), OF_EIGHT(8), OF_EIGHT(16), OF_EIGHT(24), OF_EIGHT(32), OF_EIGHT(40), OF_EIGHT(48),
};

_Static_assert(sizeof(of_trait) / sizeof(of_trait[0]) >= TRAIT_COUNT, "each trait has its rules");

struct rule_set rules_met(const struct evidence *e)
{
    struct rule_set met = {{0}};

    for (uint64_t rest = greeting_traits(e); rest != 0; rest &= rest - 1)
        met = rule_set_both(&met, &of_trait[__builtin_ctzll(rest)]);
    return met;
}

int rules_find(const char *name, size_t n)
{
    for (size_t i = 0; i < rules_count; i++)
        if (strlen(rules[i]->name) == n && memcmp(rules[i]->name, name, n) == 0)
            return (int)i;
    return -1;
}

bool rules_implies(int number, int other)
{
    return rule_set_has(&rules[number]->implies, (size_t)other);
}

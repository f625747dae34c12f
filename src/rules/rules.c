/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules: the catalogue, made up of the families' rows. A rule's number is its place here. It is valid in this process
 * only and is never written anywhere.
 */
#include <string.h>

#include "catalogue.h"

const struct family_row families[FAMILY_COUNT] = {
    [FAMILY_SYNTAX] = {"syntax", "how the HELO argument is written", 100, 1000},
    [FAMILY_SPECIAL] = {"special", "names that no host on the Internet can have", 100, 1000},
    [FAMILY_LITERAL] = {"literal", "addresses in place of a name", 90, 99},
    [FAMILY_DNS] = {"dns", "records that the client and its name should have", 74, 1000},
    [FAMILY_ALIGNMENT] = {"alignment", "whether name, reverse name and address belong together", 40, 99},
    [FAMILY_NAMING] = {"naming", "how names are built", 90, 1000},
    [FAMILY_IMPERSONATION] = {"impersonation", "a name that is somebody else's", 100, 1000},
    [FAMILY_SPF] = {"spf", "what the owner of the HELO name says in SPF", 90, 1000},
    [FAMILY_BEHAVIOUR] = {"behaviour", "how the client greets, now and before", 70, 1000},
};

#define CATALOGUE_ADDRESS(family, id) &rule_##id,
#define CATALOGUE_NAME(family, id) #id,
#define CATALOGUE_FAMILY(family, id) FAMILY_##family,
const struct rule *const rules[] = {CATALOGUE(CATALOGUE_ADDRESS)};
const char *const rule_names[] = {CATALOGUE(CATALOGUE_NAME)};
const enum family rule_families[] = {CATALOGUE(CATALOGUE_FAMILY)};
const size_t rules_count = CATALOGUE_COUNT;

_Static_assert((int)CATALOGUE_COUNT <= (int)RULES_MAX, "more rules than RULES_MAX");
_Static_assert((int)RULE_SET_WORDS == 2, "IMPLIES() fills two words");

int rules_find(const char *name, size_t n)
{
    for (size_t i = 0; i < rules_count; i++)
        if (strlen(rule_names[i]) == n && memcmp(rule_names[i], name, n) == 0)
            return (int)i;
    return -1;
}

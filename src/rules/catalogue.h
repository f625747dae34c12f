/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalogue: the names of all rules and their families, family by family. A row in a family's file that is not named
 * here does not compile, and a name here without a row does not link.
 */
#ifndef HELOD_CATALOGUE_H
#define HELOD_CATALOGUE_H

#include "facts.h"

#define CATALOGUE(NAME)                                                                                                \
    NAME(SYNTAX, helo_missing)                                                                                         \
    NAME(SYNTAX, helo_bad_syntax)                                                                                      \
    NAME(SYNTAX, helo_non_ascii)                                                                                       \
    NAME(SYNTAX, helo_too_long)                                                                                        \
    NAME(SYNTAX, helo_not_fqdn)                                                                                        \
    NAME(SYNTAX, helo_underscore)                                                                                      \
    NAME(SYNTAX, helo_trailing_dot)                                                                                    \
    NAME(SYNTAX, helo_bad_alabel)                                                                                      \
    NAME(SYNTAX, helo_unknown_tld)                                                                                     \
    NAME(SYNTAX, helo_numeric_tld)                                                                                     \
    NAME(SYNTAX, helo_public_suffix)                                                                                   \
    NAME(SPECIAL, helo_localhost)                                                                                      \
    NAME(SPECIAL, helo_special_use)                                                                                    \
    NAME(SPECIAL, helo_private_tld)                                                                                    \
    NAME(SPECIAL, helo_placeholder)                                                                                    \
    NAME(SPECIAL, helo_factory)                                                                                        \
    NAME(LITERAL, helo_bare_ip)                                                                                        \
    NAME(LITERAL, helo_literal)                                                                                        \
    NAME(LITERAL, helo_literal_mismatch)                                                                               \
    NAME(LITERAL, helo_literal_private)                                                                                \
    NAME(LITERAL, helo_literal_untagged)                                                                               \
    NAME(LITERAL, helo_literal_malformed)                                                                              \
    NAME(DNS, rdns_missing)                                                                                            \
    NAME(DNS, rdns_missing_ipv6)                                                                                       \
    NAME(DNS, rdns_unconfirmed)                                                                                        \
    NAME(DNS, rdns_reserved)                                                                                           \
    NAME(DNS, rdns_temperror)                                                                                          \
    NAME(DNS, rdns_unanswered)                                                                                         \
    NAME(DNS, nothing_proved)                                                                                          \
    NAME(DNS, nothing_proved_no_host)                                                                                  \
    NAME(DNS, nothing_proved_nowhere)                                                                                  \
    NAME(DNS, helo_unresolvable)                                                                                       \
    NAME(DNS, helo_resolves_bogon)                                                                                     \
    NAME(ALIGNMENT, helo_forward_mismatch)                                                                             \
    NAME(ALIGNMENT, helo_points_elsewhere)                                                                             \
    NAME(ALIGNMENT, helo_not_rdns)                                                                                     \
    NAME(ALIGNMENT, helo_other_domain)                                                                                 \
    NAME(ALIGNMENT, helo_bare_domain)                                                                                  \
    NAME(ALIGNMENT, helo_verified)                                                                                     \
    NAME(ALIGNMENT, helo_same_domain)                                                                                  \
    NAME(ALIGNMENT, helo_resolves_to_client)                                                                           \
    NAME(ALIGNMENT, helo_same_network)                                                                                 \
    NAME(NAMING, rdns_dynamic)                                                                                         \
    NAME(NAMING, rdns_generic)                                                                                         \
    NAME(NAMING, helo_dynamic)                                                                                         \
    NAME(NAMING, helo_generic)                                                                                         \
    NAME(NAMING, helo_serial)                                                                                          \
    NAME(NAMING, helo_foreign_address)                                                                                 \
    NAME(NAMING, helo_random)                                                                                          \
    NAME(NAMING, helo_bulk_name)                                                                                       \
    NAME(NAMING, helo_long_domain)                                                                                     \
    NAME(NAMING, helo_stock_name)                                                                                      \
    NAME(NAMING, helo_stock_own)                                                                                       \
    NAME(NAMING, helo_mass_mailer)                                                                                     \
    NAME(NAMING, helo_mail_role)                                                                                       \
    NAME(IMPERSONATION, helo_is_ours)                                                                                  \
    NAME(IMPERSONATION, helo_is_our_address)                                                                           \
    NAME(IMPERSONATION, helo_forges_provider)                                                                          \
    NAME(IMPERSONATION, helo_unproved_provider)                                                                        \
    NAME(IMPERSONATION, helo_is_recipient_domain)                                                                      \
    NAME(SPF, helo_spf_pass)                                                                                           \
    NAME(SPF, helo_spf_fail)                                                                                           \
    NAME(SPF, helo_spf_deny_all)                                                                                       \
    NAME(SPF, helo_spf_softfail)                                                                                       \
    NAME(SPF, helo_spf_permerror)                                                                                      \
    NAME(SPF, helo_spf_none)                                                                                           \
    NAME(SPF, sender_spf)                                                                                              \
    NAME(BEHAVIOUR, greeting_helo)                                                                                     \
    NAME(BEHAVIOUR, greeting_no_host)                                                                                  \
    NAME(BEHAVIOUR, greeting_plaintext)                                                                                \
    NAME(BEHAVIOUR, helo_churn)                                                                                        \
    NAME(BEHAVIOUR, helo_shared)                                                                                       \
    NAME(BEHAVIOUR, helo_changed)                                                                                      \
    NAME(BEHAVIOUR, helo_persistent_misfit)                                                                            \
    NAME(BEHAVIOUR, identity_known)                                                                                    \
    NAME(BEHAVIOUR, sender_other_domain)                                                                               \
    NAME(BEHAVIOUR, sender_is_helo)                                                                                    \
    NAME(BEHAVIOUR, sender_other_provider)                                                                             \
    NAME(BEHAVIOUR, one_organisation)

#define CATALOGUE_NUMBER(family, id) LISTED_##id,
enum { CATALOGUE(CATALOGUE_NUMBER) CATALOGUE_COUNT, LISTED_NOTHING = RULE_SET_WORDS * RULE_SET_WORD };

#define CATALOGUE_DECLARE(family, id) extern const struct rule rule_##id;
CATALOGUE(CATALOGUE_DECLARE)

/* The set of at most seven rules: .implies = IMPLIES(helo_not_fqdn, helo_unknown_tld), */
#define IMPLIES(...)                                                                                                   \
    {                                                                                                                  \
        {                                                                                                              \
            IMPLIES_WORD(0, __VA_ARGS__, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING),               \
                IMPLIES_WORD(1, __VA_ARGS__, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)            \
        }                                                                                                              \
    }
#define IMPLIES_WORD(word, a, b, c, d, e, f, g, ...)                                                                   \
    IMPLIES_BIT(word, a) | IMPLIES_BIT(word, b) | IMPLIES_BIT(word, c) | IMPLIES_BIT(word, d) | IMPLIES_BIT(word, e) | \
        IMPLIES_BIT(word, f) | IMPLIES_BIT(word, g)
#define IMPLIES_BIT(word, id)                                                                                          \
    ((int)LISTED_##id / RULE_SET_WORD == (word) ? UINT64_C(1) << (int)LISTED_##id % RULE_SET_WORD : 0)

/* Opens a row: RULE(helo_missing) = {…}; */
#define RULE(id)                                                                                                       \
    _Static_assert((int)LISTED_##id < (int)RULES_MAX, "more rules than RULES_MAX");                                    \
    const struct rule rule_##id

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalogue: the names of all rules, family by family. A row in a family's file that is not named here does not
 * compile, and a name here without a row does not link.
 */
#ifndef HELOD_CATALOGUE_H
#define HELOD_CATALOGUE_H

#include "facts.h"

#define CATALOGUE(NAME)                                                                                                \
    /* syntax */                                                                                                       \
    NAME(helo_missing)                                                                                                 \
    NAME(helo_bad_syntax)                                                                                              \
    NAME(helo_non_ascii)                                                                                               \
    NAME(helo_too_long)                                                                                                \
    NAME(helo_not_fqdn)                                                                                                \
    NAME(helo_underscore)                                                                                              \
    NAME(helo_trailing_dot)                                                                                            \
    NAME(helo_bad_alabel)                                                                                              \
    NAME(helo_unknown_tld)                                                                                             \
    NAME(helo_numeric_tld)                                                                                             \
    NAME(helo_public_suffix)                                                                                           \
    /* special */                                                                                                      \
    NAME(helo_localhost)                                                                                               \
    NAME(helo_special_use)                                                                                             \
    NAME(helo_private_tld)                                                                                             \
    NAME(helo_placeholder)                                                                                             \
    NAME(helo_factory)                                                                                                 \
    /* literal */                                                                                                      \
    NAME(helo_bare_ip)                                                                                                 \
    NAME(helo_literal)                                                                                                 \
    NAME(helo_literal_mismatch)                                                                                        \
    NAME(helo_literal_private)                                                                                         \
    NAME(helo_literal_untagged)                                                                                        \
    NAME(helo_literal_malformed)                                                                                       \
    /* dns */                                                                                                          \
    NAME(rdns_missing)                                                                                                 \
    NAME(rdns_missing_ipv6)                                                                                            \
    NAME(rdns_unconfirmed)                                                                                             \
    NAME(rdns_reserved)                                                                                                \
    NAME(rdns_temperror)                                                                                               \
    NAME(rdns_unanswered)                                                                                              \
    NAME(nothing_proved)                                                                                               \
    NAME(nothing_proved_no_host)                                                                                       \
    NAME(nothing_proved_nowhere)                                                                                       \
    NAME(helo_unresolvable)                                                                                            \
    NAME(helo_resolves_bogon)                                                                                          \
    /* alignment */                                                                                                    \
    NAME(helo_forward_mismatch)                                                                                        \
    NAME(helo_points_elsewhere)                                                                                        \
    NAME(helo_not_rdns)                                                                                                \
    NAME(helo_other_domain)                                                                                            \
    NAME(helo_bare_domain)                                                                                             \
    NAME(helo_verified)                                                                                                \
    NAME(helo_same_domain)                                                                                             \
    NAME(helo_resolves_to_client)                                                                                      \
    NAME(helo_same_network)                                                                                            \
    /* naming */                                                                                                       \
    NAME(rdns_dynamic)                                                                                                 \
    NAME(rdns_generic)                                                                                                 \
    NAME(helo_dynamic)                                                                                                 \
    NAME(helo_generic)                                                                                                 \
    NAME(helo_serial)                                                                                                  \
    NAME(helo_foreign_address)                                                                                         \
    NAME(helo_random)                                                                                                  \
    NAME(helo_bulk_name)                                                                                               \
    NAME(helo_long_domain)                                                                                             \
    NAME(helo_stock_name)                                                                                              \
    NAME(helo_stock_own)                                                                                               \
    NAME(helo_mass_mailer)                                                                                             \
    NAME(helo_mail_role)                                                                                               \
    /* impersonation */                                                                                                \
    NAME(helo_is_ours)                                                                                                 \
    NAME(helo_is_our_address)                                                                                          \
    NAME(helo_forges_provider)                                                                                         \
    NAME(helo_unproved_provider)                                                                                       \
    NAME(helo_is_recipient_domain)                                                                                     \
    /* spf */                                                                                                          \
    NAME(helo_spf_pass)                                                                                                \
    NAME(helo_spf_fail)                                                                                                \
    NAME(helo_spf_deny_all)                                                                                            \
    NAME(helo_spf_softfail)                                                                                            \
    NAME(helo_spf_permerror)                                                                                           \
    NAME(helo_spf_none)                                                                                                \
    NAME(sender_spf)                                                                                                   \
    /* behaviour */                                                                                                    \
    NAME(greeting_helo)                                                                                                \
    NAME(greeting_no_host)                                                                                             \
    NAME(greeting_plaintext)                                                                                           \
    NAME(helo_churn)                                                                                                   \
    NAME(helo_shared)                                                                                                  \
    NAME(helo_changed)                                                                                                 \
    NAME(helo_persistent_misfit)                                                                                       \
    NAME(identity_known)                                                                                               \
    NAME(sender_other_domain)                                                                                          \
    NAME(sender_is_helo)                                                                                               \
    NAME(sender_other_provider)                                                                                        \
    NAME(one_organisation)

#define CATALOGUE_NUMBER(id) LISTED_##id,
enum { CATALOGUE(CATALOGUE_NUMBER) CATALOGUE_COUNT, LISTED_NOTHING = RULE_SET_WORDS * RULE_SET_WORD };

#define CATALOGUE_DECLARE(id) extern const struct rule rule_##id;
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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * catalogue: the names of all rules, in families' order, and the traits (facts.h) of which a greeting must have one for
 * the rule to hit, or to come to hit: else it is not asked. A row in a family's file that is not named here does not
 * compile, and a name here without a row does not link.
 */
#ifndef HELOD_CATALOGUE_H
#define HELOD_CATALOGUE_H

#include "facts.h"

#define CATALOGUE(NAME, ARGUMENT)                                                                                      \
    /* syntax */                                                                                                       \
    NAME(helo_missing, KIND(NAME_EMPTY), ARGUMENT)                                                                     \
    NAME(helo_bad_syntax, KIND(NAME_BAD), ARGUMENT)                                                                    \
    NAME(helo_non_ascii, FLAG(NAME_NON_ASCII), ARGUMENT)                                                               \
    NAME(helo_too_long, FLAG(NAME_TOO_LONG), ARGUMENT)                                                                 \
    NAME(helo_not_fqdn, KIND(NAME_SINGLE), ARGUMENT)                                                                   \
    NAME(helo_underscore, FLAG(NAME_UNDERSCORE), ARGUMENT)                                                             \
    NAME(helo_trailing_dot, FLAG(NAME_TRAILING_DOT), ARGUMENT)                                                         \
    NAME(helo_bad_alabel, FLAG(NAME_BAD_ALABEL), ARGUMENT)                                                             \
    NAME(helo_unknown_tld, FLAG(NAME_UNKNOWN_TLD), ARGUMENT)                                                           \
    NAME(helo_numeric_tld, FLAG(NAME_NUMERIC_TLD), ARGUMENT)                                                           \
    NAME(helo_public_suffix, FLAG(NAME_IS_SUFFIX), ARGUMENT)                                                           \
    /* special */                                                                                                      \
    NAME(helo_localhost, RESERVED(NAME_RESERVED_LOCALHOST), ARGUMENT)                                                  \
    NAME(helo_special_use, RESERVED(NAME_RESERVED_SPECIAL), ARGUMENT)                                                  \
    NAME(helo_private_tld, RESERVED(NAME_RESERVED_PRIVATE), ARGUMENT)                                                  \
    NAME(helo_placeholder, RESERVED(NAME_RESERVED_PLACEHOLDER), ARGUMENT)                                              \
    NAME(helo_factory, RESERVED(NAME_RESERVED_FACTORY), ARGUMENT)                                                      \
    /* literal */                                                                                                      \
    NAME(helo_bare_ip, KIND(NAME_BARE), ARGUMENT)                                                                      \
    NAME(helo_literal, KIND(NAME_LITERAL), ARGUMENT)                                                                   \
    NAME(helo_literal_mismatch, KIND(NAME_LITERAL) | KIND(NAME_BARE), ARGUMENT)                                        \
    NAME(helo_literal_private, KIND(NAME_LITERAL) | KIND(NAME_BARE), ARGUMENT)                                         \
    NAME(helo_literal_untagged, FLAG(NAME_BAD_LITERAL), ARGUMENT)                                                      \
    NAME(helo_literal_malformed, FLAG(NAME_BAD_LITERAL), ARGUMENT)                                                     \
    /* dns */                                                                                                          \
    NAME(rdns_missing, TRAIT_UNCONFIRMED, ARGUMENT)                                                                    \
    NAME(rdns_missing_ipv6, TRAIT_UNCONFIRMED, ARGUMENT)                                                               \
    NAME(rdns_unconfirmed, TRAIT_UNCONFIRMED, ARGUMENT)                                                                \
    NAME(rdns_reserved, TRAIT_ANY, ARGUMENT)                                                                           \
    NAME(rdns_temperror, TRAIT_ANY, ARGUMENT)                                                                          \
    NAME(helo_unresolvable, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                           \
    NAME(helo_resolves_bogon, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                         \
    /* alignment */                                                                                                    \
    NAME(helo_forward_mismatch, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                       \
    NAME(helo_not_rdns, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                               \
    NAME(helo_other_domain, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                           \
    NAME(helo_bare_domain, TRAIT_BARE_DOMAIN, ARGUMENT)                                                                \
    NAME(helo_verified, TRAIT_OWN_HOST, ARGUMENT)                                                                      \
    NAME(helo_same_domain, TRAIT_OWN_HOST, ARGUMENT)                                                                   \
    NAME(helo_resolves_to_client, TRAIT_OWN_HOST, ARGUMENT)                                                            \
    NAME(helo_same_network, TRAIT_OWN_HOST, ARGUMENT)                                                                  \
    /* naming */                                                                                                       \
    NAME(rdns_dynamic, TRAIT_ANY, ARGUMENT)                                                                            \
    NAME(rdns_generic, TRAIT_ANY, ARGUMENT)                                                                            \
    NAME(helo_dynamic, NAMING(NAMING_DYNAMIC), ARGUMENT)                                                               \
    NAME(helo_generic, NAMING(NAMING_GENERIC) | NAMING(NAMING_ADDRESS), ARGUMENT)                                      \
    NAME(helo_serial, NAMING(NAMING_GENERIC), ARGUMENT)                                                                \
    NAME(helo_foreign_address, NAMING(NAMING_FOREIGN), ARGUMENT)                                                       \
    NAME(helo_random, NAMING(NAMING_RANDOM), ARGUMENT)                                                                 \
    NAME(helo_bulk_name, NAMING(NAMING_BULK), ARGUMENT)                                                                \
    NAME(helo_long_domain, NAMING(NAMING_LONG), ARGUMENT)                                                              \
    NAME(helo_stock_name, NAMING(NAMING_STOCK), ARGUMENT)                                                              \
    NAME(helo_mail_role, NAMING(NAMING_MAIL_ROLE), ARGUMENT)                                                           \
    /* impersonation */                                                                                                \
    NAME(helo_is_ours, TRAIT_OURS, ARGUMENT)                                                                           \
    NAME(helo_is_our_address, TRAIT_OUR_ADDRESS, ARGUMENT)                                                             \
    NAME(helo_forges_provider, TRAIT_PROVIDER, ARGUMENT)                                                               \
    NAME(helo_unproved_provider, TRAIT_PROVIDER, ARGUMENT)                                                             \
    NAME(helo_is_recipient_domain, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                    \
    /* spf */                                                                                                          \
    NAME(helo_spf_pass, TRAIT_HOST, ARGUMENT)                                                                          \
    NAME(helo_spf_fail, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                               \
    NAME(helo_spf_deny_all, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                           \
    NAME(helo_spf_softfail, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                           \
    NAME(helo_spf_permerror, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                          \
    NAME(helo_spf_none, TRAIT_UNVERIFIED_HOST, ARGUMENT)                                                               \
    NAME(sender_spf, TRAIT_BOUNCE, ARGUMENT)                                                                           \
    /* behaviour */                                                                                                    \
    NAME(greeting_helo, TRAIT_NO_EHLO, ARGUMENT)                                                                       \
    NAME(greeting_no_host, TRAIT_NO_EHLO, ARGUMENT)                                                                    \
    NAME(helo_churn, TRAIT_UNVERIFIED_WORD, ARGUMENT)                                                                  \
    NAME(helo_shared, TRAIT_UNVERIFIED_WORD, ARGUMENT)                                                                 \
    NAME(helo_changed, TRAIT_UNVERIFIED_WORD, ARGUMENT)                                                                \
    NAME(identity_known, TRAIT_HOST, ARGUMENT)                                                                         \
    NAME(sender_other_domain, TRAIT_SENDER_APART, ARGUMENT)                                                            \
    NAME(sender_other_provider, TRAIT_SENDER_PROVIDER, ARGUMENT)                                                       \
    NAME(one_organisation, TRAIT_SENDER_DOMAIN, ARGUMENT)

#define CATALOGUE_NUMBER(id, traits, nothing) LISTED_##id,
enum { CATALOGUE(CATALOGUE_NUMBER, ) CATALOGUE_COUNT, LISTED_NOTHING = RULE_SET_WORDS * RULE_SET_WORD };

#define CATALOGUE_DECLARE(id, traits, nothing) extern const struct rule rule_##id;
CATALOGUE(CATALOGUE_DECLARE, )

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

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rule_set: a bit for each rule of the catalogue. A greeting matches few rules, and loops visit only those.
 */
#ifndef HELOD_RULE_SET_H
#define HELOD_RULE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RULES_MAX = 96, RULE_SET_WORD = 64, RULE_SET_WORDS = (RULES_MAX + RULE_SET_WORD - 1) / RULE_SET_WORD };

struct rule_set {
    uint64_t words[RULE_SET_WORDS];
};

static inline bool rule_set_has(const struct rule_set *set, size_t rule)
{
    return (set->words[rule / RULE_SET_WORD] >> rule % RULE_SET_WORD & 1) != 0;
}

static inline void rule_set_add(struct rule_set *set, size_t rule)
{
    set->words[rule / RULE_SET_WORD] |= UINT64_C(1) << rule % RULE_SET_WORD;
}

static inline void rule_set_take_out(struct rule_set *set, size_t rule)
{
    set->words[rule / RULE_SET_WORD] &= ~(UINT64_C(1) << rule % RULE_SET_WORD);
}

static inline struct rule_set rule_set_both(const struct rule_set *a, const struct rule_set *b)
{
    struct rule_set both;

    for (size_t i = 0; i < RULE_SET_WORDS; i++)
        both.words[i] = a->words[i] | b->words[i];
    return both;
}

static inline struct rule_set rule_set_common(const struct rule_set *a, const struct rule_set *b)
{
    struct rule_set common;

    for (size_t i = 0; i < RULE_SET_WORDS; i++)
        common.words[i] = a->words[i] & b->words[i];
    return common;
}

static inline bool rule_set_is_empty(const struct rule_set *set)
{
    uint64_t any = 0;

    for (size_t i = 0; i < RULE_SET_WORDS; i++)
        any |= set->words[i];
    return any == 0;
}

/* The lowest rule in the set that is at least `from`; RULES_MAX if there is none. */
static inline size_t rule_set_next(const struct rule_set *set, size_t from)
{
    for (size_t word = from / RULE_SET_WORD; word < RULE_SET_WORDS; word++, from = word * RULE_SET_WORD) {
        uint64_t rest = set->words[word] >> from % RULE_SET_WORD;

        if (rest != 0)
            return from + (size_t)__builtin_ctzll(rest);
    }
    return RULES_MAX;
}

/* EACH_RULE(i, &set) {…}: loops over the rules of the set, in the catalogue's order. */
#define EACH_RULE(rule, set)                                                                                           \
    for (size_t rule = rule_set_next(set, 0); rule < RULES_MAX; rule = rule_set_next(set, rule + 1))

#endif

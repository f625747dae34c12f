/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * macro: the macro strings of RFC 7208 section 7. Checked when a record is parsed, expanded when a term is evaluated.
 */
#ifndef HELOD_SPF_MACRO_H
#define HELOD_SPF_MACRO_H

#include <stdbool.h>
#include <stddef.h>

#include "region.h"

enum {
    SPF_DOMAIN_MAX = 253,      /* longest name that an expansion yields (section 7.3) */
    SPF_VALUE_MAX = 512,       /* longest value of a letter; the caller truncates */
    SPF_EXPLANATION_MAX = 512, /* longest explanation; longer ones are truncated */
};

/* The context of a macro string, which decides what it may contain. */
enum spf_use {
    SPF_USE_DOMAIN,      /* domain-spec: ends in a toplabel or a macro */
    SPF_USE_MODIFIER,    /* value of an unknown modifier: any macro-string, even "" */
    SPF_USE_EXPLANATION, /* explain-string: may contain spaces and the letters c, r, t */
};

/* The letters' values, indexed as value['d' - 'a']. All are set; `p` may be NULL as long as it is not used. */
struct spf_values {
    const char *value[26];
};

/* Returns NULL when `s` is well formed, otherwise what is wrong with it. */
const char *macro_check(const char *s, size_t n, enum spf_use use);
/* True when the well-formed string uses the letter. */
bool macro_uses(const char *s, char letter);
/*
 * Expands a well-formed domain-spec. The result has no trailing dot; while it is longer than SPF_DOMAIN_MAX, labels are
 * removed from its left. Returns NULL when there is no memory.
 */
const char *macro_domain(const char *s, const struct spf_values *values, struct region *r);
/* Expands a well-formed explain-string to printable ASCII, truncated at SPF_EXPLANATION_MAX. */
const char *macro_explanation(const char *s, const struct spf_values *values, struct region *r);

#endif

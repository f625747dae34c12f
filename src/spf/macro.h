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
    SPF_DOMAIN_MAX = 253,      /* longest name that an expansion gives (section 7.3) */
    SPF_VALUE_MAX = 512,       /* longest value of a letter; the caller cuts */
    SPF_EXPLANATION_MAX = 512, /* longest explanation; the rest is cut */
};

/* Where a macro string stands, which decides what it may hold. */
enum spf_use {
    SPF_USE_DOMAIN,      /* domain-spec: ends in a toplabel or a macro */
    SPF_USE_MODIFIER,    /* value of an unknown modifier: any macro-string, "" too */
    SPF_USE_EXPLANATION, /* explain-string: blanks, and the letters c, r, t */
};

/* Values of the letters, by letter: value['d' - 'a']. All strings are set; `p` may be NULL while it is not used. */
struct spf_values {
    const char *value[26];
};

/* NULL when `s` is well formed, else what is wrong with it. */
const char *spf_macro_check(const char *s, size_t n, enum spf_use use);
/* Whether the letter is used. The string is well formed. */
bool spf_macro_uses(const char *s, char letter);
/*
 * The expansion of a well-formed domain-spec: without a trailing dot, labels cut off at its left while it is over
 * SPF_DOMAIN_MAX. NULL without memory.
 */
const char *spf_macro_domain(const char *s, const struct spf_values *values, struct region *r);
/* The expansion of a well-formed explain-string in printable ASCII, cut at SPF_EXPLANATION_MAX. */
const char *spf_macro_explanation(const char *s, const struct spf_values *values, struct region *r);

#endif

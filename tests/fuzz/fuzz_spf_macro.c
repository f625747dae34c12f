/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_spf_macro: line one is the value of every letter, the rest a macro string. What is well formed expands to a
 * name within the limit, or to an explanation in printable ASCII.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "macro.h"

static void check_domain(const char *s, const struct spf_values *values, struct region *r)
{
    const char *name = macro_domain(s, values, r);

    if (name && strlen(name) > SPF_DOMAIN_MAX)
        abort();
}

static void check_explanation(const char *s, const struct spf_values *values, struct region *r)
{
    const char *text = macro_explanation(s, values, r);

    if (text && strlen(text) > SPF_EXPLANATION_MAX)
        abort();
    for (; text && *text; text++)
        if (*text < ' ' || *text > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    struct region *r = region_new(1 << 20);
    struct spf_values values = {{0}};
    const char *value, *s;
    size_t n;

    if (!r || !end) {
        region_free(r);
        return 0;
    }
    value = region_strndup(r, (const char *)data, (size_t)(end - data));
    n = size - (size_t)(end - data) - 1;
    s = region_strndup(r, (const char *)end + 1, n);
    for (size_t i = 0; i < sizeof values.value / sizeof *values.value; i++)
        values.value[i] = value;
    values.value['p' - 'a'] = NULL;
    if (value && s) {
        if (!macro_check((const char *)end + 1, n, SPF_USE_DOMAIN)) {
            if (macro_check(s, n, SPF_USE_EXPLANATION))
                abort(); /* what a domain may hold, an explanation may */
            check_domain(s, &values, r);
        }
        if (!macro_check((const char *)end + 1, n, SPF_USE_EXPLANATION)) {
            if (strlen(s) != n)
                abort(); /* a NUL was let through */
            check_explanation(s, &values, r);
            macro_uses(s, 'p');
        }
    }
    region_free(r);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Macro strings: what is well formed where, and what they expand to. The first rows of the expansions are the examples
 * of RFC 7208 section 7.4.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "macro.h"

#define TEN "a23456789."
#define FIFTY TEN TEN TEN TEN TEN
#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

static const struct {
    const char *text;
    enum spf_use use;
    const char *error; /* NULL: well formed */
} checks[] = {
    {"example.net", SPF_USE_DOMAIN, NULL},
    {"example.net.", SPF_USE_DOMAIN, NULL},
    {"_spf.example.net", SPF_USE_DOMAIN, NULL},
    {"!\"#$&'()*:/.example.net", SPF_USE_DOMAIN, NULL},
    {"a..b.net", SPF_USE_DOMAIN, NULL},
    {".net", SPF_USE_DOMAIN, NULL},
    {"", SPF_USE_DOMAIN, "empty domain"},
    {"net", SPF_USE_DOMAIN, "domain of one label"},
    {"net.", SPF_USE_DOMAIN, "domain of one label"},
    {".", SPF_USE_DOMAIN, "domain of one label"},
    {"example..", SPF_USE_DOMAIN, "malformed top label"},
    {"example.1", SPF_USE_DOMAIN, "malformed top label"},
    {"example.1a", SPF_USE_DOMAIN, NULL},
    {"example.1-1", SPF_USE_DOMAIN, NULL},
    {"example.-net", SPF_USE_DOMAIN, "malformed top label"},
    {"example.net-", SPF_USE_DOMAIN, "malformed top label"},
    {"example.n_t", SPF_USE_DOMAIN, "malformed top label"},
    {"example.xn--p1ai", SPF_USE_DOMAIN, NULL},
    {"example net.net", SPF_USE_DOMAIN, "byte outside printable ASCII"},
    {"ex\x7f.net", SPF_USE_DOMAIN, "byte outside printable ASCII"},
    {"ex\xc3.net", SPF_USE_DOMAIN, "byte outside printable ASCII"},
    {"%{d}", SPF_USE_DOMAIN, NULL},
    {"%{D}", SPF_USE_DOMAIN, NULL},
    {"%%", SPF_USE_DOMAIN, NULL},
    {"example%_", SPF_USE_DOMAIN, NULL},
    {"example%-", SPF_USE_DOMAIN, NULL},
    {"%{d}.", SPF_USE_DOMAIN, "domain of one label"},
    {"%{d}net", SPF_USE_DOMAIN, "domain of one label"},
    {"%{d}.net", SPF_USE_DOMAIN, NULL},
    {"%{d1}", SPF_USE_DOMAIN, NULL},
    {"%{d0}", SPF_USE_DOMAIN, "malformed macro"},
    {"%{d00}", SPF_USE_DOMAIN, "malformed macro"},
    {"%{d01}", SPF_USE_DOMAIN, NULL},
    {"%{d999999999999999999999999999}", SPF_USE_DOMAIN, NULL},
    {"%{dr}", SPF_USE_DOMAIN, NULL},
    {"%{dR}", SPF_USE_DOMAIN, NULL},
    {"%{d2r.-+,/_=}", SPF_USE_DOMAIN, NULL},
    {"%{dr2}", SPF_USE_DOMAIN, "malformed macro"},
    {"%{d-2}", SPF_USE_DOMAIN, "malformed macro"},
    {"%{d@}", SPF_USE_DOMAIN, "malformed macro"},
    {"%{d", SPF_USE_DOMAIN, "malformed macro"},
    {"%{", SPF_USE_DOMAIN, "malformed macro"},
    {"%{}", SPF_USE_DOMAIN, "malformed macro"},
    {"%{x}", SPF_USE_DOMAIN, "malformed macro"},
    {"%{dd}", SPF_USE_DOMAIN, "malformed macro"},
    {"%", SPF_USE_DOMAIN, "stray percent sign"},
    {"example.net%", SPF_USE_DOMAIN, "stray percent sign"},
    {"%d.net", SPF_USE_DOMAIN, "stray percent sign"},
    {"%(d).net", SPF_USE_DOMAIN, "stray percent sign"},
    {"%{c}", SPF_USE_DOMAIN, "macro letter of explanations only"},
    {"%{R}", SPF_USE_DOMAIN, "macro letter of explanations only"},
    {"%{t}", SPF_USE_MODIFIER, "macro letter of explanations only"},
    {"", SPF_USE_MODIFIER, NULL},
    {"man:dog/cat", SPF_USE_MODIFIER, NULL},
    {"%abc", SPF_USE_MODIFIER, "stray percent sign"},
    {"a b", SPF_USE_MODIFIER, "byte outside printable ASCII"},
    {"", SPF_USE_EXPLANATION, NULL},
    {"See %{c} %{r} %{t} %{C}, 100%% sure.", SPF_USE_EXPLANATION, NULL},
    {"The %{x}-files.", SPF_USE_EXPLANATION, "malformed macro"},
    {"tab\there", SPF_USE_EXPLANATION, "byte outside printable ASCII"},
    {"100% sure", SPF_USE_EXPLANATION, "stray percent sign"},
};

static const struct {
    const char *text, *wanted;
} domains[] = {
    {"%{s}", "strong-bad@email.example.com"},
    {"%{o}", "email.example.com"},
    {"%{d}", "email.example.com"},
    {"%{d4}", "email.example.com"},
    {"%{d3}", "email.example.com"},
    {"%{d2}", "example.com"},
    {"%{d1}", "com"},
    {"%{dr}", "com.example.email"},
    {"%{d2r}", "example.email"},
    {"%{l}", "strong-bad"},
    {"%{l-}", "strong.bad"},
    {"%{lr}", "strong-bad"},
    {"%{lr-}", "bad.strong"},
    {"%{l1r-}", "strong"},
    {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
    {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
    {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
    {"%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
    {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
    {"%{d2}.trusted-domains.example.net.", "example.com.trusted-domains.example.net"},
    {"a%%b%_c%-d.example.net", "a%b c%20d.example.net"},
    {"%{h}", "a,b+c=d/e_f"},
    {"%{h,+}", "a.b.c=d/e_f"},
    {"%{h3,+=/_}", "d.e.f"},
    {"%{h2r,+=/_}", "b.a"},
    {"%{hR,+=/_}", "f.e.d.c.b.a"},
    {"%{H}", "a%2Cb%2Bc%3Dd%2Fe_f"},
    {"%{H1+}", "c%3Dd%2Fe_f"},
    {"%{S}", "strong-bad%40email.example.com"},
    {"%{p}", "unknown"},
    {"%{d1000}", "email.example.com"},
    {"%{d99999999999999999999}", "email.example.com"},
    /* 253 bytes stay; one more, and labels go from the left until it fits. */
    {FIFTY FIFTY FIFTY FIFTY FIFTY "net", FIFTY FIFTY FIFTY FIFTY FIFTY "net"},
    {"x" FIFTY FIFTY FIFTY FIFTY FIFTY "net", FIFTY FIFTY FIFTY FIFTY "a23456789." TEN TEN TEN "net"},
    {"abc." FIFTY FIFTY FIFTY FIFTY FIFTY "net.", FIFTY FIFTY FIFTY FIFTY FIFTY "net"},
    {FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
         FIFTY FIFTY FIFTY FIFTY FIFTY "net",
     FIFTY FIFTY FIFTY FIFTY FIFTY "net"},
    {X100 X100 X100 ".net", "net"},
    {X100 X100 X100 "%%", ""},
};

static const struct {
    const char *text, *wanted;
} explanations[] = {
    {"This is a test.", "This is a test."},
    {"%{c} at %{t} by %{r}", "192.0.2.3 at 7 by mx.example.org"},
    {"trailing dot of %{d}.", "trailing dot of email.example.com."},
    {"%_%-%%", " %20%"},
    {X100 X100 X100 X100 X100 X100, X100 X100 X100 X100 X100 X10 "xx"},
};

static struct spf_values values(void)
{
    struct spf_values v = {{0}};

    v.value['s' - 'a'] = "strong-bad@email.example.com";
    v.value['l' - 'a'] = "strong-bad";
    v.value['o' - 'a'] = v.value['d' - 'a'] = "email.example.com";
    v.value['i' - 'a'] = v.value['c' - 'a'] = "192.0.2.3";
    v.value['v' - 'a'] = "in-addr";
    v.value['h' - 'a'] = "a,b+c=d/e_f";
    v.value['r' - 'a'] = "mx.example.org";
    v.value['t' - 'a'] = "7";
    return v;
}

static void check_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        const char *error = macro_check(checks[i].text, strlen(checks[i].text), checks[i].use);

        if ((error && checks[i].error && !strcmp(error, checks[i].error)) || (!error && !checks[i].error))
            continue;
        fail_msg("row %zu \"%s\": %s", i, checks[i].text, error ? error : "well formed");
    }
}

static void check_finds_a_nul(void **state)
{
    (void)state;
    assert_string_equal(macro_check("a\0b.net", 7, SPF_USE_DOMAIN), "byte outside printable ASCII");
}

static void domain_rows(void **state)
{
    struct spf_values v = values();
    struct region *r = region_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        const char *got = macro_domain(domains[i].text, &v, r);

        assert_null(macro_check(domains[i].text, strlen(domains[i].text), SPF_USE_DOMAIN));
        if (strcmp(got, domains[i].wanted))
            fail_msg("row %zu \"%s\": got \"%s\", wanted \"%s\"", i, domains[i].text, got, domains[i].wanted);
    }
    region_free(r);
}

static void explanation_rows(void **state)
{
    struct spf_values v = values();
    struct region *r = region_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof explanations / sizeof *explanations; i++) {
        const char *got = macro_explanation(explanations[i].text, &v, r);

        if (strcmp(got, explanations[i].wanted))
            fail_msg("row %zu \"%s\": got \"%s\"", i, explanations[i].text, got);
    }
    v.value['s' - 'a'] = "a\r\nb\xff@x";
    assert_string_equal(macro_explanation("%{s}", &v, r), "a??b?@x");
    region_free(r);
}

static void values_past_their_bound_are_cut(void **state)
{
    char name[2001], dots[2001];
    struct spf_values v = values();
    struct region *r = region_new(1 << 20);

    (void)state;
    memset(name, 'y', 2000);
    memset(dots, '.', 2000);
    name[2000] = dots[2000] = '\0';
    v.value['h' - 'a'] = name;
    assert_string_equal(macro_domain("%{h}.net", &v, r), "net");
    v.value['h' - 'a'] = dots;
    assert_int_equal(strlen(macro_domain("%{hr}net.net", &v, r)), SPF_DOMAIN_MAX);
    region_free(r);
}

static void letters_in_use(void **state)
{
    (void)state;
    assert_true(macro_uses("a.%{p}.b", 'p'));
    assert_true(macro_uses("%{P2r-}", 'p'));
    assert_false(macro_uses("p.%{d}.%%{p}.b", 'p'));
    assert_false(macro_uses("", 'p'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_rows),
        cmocka_unit_test(check_finds_a_nul),
        cmocka_unit_test(domain_rows),
        cmocka_unit_test(explanation_rows),
        cmocka_unit_test(values_past_their_bound_are_cut),
        cmocka_unit_test(letters_in_use),
    };

    return cmocka_run_group_tests_name("spf macro", tests, NULL, NULL);
}

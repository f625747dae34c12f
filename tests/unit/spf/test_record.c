/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records: which TXT is one, what its terms are, what is a syntax error. A row's dump is the whole record in one form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "record.h"
#include "text.h"

static const struct {
    const char *text;
    bool is;
} selections[] = {
    {"v=spf1", true},      {"V=SpF1", true},        {"v=spf1 ", true},         {"v=spf1 -all", true},
    {"v=spf1-all", false}, {"v=spf10", false},      {"v=spf", false},          {"", false},
    {" v=spf1", false},    {"v=spf1\t-all", false}, {"v=spf2.0/mfrom", false}, {"v=spf1.", false},
};

/* Terms as KIND RESULT [TARGET] [NETWORK] /BITS4//BITS6, then the modifiers. */
static const struct {
    const char *text, *wanted;
} records[] = {
    {"v=spf1", ""},
    {"v=spf1    ", ""},
    {"v=spf1 -all", "all fail; deny_all"},
    {"v=spf1   -all  ", "all fail; deny_all"},
    {"v=spf1 -ALL", "all fail; deny_all"},
    {"v=spf1 all", "all pass; "},
    {"v=spf1 +all ?all ~all -all", "all pass; all neutral; all softfail; all fail; "},
    {"v=spf1 a", "a pass /32//128; "},
    {"v=spf1 A:Example.NET", "a pass Example.NET /32//128; "},
    {"v=spf1 a/24", "a pass /24//128; "},
    {"v=spf1 a/0", "a pass /0//128; "},
    {"v=spf1 a//64", "a pass /32//64; "},
    {"v=spf1 a//0", "a pass /32//0; "},
    {"v=spf1 a/24//64", "a pass /24//64; "},
    {"v=spf1 -mx:a.b/8//9", "mx fail a.b /8//9; "},
    {"v=spf1 mx:x/24/y.net", "mx pass x/24/y.net /32//128; "},
    {"v=spf1 mx:x:y.net//128", "mx pass x:y.net /32//128; "},
    {"v=spf1 a:%{d2r/}/24", "a pass %{d2r/} /24//128; "},
    {"v=spf1 ptr", "ptr pass; "},
    {"v=spf1 ?ptr:example.net", "ptr neutral example.net; "},
    {"v=spf1 ip4:192.0.2.1", "ip4 pass 192.0.2.1/32; "},
    {"v=spf1 ip4:192.0.2.77/24", "ip4 pass 192.0.2.0/24; "},
    {"v=spf1 IP4:0.0.0.0/0", "ip4 pass 0.0.0.0/0; "},
    {"v=spf1 ip6:2001:DB8::1", "ip6 pass 2001:db8::1/128; "},
    {"v=spf1 ip6:2001:db8:ffff::/33", "ip6 pass 2001:db8:8000::/33; "},
    {"v=spf1 ip6:::", "ip6 pass ::/128; "},
    {"v=spf1 include:_spf.example.net", "include pass _spf.example.net; "},
    {"v=spf1 exists:%{ir}.x.example.net", "exists pass %{ir}.x.example.net; "},
    {"v=spf1 redirect=a.net", "redirect a.net; "},
    {"v=spf1 exp=%{d} -all REDIRECT=b.net", "all fail; redirect b.net; exp %{d}; "},
    {"v=spf1 moo.cow-far_out=man:dog/cat -all", "all fail; "},
    {"v=spf1 x= y=%{s} x=", ""},
};

static const struct {
    const char *text, *error; /* the error begins with it */
} mistakes[] = {
    {"v=spf1 moo", "unknown mechanism: moo"},
    {"v=spf1 -all moo", "unknown mechanism: moo"},
    {"v=spf1 -", "unknown mechanism: -"},
    {"v=spf1 --all", "unknown mechanism: --all"},
    {"v=spf1 =all", "unknown mechanism: =all"},
    {"v=spf1 1up=x", "unknown mechanism: 1up=x"},
    {"v=spf1 -x=y", "unknown mechanism: -x=y"},
    {"v=spf1 all.", "unknown mechanism: all."},
    {"v=spf1 ip:192.0.2.1", "unknown mechanism: ip:"},
    {"v=spf1 ipv4:192.0.2.1", "unknown mechanism: ipv4:"},
    {"v=spf1 a,mx", "unexpected text after the mechanism: a,mx"},
    {"v=spf1 all:x.net", "unexpected text after the mechanism: all:"},
    {"v=spf1 all/8", "unexpected text after the mechanism: all/8"},
    {"v=spf1 ptr/0", "unexpected text after the mechanism: ptr/0"},
    {"v=spf1 a/", "unexpected text after the mechanism: a/"},
    {"v=spf1 a:", "empty domain: a:"},
    {"v=spf1 a:/24", "empty domain: a:/24"},
    {"v=spf1 a/33", "malformed prefix length: a/33"},
    {"v=spf1 a/024", "malformed prefix length: a/024"},
    {"v=spf1 a/00", "malformed prefix length: a/00"},
    {"v=spf1 a//129", "malformed prefix length: a//129"},
    {"v=spf1 a/24/64", "malformed prefix length: a/24/64"},
    {"v=spf1 a/24/24", "unexpected text after the mechanism: a/24/24"},
    {"v=spf1 a/24//64//64", "malformed prefix length"},
    {"v=spf1 a/4294967296", "malformed prefix length"},
    {"v=spf1 a:192.0.2.1", "malformed top label: a:192.0.2.1"},
    {"v=spf1 a:localhost", "domain of one label: a:localhost"},
    {"v=spf1 include", "domain missing: include"},
    {"v=spf1 include:", "empty domain: include:"},
    {"v=spf1 include:a.net/24", "malformed top label: include:a.net/24"},
    {"v=spf1 exists", "domain missing: exists"},
    {"v=spf1 exists/24", "unexpected text after the mechanism: exists/24"},
    {"v=spf1 ip4", "address missing: ip4"},
    {"v=spf1 ip4:", "malformed address: ip4:"},
    {"v=spf1 ip4/24", "address missing: ip4/24"},
    {"v=spf1 ip4:192.0.2", "malformed address: ip4:192.0.2"},
    {"v=spf1 ip4:192.0.2.256", "malformed address"},
    {"v=spf1 ip4:192.0.2.01", "malformed address"},
    {"v=spf1 ip4:192.0.2.1/33", "malformed prefix length"},
    {"v=spf1 ip4:192.0.2.1//32", "malformed address"},
    {"v=spf1 ip4:192.0.2.1:25", "malformed address"},
    {"v=spf1 ip4:::1", "malformed address"},
    {"v=spf1 ip4:%{i}", "malformed address"},
    {"v=spf1 ip6:192.0.2.1", "malformed address"},
    {"v=spf1 ip6:2001:db8::1/129", "malformed prefix length"},
    {"v=spf1 ip6:2001:db8:::1", "malformed address"},
    {"v=spf1 ip6:[2001:db8::1]", "malformed address"},
    {"v=spf1 ip6:fe80::1%eth0", "malformed address"},
    {"v=spf1 redirect=", "empty domain: redirect="},
    {"v=spf1 redirect=a.net redirect=a.net", "modifier given twice: redirect=a.net"},
    {"v=spf1 exp=a.net -all eXp=b.net", "modifier given twice: eXp=b.net"},
    {"v=spf1 redirect=a.net/24", "malformed top label"},
    {"v=spf1 redirect:a.net", "unknown mechanism: redirect:a.net"},
    {"v=spf1 x=%", "stray percent sign: x=%"},
    {"v=spf1 a\tmx", "byte outside printable ASCII: a?mx"},
    {"v=spf1 \xc3\xa4", "byte outside printable ASCII: ??"},
};

static const char *const kinds[SPF_KINDS] = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};

static void dump(struct text *t, const struct spf_record *record)
{
    char net[NETWORK_TEXT_SIZE];

    for (size_t i = 0; i < record->count; i++) {
        const struct spf_term *term = &record->terms[i];

        text_addf(t, "%s %s", kinds[term->kind],
                  term->result == SPF_PASS      ? "pass"
                  : term->result == SPF_FAIL    ? "fail"
                  : term->result == SPF_NEUTRAL ? "neutral"
                                                : "softfail");
        if (*term->target)
            text_addf(t, " %s", term->target);
        if (term->kind == SPF_IP4 || term->kind == SPF_IP6)
            text_addf(t, " %s", network_format(&term->net, net));
        if (term->kind == SPF_A || term->kind == SPF_MX)
            text_addf(t, " /%u//%u", term->bits4, term->bits6);
        text_add(t, "; ");
    }
    if (record->redirect.text)
        text_addf(t, "redirect %s; ", record->redirect.target);
    if (record->exp.text)
        text_addf(t, "exp %s; ", record->exp.target);
    if (record->deny_all)
        text_add(t, "deny_all");
}

static void selection_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++)
        if (record_is((const uint8_t *)selections[i].text, strlen(selections[i].text)) != selections[i].is)
            fail_msg("row %zu \"%s\"", i, selections[i].text);
}

static void record_rows(void **state)
{
    struct region *r = region_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct spf_record record;
        char got[1000];
        struct text t;
        const char *error = NULL;

        if (!record_parse(&record, (const uint8_t *)records[i].text, strlen(records[i].text), r, &error))
            fail_msg("row %zu \"%s\": %s", i, records[i].text, error);
        text_init(&t, got, sizeof got);
        dump(&t, &record);
        if (strcmp(got, records[i].wanted))
            fail_msg("row %zu \"%s\": got \"%s\", wanted \"%s\"", i, records[i].text, got, records[i].wanted);
    }
    region_free(r);
}

static void mistake_rows(void **state)
{
    struct region *r = region_new(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        struct spf_record record;
        const char *error = NULL;

        if (record_parse(&record, (const uint8_t *)mistakes[i].text, strlen(mistakes[i].text), r, &error))
            fail_msg("row %zu \"%s\": taken", i, mistakes[i].text);
        if (!error || strncmp(error, mistakes[i].error, strlen(mistakes[i].error)))
            fail_msg("row %zu \"%s\": got \"%s\", wanted \"%s\"", i, mistakes[i].text, error, mistakes[i].error);
    }
    region_free(r);
}

static bool parse_terms(size_t size, size_t memory, const char **error)
{
    uint8_t *bytes = malloc(size);
    struct region *r = region_new(memory);
    struct spf_record record;
    bool parsed;

    memset(bytes, ' ', size);
    memcpy(bytes, "v=spf1", 6);
    for (size_t i = 7; i < size; i += 2)
        bytes[i] = 'a';
    parsed = record_parse(&record, bytes, size, r, error);
    region_free(r);
    free(bytes);
    return parsed;
}

static void long_records(void **state)
{
    const char *error;

    (void)state;
    assert_true(parse_terms(8193, 16 << 20, &error));
    assert_true(parse_terms(SPF_RECORD_MAX, 16 << 20, &error));
    assert_false(parse_terms(SPF_RECORD_MAX + 1, 16 << 20, &error));
    assert_string_equal(error, "record over 65535 bytes");
    assert_false(parse_terms(SPF_RECORD_MAX, 10000, &error));
    assert_null(error); /* no memory: no fault of the record */
}

static void a_nul_is_an_error(void **state)
{
    struct region *r = region_new(1 << 20);
    struct spf_record record;
    const char *error;

    (void)state;
    assert_false(record_parse(&record, (const uint8_t *)"v=spf1 a\0 -all", 14, r, &error));
    assert_string_equal(error, "NUL in the record");
    region_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selection_rows), cmocka_unit_test(record_rows),       cmocka_unit_test(mistake_rows),
        cmocka_unit_test(long_records),   cmocka_unit_test(a_nul_is_an_error),
    };

    return cmocka_run_group_tests_name("spf record", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_parse() and the relations of two names: one row per case, against a public suffix list of our own.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"
#include "names_group.h"

static struct name parse(const char *raw)
{
    struct name name;

    name_parse(&name, raw, strlen(raw), data, region);
    return name;
}

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define D240 A63 "." A63 "." A63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 239 bytes */

static const struct {
    const char *raw;
    enum name_kind kind;
    unsigned flags;
    const char *text;        /* NULL: as raw */
    const char *registrable; /* NULL: none */
} syntax[] = {
    {"", NAME_EMPTY, 0, "", NULL},
    {"mail.company.com", NAME_HOST, 0, NULL, "company.com"},
    {"company.com", NAME_HOST, 0, NULL, "company.com"},
    {"Mail.COMPANY.Com", NAME_HOST, 0, "mail.company.com", "company.com"},
    {"a.b.c.d.company.co.uk", NAME_HOST, 0, NULL, "company.co.uk"},
    {"company.co.uk", NAME_HOST, 0, NULL, "company.co.uk"},
    {"1.company.com", NAME_HOST, 0, NULL, "company.com"},
    {"4.3.2.1.company.com", NAME_HOST, 0, NULL, "company.com"},
    {"123.de", NAME_HOST, 0, NULL, "123.de"},
    {"a-b--c.company.com", NAME_HOST, 0, NULL, "company.com"},
    {"r4---sn-x.company.com", NAME_HOST, 0, NULL, "company.com"},
    {"ab--cd.company.com", NAME_HOST, 0, NULL, "company.com"},

    /* trailing dot: one is the root's */
    {"mail.company.com.", NAME_HOST, NAME_TRAILING_DOT, "mail.company.com", "company.com"},
    {"mail.company.com..", NAME_BAD, NAME_TRAILING_DOT | NAME_BAD_LABEL, NULL, NULL},
    {"mail.", NAME_SINGLE, NAME_TRAILING_DOT, "mail", NULL},
    {".", NAME_BAD, NAME_TRAILING_DOT | NAME_BAD_LABEL, NULL, NULL},
    {"..", NAME_BAD, NAME_TRAILING_DOT | NAME_BAD_LABEL, NULL, NULL},

    /* one label */
    {"mail", NAME_SINGLE, 0, NULL, NULL},
    {"MAIL", NAME_SINGLE, 0, "mail", NULL},
    {"com", NAME_SINGLE, NAME_IS_SUFFIX, NULL, NULL},
    {"12345", NAME_SINGLE, NAME_NUMERIC_TLD, NULL, NULL},
    {"x", NAME_SINGLE, 0, NULL, NULL},

    /* public suffixes */
    {"co.uk", NAME_HOST, NAME_IS_SUFFIX, NULL, NULL},
    {"foo.ck", NAME_HOST, NAME_IS_SUFFIX, NULL, NULL},
    {"a.foo.ck", NAME_HOST, 0, NULL, "a.foo.ck"},
    {"www.ck", NAME_HOST, 0, NULL, "www.ck"},
    {"a.www.ck", NAME_HOST, 0, NULL, "www.ck"},
    {"dyndns.org", NAME_HOST, 0, NULL, NULL}, /* a private suffix is nobody's mistake */
    {"home.dyndns.org", NAME_HOST, 0, NULL, "home.dyndns.org"},
    {"ec2-1-2-3-4.compute-1.amazonaws.com", NAME_HOST, 0, NULL, NULL},
    {"a.b.unheardof", NAME_HOST, NAME_UNKNOWN_TLD, NULL, "b.unheardof"},
    {"b.unheardof", NAME_HOST, NAME_UNKNOWN_TLD, NULL, "b.unheardof"},
    {"foo.123", NAME_HOST, NAME_NUMERIC_TLD, NULL, NULL},
    {"1.2.3", NAME_HOST, NAME_NUMERIC_TLD, NULL, NULL},
    {"1.2.3.4.5", NAME_HOST, NAME_NUMERIC_TLD, NULL, NULL},
    {"1.2.3.400", NAME_HOST, NAME_NUMERIC_TLD, NULL, NULL},
    {"foo.0x7f", NAME_HOST, NAME_UNKNOWN_TLD, NULL, "foo.0x7f"},

    /* labels */
    {".company.com", NAME_BAD, NAME_BAD_LABEL, NULL, NULL},
    {"mail..company.com", NAME_BAD, NAME_BAD_LABEL, NULL, NULL},
    {"-mail.company.com", NAME_BAD, NAME_BAD_LABEL, NULL, NULL},
    {"mail-.company.com", NAME_BAD, NAME_BAD_LABEL, NULL, NULL},
    {"mail.-company.com", NAME_BAD, NAME_BAD_LABEL, NULL, NULL},
    {"mail.company.com-", NAME_BAD, NAME_BAD_LABEL, NULL, NULL},
    {"-", NAME_BAD, NAME_BAD_LABEL, NULL, NULL},
    {A63 ".company.com", NAME_HOST, 0, NULL, "company.com"},
    {A63 "a.company.com", NAME_BAD, NAME_TOO_LONG, NULL, NULL},
    {A63 "a", NAME_BAD, NAME_TOO_LONG, NULL, NULL},
    {D240 ".company12.com", NAME_HOST, 0, NULL, "company12.com"}, /* 253 */
    {D240 ".company12.com.", NAME_HOST, NAME_TRAILING_DOT, D240 ".company12.com", "company12.com"},
    {D240 ".company123.com", NAME_BAD, NAME_TOO_LONG, NULL, NULL},

    /* bytes */
    {"my_host.company.com", NAME_HOST, NAME_UNDERSCORE, NULL, "company.com"},
    {"_dmarc.company.com", NAME_HOST, NAME_UNDERSCORE, NULL, "company.com"},
    {"my_pc", NAME_SINGLE, NAME_UNDERSCORE, NULL, NULL},
    {"ma il.company.com", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"mail.company.com ", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"mail?company.com", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"????", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"user@company.com", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"<mail.company.com>", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"mail.company.com:25", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"Mail.Company.com\r\nX: y", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"a\x01.company.com", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"a\x7f.company.com", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"m\xc3\xbcller.de", NAME_BAD, NAME_NON_ASCII, NULL, NULL},
    {"\xff\xfe", NAME_BAD, NAME_NON_ASCII, NULL, NULL},
    {"m\xc3\xbc ller.de", NAME_BAD, NAME_NON_ASCII | NAME_BAD_BYTE, NULL, NULL},
    {"C:\\PC.company.com", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"(null)", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},

    /* A-labels */
    {"xn--mller-kva.de", NAME_HOST, 0, NULL, "xn--mller-kva.de"},
    {"XN--Mller-KVA.de", NAME_HOST, 0, "xn--mller-kva.de", "xn--mller-kva.de"},
    {"mail.xn--80asehdb", NAME_HOST, 0, NULL, "mail.xn--80asehdb"},
    {"mail.xn--mller-kva.de", NAME_HOST, 0, NULL, "xn--mller-kva.de"},
    {"xn--a.de", NAME_HOST, NAME_BAD_ALABEL, NULL, "xn--a.de"},
    {"xn--ls8h.de", NAME_HOST, NAME_BAD_ALABEL, NULL, "xn--ls8h.de"},
    {"a.xn--ssa.de", NAME_HOST, NAME_BAD_ALABEL, NULL, "xn--ssa.de"},
    {"xn--ssa.mail.de", NAME_HOST, NAME_BAD_ALABEL, NULL, "mail.de"},
    {"xn--mail.company.de", NAME_HOST, NAME_BAD_ALABEL, NULL, "company.de"},

    /* literals */
    {"[192.0.2.1]", NAME_LITERAL, 0, NULL, NULL},
    {"[001.002.003.004]", NAME_LITERAL, 0, NULL, NULL},
    {"[IPv6:2001:db8::1]", NAME_LITERAL, 0, "[ipv6:2001:db8::1]", NULL},
    {"[ipv6:2001:DB8::1]", NAME_LITERAL, 0, "[ipv6:2001:db8::1]", NULL},
    {"[2001:db8::1]", NAME_LITERAL, NAME_BAD_LITERAL, NULL, NULL},
    {"[IPv6:::ffff:192.0.2.1]", NAME_LITERAL, 0, "[ipv6:::ffff:192.0.2.1]", NULL},
    {"[192.0.2.1]?text", NAME_LITERAL, NAME_LITERAL_TAIL, NULL, NULL},
    {"[192.0.2.1] (mail.company.com)", NAME_LITERAL, NAME_LITERAL_TAIL, NULL, NULL},
    {"[192.0.2.1].", NAME_LITERAL, NAME_LITERAL_TAIL, NULL, NULL},
    {"[192.0.2.1", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[192.0.2]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[192.0.2.256]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[192.0.2.1.5]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[192.0.2.0001]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[192.0..1]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[ 192.0.2.1]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[IPv6:192.0.2.1]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[IPv6:]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[IPv6:2001:db8::1::2]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[fe80::1%eth0]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[mail.company.com]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"]", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"[x400:foo]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},
    {"[" D240 "]", NAME_BAD, NAME_BAD_LITERAL, NULL, NULL},

    /* addresses without brackets */
    {"192.0.2.1", NAME_BARE, 0, NULL, NULL},
    {"192.0.2.1.", NAME_BARE, NAME_TRAILING_DOT, "192.0.2.1", NULL},
    {"192.0.2.001", NAME_BARE, 0, NULL, NULL},
    {"2001:db8::1", NAME_BARE, 0, NULL, NULL},
    {"2001:DB8::1", NAME_BARE, 0, "2001:db8::1", NULL},
    {"IPv6:2001:db8::1", NAME_BARE, 0, "ipv6:2001:db8::1", NULL},
    {"::", NAME_BARE, 0, NULL, NULL},
    {"::ffff:192.0.2.1", NAME_BARE, 0, NULL, NULL},
    {"192.0.2.1?", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
    {"192.0.2.1]", NAME_BAD, NAME_BAD_BYTE, NULL, NULL},
};

static void test_syntax(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof syntax / sizeof syntax[0]; i++) {
        struct name name = parse(syntax[i].raw);
        const char *text = syntax[i].text != NULL ? syntax[i].text : syntax[i].raw;
        const char *domain = syntax[i].registrable;
        bool same_domain = domain == NULL ? name.registrable == NULL
                                          : name.registrable != NULL && strcmp(domain, name.registrable) == 0;

        if (name.kind != syntax[i].kind || name.flags != syntax[i].flags || strcmp(name.text, text) != 0 ||
            name.length != strlen(text) || !same_domain)
            fail_msg("'%s': kind %d flags %#x text '%s' registrable '%s'", syntax[i].raw, (int)name.kind, name.flags,
                     name.text, name.registrable != NULL ? name.registrable : "none");
    }
}

static const struct {
    const char *raw, *address;
} addresses[] = {
    {"[192.0.2.1]", "192.0.2.1"},
    {"[010.001.000.009]", "10.1.0.9"},
    {"192.0.2.1.", "192.0.2.1"},
    {"[IPv6:2001:db8::1]", "2001:db8::1"},
    {"[2001:db8::1]", "2001:db8::1"},
    {"IPv6:2001:db8:0:0::1", "2001:db8::1"},
    {"[IPv6:::ffff:192.0.2.7]", "192.0.2.7"},
    {"::ffff:192.0.2.7", "192.0.2.7"},
    {"[192.0.2.1]?x", "192.0.2.1"},
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        struct name name = parse(addresses[i].raw);
        char text[ADDRESS_TEXT_SIZE];

        if (strcmp(address_format(&name.literal, text), addresses[i].address) != 0)
            fail_msg("'%s': address %s", addresses[i].raw, text);
    }
}

static const struct {
    const char *name;
    enum name_reserved class;
} reserved[] = {
    {"mail.company.com", NAME_RESERVED_NONE},
    {"mail", NAME_RESERVED_NONE},
    {"localhost", NAME_RESERVED_LOCALHOST},
    {"LOCALHOST.", NAME_RESERVED_LOCALHOST},
    {"localhost.localdomain", NAME_RESERVED_LOCALHOST},
    {"a.localhost", NAME_RESERVED_LOCALHOST},
    {"localhost.company.com", NAME_RESERVED_NONE},
    {"mylocalhost", NAME_RESERVED_NONE},
    {"srv.company.local", NAME_RESERVED_SPECIAL},
    {"local", NAME_RESERVED_NONE},
    {"mail.local.de", NAME_RESERVED_NONE},
    {"mail.notlocal", NAME_RESERVED_NONE},
    {"host.test", NAME_RESERVED_SPECIAL},
    {"a.invalid", NAME_RESERVED_SPECIAL},
    {"a.onion", NAME_RESERVED_SPECIAL},
    {"a.alt", NAME_RESERVED_SPECIAL},
    {"router.home.arpa", NAME_RESERVED_SPECIAL},
    {"4.3.2.1.in-addr.arpa", NAME_RESERVED_SPECIAL},
    {"1.0.ip6.arpa", NAME_RESERVED_SPECIAL},
    {"mail.in-addr.arpa.de", NAME_RESERVED_NONE},
    {"srv.lan", NAME_RESERVED_PRIVATE},
    {"dsldevice.lan", NAME_RESERVED_PRIVATE},
    {"a.corp", NAME_RESERVED_PRIVATE},
    {"a.internal", NAME_RESERVED_PRIVATE},
    {"a.localdomain", NAME_RESERVED_PRIVATE},
    {"a.home", NAME_RESERVED_PRIVATE},
    {"a.intranet", NAME_RESERVED_PRIVATE},
    {"a.private", NAME_RESERVED_PRIVATE},
    {"a.workgroup", NAME_RESERVED_PRIVATE},
    {"vm.novalocal", NAME_RESERVED_PRIVATE},
    {"a.home.de", NAME_RESERVED_NONE},
    {"lan.company.com", NAME_RESERVED_NONE},
    {"corp.company.com", NAME_RESERVED_NONE},
    {"milan.company.com", NAME_RESERVED_NONE},
    {"host.example", NAME_RESERVED_PLACEHOLDER},
    {"mail.example.com", NAME_RESERVED_PLACEHOLDER},
    {"example.net", NAME_RESERVED_PLACEHOLDER},
    {"example.de", NAME_RESERVED_NONE},
    {"myexample.com", NAME_RESERVED_NONE},
    {"hostname.domain.tld", NAME_RESERVED_PLACEHOLDER},
    {"mail.yourdomain.com", NAME_RESERVED_PLACEHOLDER},
    {"server1.domain.com", NAME_RESERVED_PLACEHOLDER},
    {"gateway.udomain.com", NAME_RESERVED_NONE},
    {"WIN-0123456789A", NAME_RESERVED_FACTORY},
    {"WIN-0123456789A.company.com", NAME_RESERVED_FACTORY},
    {"WIN-0123456789", NAME_RESERVED_NONE},
    {"win-mail.company.com", NAME_RESERVED_NONE},
    {"winter-01.company.com", NAME_RESERVED_NONE},
    {"DESKTOP-A1B2C3D", NAME_RESERVED_FACTORY},
    {"LAPTOP-A1B2C3D4", NAME_RESERVED_FACTORY},
    {"desktop-support.company.com", NAME_RESERVED_FACTORY}, /* seven letters: cannot be told apart */
    {"desktop-team.company.com", NAME_RESERVED_NONE},
    {"ylmf-pc", NAME_RESERVED_FACTORY},
    {"speedtouch.lan", NAME_RESERVED_PRIVATE},
    {"user", NAME_RESERVED_FACTORY},
    {"friend", NAME_RESERVED_FACTORY},
    {"user.company.com", NAME_RESERVED_NONE},
    {"friend.company.com", NAME_RESERVED_NONE},
    {"userserver", NAME_RESERVED_NONE},
    {"fc18c8fc7138", NAME_RESERVED_FACTORY},
    {"fc18c8fc713g", NAME_RESERVED_NONE},
    {"fc18c8fc7138.company.com", NAME_RESERVED_NONE},
    {"iz2ze0123456789z", NAME_RESERVED_FACTORY},
    {"ip-10-0-0-7", NAME_RESERVED_FACTORY},
    {"ip-10-0-0-7.company.com", NAME_RESERVED_NONE},
    {"ubuntu", NAME_RESERVED_FACTORY},
    {"ubuntu.company.com", NAME_RESERVED_NONE},
    {"centos-s-1vcpu-2gb-ams3-01", NAME_RESERVED_FACTORY},
    {"server", NAME_RESERVED_FACTORY},
    {"server7", NAME_RESERVED_NONE},
};

static void test_reserved(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        struct name name = parse(reserved[i].name);

        if (name.reserved != reserved[i].class)
            fail_msg("'%s': reserved %d", reserved[i].name, (int)name.reserved);
    }
}

static void test_no_owner(void **state)
{
    (void)state;
    assert_null(parse("a.b.local").registrable);
    assert_null(parse("a.b.lan").registrable);
    assert_null(parse("4.3.2.1.in-addr.arpa").registrable);
    assert_string_equal(parse("mail.host.example").registrable, "host.example");
    assert_string_equal(parse("mail.example.com").registrable, "example.com");
}

static const struct {
    const char *a, *b;
    bool equal, same_domain, under;
} pairs[] = {
    {"mail.company.com", "mail.company.com", true, true, true},
    {"MAIL.company.com.", "mail.company.com", true, true, true},
    {"mail.company.com", "company.com", false, true, true},
    {"mail.company.com", "mx.company.com", false, true, false},
    {"evilcompany.com", "company.com", false, false, false},
    {"a.co.uk", "b.co.uk", false, false, false},
    {"co.uk", "co.uk", true, false, true},
    {"mail", "mail", false, false, true},
    {"192.0.2.1", "192.0.2.1", false, false, true},
    {"a.dyndns.org", "b.dyndns.org", false, false, false},
    {"ec2-1-2-3-4.compute-1.amazonaws.com", "ec2-1-2-3-4.compute-1.amazonaws.com", true, false, true},
    {"x.lan", "y.lan", false, false, false},
    {"bad name", "bad name", false, false, true},
    {"", "", false, false, false},
};

static void test_pairs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct name a = parse(pairs[i].a), b = parse(pairs[i].b);

        if (name_equal(&a, &b) != pairs[i].equal || name_same_domain(&a, &b) != pairs[i].same_domain ||
            name_under(a.text, b.text) != pairs[i].under)
            fail_msg("'%s' and '%s': equal %d, same domain %d, under %d", pairs[i].a, pairs[i].b, name_equal(&a, &b),
                     name_same_domain(&a, &b), name_under(a.text, b.text));
    }
}

static const struct {
    const char *name, *reverse; /* NULL: of no provider */
} providers[] = {
    {"mail-ed1-f1.google.com", "google.com"},
    {"gmail.com", "google.com"},
    {"evilgoogle.com", NULL},
    {"google.com.company.de", NULL},
    {"nam10-mw2-obe.outbound.protection.outlook.com", "outlook.com"},
    {"hotmail.com", "outlook.com"},
    {"out1.qq.com", "qq.com"},
    {"consultant.com", "mail.com"},
    {"mail.company.com", NULL},
    {"gmail", NULL},
    {"[192.0.2.1]", NULL},
};

static void test_providers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        struct name name = parse(providers[i].name);
        const char *const *reverse = name_provider(&name, data);
        bool found = false;

        for (const char *const *domain = reverse; domain != NULL && *domain != NULL; domain++)
            found = found || (providers[i].reverse != NULL && strcmp(*domain, providers[i].reverse) == 0);
        if ((reverse != NULL) != (providers[i].reverse != NULL) || (reverse != NULL && !found))
            fail_msg("'%s': reverse names in %s", providers[i].name, reverse != NULL ? reverse[0] : "none");
    }
}

/* Bytes with a NUL, and a region that is full: nothing but NAME_BAD may come of it. */
static void test_limits(void **state)
{
    struct region *small = region_new(16);
    struct name name;
    char *long_name = malloc(65536);

    (void)state;
    name_parse(&name, "mail\0.company.com", 17, data, region);
    assert_int_equal(name.kind, NAME_BAD);
    assert_int_equal(name.flags, NAME_BAD_BYTE);
    assert_int_equal(name.length, 17);
    name_parse(&name, "a-long-host-name-indeed.company.com", 35, data, small);
    assert_int_equal(name.kind, NAME_BAD);
    assert_string_equal(name.text, "");
    assert_null(name.registrable);
    memset(long_name, '.', 65536);
    name_parse(&name, long_name, 65536, data, region);
    assert_int_equal(name.kind, NAME_BAD);
    memset(long_name, '[', 65536);
    name_parse(&name, long_name, 65536, data, region);
    assert_int_equal(name.flags, NAME_BAD_LITERAL);
    free(long_name);
    region_free(small);
}

static void test_data(void **state)
{
    char error[256] = "";
    struct name_data *builtin = name_data_new(NULL, NULL, error, sizeof error);
    struct name name;

    (void)state;
    assert_non_null(builtin);
    name_parse(&name, "mail.company.co.uk", 18, builtin, region);
    assert_string_equal(name.registrable, "company.co.uk");
    assert_true(strlen(name_data_date(builtin)) == 10 || strcmp(name_data_date(builtin), "unknown") == 0);
    name_data_free(builtin);
    name_data_free(NULL);
    assert_null(name_data_new("/helod-absent/psl.dat", NULL, error, sizeof error));
    assert_non_null(strstr(error, "/helod-absent/psl.dat: No such file"));
    assert_null(name_data_new("/dev/null", NULL, error, sizeof error));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_syntax),   cmocka_unit_test(test_addresses), cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_no_owner), cmocka_unit_test(test_pairs),     cmocka_unit_test(test_providers),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_data),
    };

    return cmocka_run_group_tests_name("name", tests, names_start, names_stop);
}

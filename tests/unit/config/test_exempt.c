/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exemptions by client and name with their dates: from the policy file and from files of their own, and what is said
 * of a line that is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "reading.h"

static void test_exempt(void **state)
{
    struct settings *s = read_good("exempt { clients = { \"192.0.2.0/24\", \"2001:db8::/32\" } "
                                   "rdns = { \".Partner.example\" } "
                                   "helo = { \"old.example\" } }");
    struct address inside = client("192.0.2.77"), mapped = client("::ffff:192.0.2.77"), outside = client("192.0.3.1");
    int32_t entry = settings_exempt_client(s, &inside, NOVEMBER_1);
    char where[EXEMPTION_WHERE_SIZE];

    (void)state;
    assert_int_equal(s->exempt.count, 4);
    assert_int_equal(entry, 0);
    assert_string_equal(s->exempt.entries[entry].pattern, "192.0.2.0/24");
    assert_string_equal(exempt_where(&s->exempt.entries[entry], where), "t:1");
    assert_int_equal(settings_exempt_client(s, &mapped, NOVEMBER_1), 0);
    assert_int_equal(settings_exempt_client(s, &outside, NOVEMBER_1), -1);
    assert_int_equal(settings_exempt_rdns(s, "mail.partner.example", NOVEMBER_1), 2);
    assert_int_equal(settings_exempt_rdns(s, "partner.example", NOVEMBER_1), 2);
    assert_int_equal(settings_exempt_rdns(s, "notpartner.example", NOVEMBER_1), -1);
    assert_int_equal(settings_exempt_helo(s, "old.example", NOVEMBER_1), 3);
    assert_int_equal(settings_exempt_helo(s, "mail.old.example", NOVEMBER_1), -1);
    settings_unref(s);
}

static struct settings *read_exempt_file(const char *lines)
{
    char text[512];

    snprintf(text, sizeof(text), "exempt {\n clients = {}\n files = { \"%s\" } }", write_file("exempt", lines));
    return read_text(text);
}

static void test_exempt_file(void **state)
{
    struct settings *s = read_exempt_file("# who pays us\n\n"
                                          "client 192.0.2.1 # the old gateway\r\n"
                                          "client 2001:db8::/48\tuntil=2026-12-31\n"
                                          "  rdns .partner.example  #  asked by Ann\n"
                                          "helo Mail.Partner.example");
    const struct exemption *e;
    char where[EXEMPTION_WHERE_SIZE];

    (void)state;
    if (!s)
        fail_msg("%s", messages);
    assert_int_equal(s->exempt.count, 4);
    e = s->exempt.entries;
    assert_int_equal(e[0].kind, EXEMPT_CLIENT);
    assert_string_equal(e[0].why, "the old gateway");
    assert_int_equal(e[0].until, 0);
    assert_non_null(strstr(exempt_where(&e[0], where), "/exempt:3"));
    assert_int_equal(e[1].until, NOVEMBER_1 + 61 * DAY); /* the first second of 2027 */
    assert_string_equal(e[1].why, "");
    assert_string_equal(e[2].pattern, ".partner.example");
    assert_string_equal(e[2].why, "asked by Ann");
    assert_string_equal(e[3].pattern, "mail.partner.example");
    settings_unref(s);
}

/* Each line alone, and what is said of it. */
static void test_exempt_file_errors(void **state)
{
    static const struct {
        const char *line, *message;
    } rows[] = {
        {"host a.example", "expected client, rdns or helo, not \"host\""},
        {"CLIENT 192.0.2.1", "expected client, rdns or helo, not \"CLIENT\""},
        {"client", "expected a pattern after it"},
        {"client # why", "expected a pattern after it"},
        {"client 192.0.2.300", "\"192.0.2.300\" is not a network, expected ADDRESS or ADDRESS/BITS"},
        {"client mail.example", "\"mail.example\" is not a network, expected ADDRESS or ADDRESS/BITS"},
        {"helo a_b..example", "\"a_b..example\" is not a host name, expected NAME, or .NAME for all below it too"},
        {"rdns *.example", "\"*.example\" is not a host name, expected NAME, or .NAME for all below it too"},
        {"rdns .", "\".\" is not a host name, expected NAME, or .NAME for all below it too"},
        {"helo a.example until=2026-02-30", "expected until=YYYY-MM-DD, not \"until=2026-02-30\""},
        {"helo a.example until=tomorrow", "expected until=YYYY-MM-DD, not \"until=tomorrow\""},
        {"helo a.example forever", "expected until=YYYY-MM-DD, not \"forever\""},
        {"helo a.example until=2026-12-31 because", "expected client|rdns|helo PATTERN [until=YYYY-MM-DD] [# why]"},
        {"helo a\001.example", "a control byte, expected text"},
        {"helo a.example until=2020-01-01", "warning: \"a.example\" has expired and is ignored"},
        {"rdns .net", "warning: \".net\" exempts all of a top-level domain"},
        {"client ::/0", "warning: \"::/0\" exempts everybody"},
        {"client 64.0.0.0/7", "warning: \"64.0.0.0/7\" exempts a large part of the Internet"},
        {"client 2000::/3", "warning: \"2000::/3\" exempts a large part of the Internet"},
        {"helo [192.0.2.1]", "\"[192.0.2.1]\" is an address literal, not a host name: exempt the client by its address "
                             "(client ADDRESS)"},
        {"helo 192.0.2.1",
         "warning: \"192.0.2.1\" exempts nobody, because an address is no host name: exempt the client "
         "by its address (client ADDRESS)"},
        {"rdns 192.0.2.1",
         "warning: \"192.0.2.1\" exempts nobody, because an address is no host name: exempt the client "
         "by its address (client ADDRESS)"},
        {"helo WIN-3T0K8V5Q1LM",
         "warning: \"win-3t0k8v5q1lm\" exempts nobody, because DNS cannot confirm a name of one "
         "label: exempt the client by its address (client ADDRESS)"},
        {"helo mail.corp", "warning: \"mail.corp\" is not looked up in DNS, so it exempts only clients whose confirmed "
                           "reverse name is the same: exempt them by address (client ADDRESS)"},
        {"helo .local", "warning: \".local\" is not looked up in DNS, so it exempts only clients whose confirmed "
                        "reverse name is the same: exempt them by address (client ADDRESS)"},
        {"rdns co.uk", "warning: \"co.uk\" is a public suffix, so it exempts only a host of exactly this name"},
        {"rdns .co.uk", "warning: \".co.uk\" exempts everybody below a public suffix"},
        {"helo .github.io", "warning: \".github.io\" exempts everybody below a public suffix"},
    };
    char text[256], expected[600];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings *s;
        const char *warning = "warning: ";
        bool is_error = strncmp(rows[i].message, warning, strlen(warning)) != 0;
        snprintf(text, sizeof(text), "# first\n%s\n", rows[i].line);
        s = read_exempt_file(text);
        snprintf(expected, sizeof(expected), "%s%s/exempt:2: %s\n", is_error ? "" : warning, folder,
                 rows[i].message + (is_error ? 0 : strlen(warning)));
        assert_string_equal(messages, expected);
        assert_int_equal(s == NULL, is_error);
        settings_unref(s);
    }
}

/* What is not odd: no warning. An internal reverse name can be confirmed by a resolver of one's own. */
static void test_exempt_file_quiet(void **state)
{
    struct settings *s = read_exempt_file("client fc00::/7\nclient 10.0.0.0/8\nclient 192.0.0.0/8\nrdns .corp\n"
                                          "rdns mailhost\nhelo .partner.example\nhelo mail.kiln-street.net\n");

    (void)state;
    assert_string_equal(messages, "");
    assert_int_equal(s->exempt.count, 7);
    settings_unref(s);
}

static void test_exempt_file_reports_all(void **state)
{
    struct settings *s = read_exempt_file("client x\nhelo y y\n\nrdns .partner.example\nfoo bar\n");
    char expected[1024];

    (void)state;
    assert_null(s);
    snprintf(expected, sizeof(expected),
             "%s/exempt:1: \"x\" is not a network, expected ADDRESS or ADDRESS/BITS\n"
             "%s/exempt:2: expected until=YYYY-MM-DD, not \"y\"\n"
             "%s/exempt:5: expected client, rdns or helo, not \"foo\"\n",
             folder, folder, folder);
    assert_string_equal(messages, expected);
}

static struct settings *read_repeated(const char *line, unsigned count, const char *last)
{
    size_t n = strlen(line), size = n * count + strlen(last) + 1;
    char *text = malloc(size);
    struct settings *s;

    assert_non_null(text);
    for (unsigned i = 0; i < count; i++)
        memcpy(text + i * n, line, n);
    memcpy(text + count * n, last, size - count * n);
    s = read_exempt_file(text);
    free(text);
    return s;
}

/* Reporting each line of a file of another kind would keep helod from answering for long. */
static void test_a_file_of_another_kind(void **state)
{
    unsigned lines = 0;

    (void)state;
    assert_null(read_repeated("?\n", 100000, "client 192.0.2.1\n"));
    for (const char *at = messages; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 100);
    assert_null(strstr(messages, " more"));
}

static void test_warnings_hide_no_error(void **state)
{
    (void)state;
    assert_null(read_repeated("client 192.0.2.1 until=2020-01-01\n", 150, "client 192.0.2.300\n"));
    assert_non_null(strstr(messages, "exempt:151: \"192.0.2.300\" is not a network"));
    assert_non_null(strstr(messages, ": and 51 more"));
}

/* The date is the last day that counts; a wider entry stands when a narrower one has expired. */
static void test_until(void **state)
{
    struct settings *s;
    struct address a = client("192.0.2.1");

    (void)state;
    clock_freeze(NOVEMBER_1, 0);
    s = read_exempt_file("client 192.0.2.1 until=2026-11-02\nclient 192.0.2.0/24\n"
                         "helo .a.example until=2026-11-02\nrdns .a.example until=2026-11-01\nrdns .example\n");
    if (!s)
        fail_msg("%s", messages);
    assert_int_equal(settings_exempt_client(s, &a, NOVEMBER_1), 0);
    assert_int_equal(settings_exempt_client(s, &a, NOVEMBER_1 + 2 * DAY - 1), 0);
    assert_int_equal(settings_exempt_client(s, &a, NOVEMBER_1 + 2 * DAY), 1);
    assert_int_equal(settings_exempt_helo(s, "m.a.example", NOVEMBER_1 + 2 * DAY - 1), 2);
    assert_int_equal(settings_exempt_helo(s, "m.a.example", NOVEMBER_1 + 2 * DAY), -1);
    assert_int_equal(settings_exempt_rdns(s, "m.a.example", NOVEMBER_1), 3);
    assert_int_equal(settings_exempt_rdns(s, "m.a.example", NOVEMBER_1 + DAY), 4);
    settings_unref(s);
    clock_advance(3 * DAY * 1000ull);
    s = read_exempt_file("client 192.0.2.1 until=2026-11-02\nclient 192.0.2.0/24\n");
    assert_non_null(s);
    assert_int_equal(s->exempt.count, 1);
    assert_non_null(strstr(messages, "exempt:1: \"192.0.2.1\" has expired"));
    settings_unref(s);
    clock_freeze(NOVEMBER_1, 0);
}

static double load_seconds(unsigned entries)
{
    const char *path = write_file("many", "");
    char text[512];
    FILE *out = fopen(path, "w");
    struct settings *s;
    clock_t began;

    assert_non_null(out);
    for (unsigned i = 0; i < entries; i++) {
        if (i % 2)
            fprintf(out, "helo mail%u.customer%u.example until=2099-12-31 # number %u\n", i, i, i);
        else
            fprintf(out, "client 10.%u.%u.%u\n", i >> 16 & 255, i >> 8 & 255, i & 255);
    }
    fclose(out);
    snprintf(text, sizeof(text), "exempt { clients = {} files = { \"%s\" } }", path);
    began = clock();
    s = read_good(text);
    assert_int_equal(s->exempt.count, entries);
    settings_unref(s);
    return (double)(clock() - began) / CLOCKS_PER_SEC;
}

/* Linear growth, so that 100,000 stay far below the 300 ms in which a reload is done. */
static void test_many(void **state)
{
    double base = load_seconds(0), few = load_seconds(10000) - base, many = load_seconds(100000) - base;

    (void)state;
    print_message("# no entry: %.0f ms, 10,000 more: %.0f ms, 100,000 more: %.0f ms\n", base * 1e3, few * 1e3,
                  many * 1e3);
    assert_true(many < 30 * few + 0.1);
    assert_true(many < 2.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exempt),
        cmocka_unit_test(test_exempt_file),
        cmocka_unit_test(test_exempt_file_errors),
        cmocka_unit_test(test_exempt_file_quiet),
        cmocka_unit_test(test_exempt_file_reports_all),
        cmocka_unit_test(test_a_file_of_another_kind),
        cmocka_unit_test(test_warnings_hide_no_error),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

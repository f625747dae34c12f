/* SPDX-License-Identifier: BSD-2-Clause */
/* A policy file with the files that it names: their entries, mistakes in them, and files that never end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policyfile.h"
#include "reading.h"

enum { ENTRIES = 3000, LONG_LINE = 40000 };

static char policy_path[64], exempt_path[64], token_path[64];

static FILE *create(const char *path)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(chmod(path, 0644), 0);
    return out;
}

static void write_entries(FILE *out)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        if (i % 2)
            fprintf(out, "helo mail%u.customer%u.example until=2099-12-31 # number %u\n", i, i, i);
        else
            fprintf(out, "client 10.%u.%u.%u\r\n", i >> 16 & 255, i >> 8 & 255, i & 255);
    }
}

static int setup(void **state)
{
    FILE *out;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(policy_path, sizeof(policy_path), "%s/policy", folder);
    snprintf(exempt_path, sizeof(exempt_path), "%s/exempt", folder);
    snprintf(token_path, sizeof(token_path), "%s/tokens", folder);
    out = create(policy_path);
    fprintf(out,
            "exempt { clients = { \"192.0.2.1\", \"192.0.2.2\" } files = { \"%s\" } }\n"
            "names { token_files = { \"%s\" } }\n",
            exempt_path, token_path);
    fclose(out);
    out = create(token_path);
    fprintf(out, "server zzline +zzline.example.net -zzlines.example.net\ndynamic zzdsl +zzdsl7.example.net "
                 "-zzdsl.example.net\n");
    fclose(out);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(policy_path);
    unlink(exempt_path);
    unlink(token_path);
    return rmdir(folder);
}

static struct settings *read_again(void)
{
    messages[0] = '\0';
    return policyfile_read(policy_path, keep, NULL);
}

static void test_entries(void **state)
{
    struct settings *s;
    FILE *out = create(exempt_path);

    (void)state;
    write_entries(out);
    fputs("rdns .last.example # no end of line", out);
    fclose(out);
    s = read_again();
    if (!s)
        fail_msg("%s", messages);
    assert_int_equal(s->exempt.count, 2 + ENTRIES + 1);
    assert_int_equal(s->exempt.entries[2 + ENTRIES].line, ENTRIES + 1);
    assert_int_equal(s->exempt.entries[3].kind, EXEMPT_HELO);
    assert_string_equal(s->exempt.entries[3].pattern, "mail1.customer1.example");
    assert_int_not_equal(settings_exempt_rdns(s, "a.last.example", 0), LOOKUP_NONE);
    settings_unref(s);
}

static void test_long_lines(void **state)
{
    static const struct {
        size_t before, length; /* of the long line and the one before it */
    } rows[] = {{0, 1024}, {0, 16384}, {100, 16383}, {1000, LONG_LINE}, {16000, 5000}};
    char expected[400];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings *s;
        FILE *out = create(exempt_path);
        for (size_t k = 0; k < rows[i].before; k += 10)
            fputs("#23456789\n", out);
        for (size_t k = 0; k < rows[i].length; k++)
            fputc('x', out);
        fputs("\nnonsense\n", out);
        fclose(out);
        s = read_again();
        assert_null(s);
        snprintf(expected, sizeof(expected),
                 "%s:%zu: this line is too long, expected at most 1023 bytes\n%s:%zu: ", exempt_path,
                 rows[i].before / 10 + 1, exempt_path, rows[i].before / 10 + 2);
        if (strncmp(messages, expected, strlen(expected)) != 0)
            fail_msg("row %zu: %s", i, messages);
    }
}

/* No file that the policy names can keep helod reading. */
static void test_endless(void **state)
{
    static const struct {
        const char *before, *after;
    } options[] = {{"exempt { files = { \"", "\" } }"},
                   {"names { token_files = { \"", "\" } }"},
                   {"names { psl_file = \"", "\" }"}};
    struct {
        const char *path, *why;
    } rows[] = {{"/dev/zero", "/dev/zero: is a device or socket, expected a file\n"}, {exempt_path, ": larger than "}};
    char text[256];

    (void)state;
    fclose(create(exempt_path));
    assert_int_equal(truncate(exempt_path, 3LL << 30), 0);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            snprintf(text, sizeof(text), "%s%s%s", options[i].before, rows[k].path, options[i].after);
            assert_null(read_text(text));
            if (strstr(messages, rows[k].why) == NULL)
                fail_msg("%s: '%s'", text, messages);
        }
    }
}

/* Two mistakes in two files, in the order of the policy file, at the end and once. */
static void test_mistakes(void **state)
{
    char expected[400];
    struct settings *s;
    FILE *out = create(exempt_path);

    (void)state;
    write_entries(out);
    fputs("client nobody\n", out);
    fclose(out);
    out = create(token_path);
    fputs("server zzline +zzline.example.net -zzlines.example.net\nserver zz9\n", out);
    fclose(out);
    s = read_again();
    assert_null(s);
    snprintf(expected, sizeof(expected),
             "%s:%u: \"nobody\" is not a network, expected ADDRESS or ADDRESS/BITS\n"
             "%s:2: names: %s:2: \"zz9\" is no token; expected 2 to 32 lower-case letters\n",
             exempt_path, ENTRIES + 1, policy_path, token_path);
    assert_string_equal(messages, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_endless),
        cmocka_unit_test(test_mistakes),
    };

    return cmocka_run_group_tests_name("policyfile_load", tests, setup, teardown);
}

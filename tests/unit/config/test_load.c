/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A policy file read in slices: the same settings and messages as at once, with every slice as short as can be; given
 * up at any point; and files that are written to meanwhile.
 */
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

static const struct slice no_time; /* over before it begins */

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

/* In slices of no time at all. Returns their number; *s is NULL when the file is wrong. */
static unsigned read_in_slices(const struct settings *in_force, struct settings **s)
{
    struct policyfile_load *load;
    unsigned slices = 0;
    enum work work = WORK_LEFT;

    messages[0] = '\0';
    load = policyfile_load_new(policy_path, in_force, keep, NULL);
    assert_non_null(load);
    for (; work == WORK_LEFT; slices++)
        work = policyfile_load_go_on(load, &no_time);
    *s = work == WORK_DONE ? policyfile_load_take(load) : NULL;
    policyfile_load_free(load);
    return slices;
}

static void test_same(void **state)
{
    struct settings *at_once, *sliced, *shared;
    FILE *out = create(exempt_path);
    unsigned slices;

    (void)state;
    write_entries(out);
    fputs("rdns .last.example # no end of line", out);
    fclose(out);
    at_once = policyfile_read(policy_path, keep, NULL);
    slices = read_in_slices(NULL, &sliced);
    if (!at_once || !sliced)
        fail_msg("%s", messages);
    read_in_slices(sliced, &shared);
    assert_non_null(shared);
    assert_true(slices > 10 + ENTRIES / 600); /* a piece of an exempt file is 16 KiB */
    assert_int_equal(at_once->exempt.count, 2 + ENTRIES + 1);
    assert_int_equal(sliced->exempt.count, 2 + ENTRIES + 1);
    assert_int_equal(policyfile_diff(at_once, sliced, NULL, NULL), 0);
    assert_int_equal(policyfile_diff(sliced, shared, NULL, NULL), 0);
    for (size_t i = 0; i < at_once->exempt.count; i++) {
        const struct exemption *a = &at_once->exempt.entries[i], *b = &sliced->exempt.entries[i];
        assert_string_equal(a->pattern, b->pattern);
        assert_int_equal(a->line, b->line);
        assert_int_equal(a->kind, b->kind);
    }
    settings_unref(at_once);
    settings_unref(sliced); /* what `shared` has of it stays */
    assert_int_not_equal(settings_exempt_rdns(shared, "a.last.example", 0), LOOKUP_NONE);
    settings_unref(shared);
}

static void test_given_up(void **state)
{
    FILE *out = create(exempt_path);
    unsigned slices = 1, left = 1;

    (void)state;
    write_entries(out);
    fclose(out);
    while (left > 0) {
        struct policyfile_load *load = policyfile_load_new(policy_path, NULL, keep, NULL);
        enum work work = WORK_LEFT;
        assert_non_null(load);
        for (left = slices++; left > 0 && work == WORK_LEFT; left--)
            work = policyfile_load_go_on(load, &no_time);
        policyfile_load_free(load);
        left = work == WORK_LEFT;
    }
    assert_true(slices > 10);
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
        read_in_slices(NULL, &s);
        assert_null(s);
        snprintf(expected, sizeof(expected),
                 "%s:%zu: this line is too long, expected at most 1023 bytes\n%s:%zu: ", exempt_path,
                 rows[i].before / 10 + 1, exempt_path, rows[i].before / 10 + 2);
        if (strncmp(messages, expected, strlen(expected)) != 0)
            fail_msg("row %zu: %s", i, messages);
    }
}

static void append(void)
{
    FILE *out = fopen(exempt_path, "a");

    assert_non_null(out);
    fputs("client 0.0.0.0/1\n", out);
    fclose(out);
}

static void replace(void)
{
    FILE *out;

    assert_int_equal(unlink(exempt_path), 0);
    out = create(exempt_path);
    fputs("nonsense\n", out);
    fclose(out);
}

/* What was opened is read to its end; what is not whole is no list. */
static void test_changed(void **state)
{
    static const struct {
        void (*change)(void);
        bool good;
    } rows[] = {{append, false}, {replace, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policyfile_load *load;
        struct settings *s;
        enum work work = WORK_LEFT;
        FILE *out = create(exempt_path);
        unsigned slices;
        write_entries(out);
        fclose(out);
        slices = read_in_slices(NULL, &s) - 8; /* within the file, a piece or two before its end */
        settings_unref(s);
        load = policyfile_load_new(policy_path, NULL, keep, NULL);
        while (slices-- > 0)
            work = policyfile_load_go_on(load, &no_time);
        assert_int_equal(work, WORK_LEFT);
        rows[i].change();
        while (work == WORK_LEFT)
            work = policyfile_load_go_on(load, &no_time);
        assert_int_equal(work, rows[i].good ? WORK_DONE : WORK_FAILED);
        assert_true(rows[i].good || strstr(messages, "was written to while it was read"));
        policyfile_load_free(load);
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
    read_in_slices(NULL, &s);
    assert_null(s);
    snprintf(expected, sizeof(expected),
             "%s:%u: \"nobody\" is no network, expected ADDRESS or ADDRESS/BITS\n"
             "%s:2: names: %s:2: \"zz9\" is no token; expected 2 to 32 lower-case letters\n",
             exempt_path, ENTRIES + 1, policy_path, token_path);
    assert_string_equal(messages, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),    cmocka_unit_test(test_given_up), cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_changed), cmocka_unit_test(test_mistakes),
    };

    return cmocka_run_group_tests_name("policyfile_load", tests, setup, teardown);
}

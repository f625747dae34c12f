/* SPDX-License-Identifier: BSD-2-Clause */
/* test_text: the builder's bounds, and that no foreign byte breaks out of any form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "text.h"

#define S(literal) literal, sizeof literal - 1

static const struct {
    const char *name;
    enum text_form form;
    const char *in;
    size_t n;
    const char *out;
} cases[] = {
    {"plain keeps printable", TEXT_PLAIN, S(" a~\"<\\"), " a~\"<\\"},
    {"plain controls", TEXT_PLAIN, S("a\r\n\0\x7f\x80\xff"), "a??????"},
    {"reply breaking", TEXT_REPLY, S("a<b>c\\d(e)f\"g;h"), "a?b?c?d?e?f?g?h"},
    {"reply keeps the rest", TEXT_REPLY, S("user@host [1.2.3.4] 5%"), "user@host [1.2.3.4] 5%"},
    {"logfmt word", TEXT_LOGFMT, S("mx.example.net"), "mx.example.net"},
    {"logfmt empty", TEXT_LOGFMT, S(""), "\"\""},
    {"logfmt blank", TEXT_LOGFMT, S("a b"), "\"a b\""},
    {"logfmt equals", TEXT_LOGFMT, S("a=b"), "\"a=b\""},
    {"logfmt quote", TEXT_LOGFMT, S("a\"b\\c"), "\"a\\\"b\\\\c\""},
    {"logfmt control", TEXT_LOGFMT, S("a\n\0\xe9"), "\"a\\x0a\\x00\\xe9\""},
    {"json", TEXT_JSON, S("a\"b\\c\n\x7f\xe9</"), "a\\\"b\\\\c\\u000a\\u007f\\u00e9\\u003c/"},
    {"prometheus", TEXT_PROMETHEUS, S("a\\b\"c\nd\re\xe9"), "a\\\\b\\\"c\\nd?e?"},
    {"up to the NUL", TEXT_PLAIN, "abc", SIZE_MAX, "abc"},
    {"NULL is empty", TEXT_PLAIN, NULL, SIZE_MAX, ""},
    {"NULL logfmt", TEXT_LOGFMT, NULL, 7, "\"\""},
};

static void forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[200];
        struct text t;

        text_init(&t, out, sizeof out);
        text_add_as(&t, cases[i].form, cases[i].in, cases[i].n);
        if (strcmp(out, cases[i].out) != 0)
            fail_msg("%s: got %s", cases[i].name, out);
        assert_int_equal(t.used, strlen(out));
        assert_false(t.full);
    }
}

static bool all_printable(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < 0x20 || s[i] > 0x7e)
            return false;
    }
    return true;
}

/* Ends after what stands between `open` and the first `close` that no backslash protects. */
static size_t quoted_length(const char *s)
{
    size_t i = 0;

    while (s[i] != '\0' && s[i] != '"')
        i += s[i] == '\\' && s[i + 1] != '\0' ? 2 : 1;
    return i;
}

static bool breaks_out(enum text_form form, const char *s, size_t n)
{
    switch (form) {
    case TEXT_PLAIN:
        return false;
    case TEXT_REPLY:
        return strpbrk(s, "<>\\()\";") != NULL;
    case TEXT_LOGFMT:
        if (s[0] == '"')
            return n < 2 || quoted_length(s + 1) != n - 2;
        return n == 0 || strpbrk(s, " \"=\\") != NULL;
    case TEXT_JSON:
        return strchr(s, '<') != NULL || quoted_length(s) != n;
    case TEXT_PROMETHEUS:
        return quoted_length(s) != n;
    }
    return true;
}

/* Whatever comes in, and however little room there is. */
static void random_bytes(void **state)
{
    uint64_t seed = 0x243f6a8885a308d3u;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        char in[40], out[96];
        struct text t;
        enum text_form form = (enum text_form)(round % (TEXT_PROMETHEUS + 1));
        size_t n, size;

        for (size_t i = 0; i < sizeof in; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            in[i] = seed >> 63 ? (char)(seed >> 40) : "\"\\<>&'=; \r\n\0"[(seed >> 40) % 12];
        }
        n = (seed >> 33) % (sizeof in + 1);
        size = 4 + (seed >> 45) % (sizeof out - 4);
        memset(out, '#', sizeof out);
        text_init(&t, out, size);
        text_add_as(&t, form, in, n);
        assert_true(t.used < size);
        assert_int_equal(out[t.used], '\0');
        for (size_t i = size; i < sizeof out; i++)
            assert_int_equal(out[i], '#');
        if ((form != TEXT_JSON && !all_printable(out, t.used)) || breaks_out(form, out, t.used))
            fail_msg("form %d let out: %s", form, out);
    }
}

static void cut_and_full(void **state)
{
    char out[8];
    struct text t;

    (void)state;
    text_init(&t, out, sizeof out);
    text_add(&t, "12345");
    assert_false(t.full);
    text_add(&t, "6789");
    assert_string_equal(out, "1234567");
    assert_true(t.full);
    text_add(&t, "");
    text_add_char(&t, 'x');
    text_addf(&t, "%d", 1);
    text_add_as(&t, TEXT_LOGFMT, "a", 1);
    assert_string_equal(out, "1234567");
    text_rewind(&t, 2);
    assert_string_equal(out, "12");
    text_addf(&t, "%s", "345678");
    assert_string_equal(out, "1234567");
    assert_true(t.full);
    text_rewind(&t, 5);
    text_add_as(&t, TEXT_JSON, "\nx", 2); /* the escape has no room: nothing behind the gap either */
    assert_string_equal(out, "12345");
    assert_true(t.full);
    text_rewind(&t, 0);
    text_add_as(&t, TEXT_LOGFMT, "a b c d e f", SIZE_MAX);
    assert_string_equal(out, "\"a b c\"");
    assert_true(t.full);
    text_init(&t, out, 1);
    text_add(&t, "x");
    assert_string_equal(out, "");
}

static void numbers(void **state)
{
    static const struct {
        long long n;
        const char *out;
    } rows[] = {{0, "0"}, {-1, "-1"}, {INT64_MAX, "9223372036854775807"}, {INT64_MIN, "-9223372036854775808"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[32];
        struct text t;

        text_init(&t, out, sizeof out);
        text_add_number(&t, rows[i].n);
        assert_string_equal(out, rows[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(cut_and_full),
        cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_json: every character of Unicode comes out of the JSON writer as itself, and no sequence of bytes makes it write
 * anything but well-formed JSON in UTF-8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"

enum { POINTS = 0x110000, PER_TEXT = 50 };

static size_t encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 63));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 63));
        out[2] = (char)(0x80 | (point & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 63));
    out[2] = (char)(0x80 | (point >> 6 & 63));
    out[3] = (char)(0x80 | (point & 63));
    return 4;
}

static char *written(const char *text)
{
    struct json j;
    char *out = NULL;
    size_t n;
    FILE *stream = open_memstream(&out, &n);

    assert_non_null(stream);
    json_init(&j, stream);
    json_text(&j, NULL, text);
    assert_int_equal(fclose(stream), 0);
    return out;
}

/* What a JSON reader makes of the next character of a string; moves *at past it. */
static uint32_t decoded(const char **at)
{
    const unsigned char *p = (const unsigned char *)*at;
    size_t more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? *p : *p & (0x3fu >> more);

    if (p[0] == '\\' && p[1] == 'u') {
        char hex[5] = {(char)p[2], (char)p[3], (char)p[4], (char)p[5], '\0'};

        *at += 6;
        return (uint32_t)strtoul(hex, NULL, 16);
    }
    if (p[0] == '\\') {
        *at += 2;
        return p[1];
    }
    for (size_t i = 1; i <= more; i++)
        point = point << 6 | (p[i] & 0x3fu);
    *at += 1 + more;
    return point;
}

/* In texts of several lengths, so that each character stands at every place of the writer's pieces. */
static void test_all_characters(void **state)
{
    char text[PER_TEXT * 4 + 1];

    (void)state;
    for (uint32_t first = 1; first < POINTS; first += PER_TEXT - 1) {
        size_t n = 0;
        uint32_t point = first;
        char *out;
        const char *at;

        for (; point < first + PER_TEXT && point < POINTS; point++)
            if (point < 0xd800 || point > 0xdfff)
                n += encode(point, text + n);
        text[n] = '\0';
        out = written(text);
        at = out + 1;
        for (uint32_t want = first; want < point; want++)
            if ((want < 0xd800 || want > 0xdfff) && decoded(&at) != want)
                fail_msg("U+%04X is written otherwise: %s", (unsigned)want, out);
        assert_string_equal(at, "\"");
        free(out);
    }
}

static void test_readable(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"…", "\"…\""},
        {"Zürich <x>", "\"Zürich \\u003cx>\""},
        {"\xe2\x80", "\"\\u00e2\\u0080\""},            /* cut short */
        {"\xc0\xaf", "\"\\u00c0\\u00af\""},            /* overlong */
        {"\xed\xa0\x80", "\"\\u00ed\\u00a0\\u0080\""}, /* a surrogate */
        {"\xf4\x90\x80\x80", "\"\\u00f4\\u0090\\u0080\\u0080\""},
        {"\xc2\x9b"
         "31m",
         "\"\\u009b31m\""}, /* a terminal's control character */
        {"\xe9", "\"\\u00e9\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *out = written(cases[i].in);

        assert_string_equal(out, cases[i].out);
        free(out);
    }
}

/* Random bytes: what comes out is UTF-8 without a control character, and the string ends where it should. */
static void test_random_bytes(void **state)
{
    uint64_t seed = 0x9e3779b97f4a7c15u;

    (void)state;
    for (int round = 0; round < 50000; round++) {
        char text[101], *out;
        const unsigned char *p;

        for (size_t i = 0; i + 1 < sizeof(text); i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text[i] = (char)((seed >> 33) % 255 + 1);
        }
        text[(seed >> 45) % sizeof(text)] = '\0';
        out = written(text);
        for (p = (const unsigned char *)out; *p; p++) {
            size_t more = *p < 0x80 ? 0 : *p < 0xe0 ? 1 : *p < 0xf0 ? 2 : 3;

            assert_true(*p >= 0x20 && *p != 0x7f && (*p < 0x80 || *p >= 0xc2) && *p < 0xf5);
            for (; more > 0; more--)
                assert_int_equal(*++p & 0xc0, 0x80);
        }
        assert_int_equal(p[-1], '"');
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_characters),
        cmocka_unit_test(test_readable),
        cmocka_unit_test(test_random_bytes),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* test_log_json: strings as JSON has them, and helod's JSON lines back to decision lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "log_json.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

/* A copy of its very size: nothing past it may be read. */
static char *exact(const char *text, size_t *n)
{
    char *copy = malloc(strlen(text) + 1);

    assert_non_null(copy);
    *n = strlen(text);
    memcpy(copy, text, *n);
    return realloc(copy, *n > 0 ? *n : 1);
}

static void strings(void **state)
{
    static const struct {
        const char *in, *out; /* "": refused, or empty */
    } rows[] = {
        {"plain\" and more", "plain"},
        {"a\\\"b\\\\c\\/d\"", "a\"b\\c/d"},
        {"\\b\\f\\n\\r\\t\"", "\b\f\n\r\t"},
        {"\\u0041\\u00e4\\u00FF\"", "A\xe4\xff"},
        {"0123456\"", "0123456"},
        {"01234567\"", ""}, /* no room */
        {"\"", ""},
        {"", ""},
        {"no end", ""},
        {"a\\", ""},
        {"a\\\"", ""},
        {"a\\x\"", ""},
        {"\\u004\"", ""},
        {"\\u00", ""},
        {"\\u0000\"", ""},
        {"\\u0100\"", ""},
        {"\\u00g1\"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char out[8];
        size_t n, length;
        char *in = exact(rows[i].in, &n);

        length = log_json_string(in, in + n, out, sizeof(out));
        if (length != strlen(rows[i].out) || memcmp(out, rows[i].out, length) != 0)
            fail_msg("%s: %zu bytes \"%.*s\"", rows[i].in, length, (int)length, out);
        free(in);
    }
}

static void decisions(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"{\"time\":\"2026-01-31T12:00:00Z\",\"level\":\"info\",\"v\":1,\"id\":\"7QK2M9\","
         "\"action\":\"dunno\",\"score\":0}",
         "decision v=1 id=7QK2M9 action=dunno score=0"},
        {"{\"time\":\"x\",\"v\":1,\"helo\":\"a b\",\"reply\":\"550 5.5.2 \\\"x\\\"\",\"rdns\":\"\"}",
         "decision v=1 helo=\"a b\" reply=\"550 5.5.2 \\\"x\\\"\" rdns=\"\""},
        {"{\"time\":\"x\",\"v\":1,\"helo\":\"a\\u00ffb\",\"score\":-15}", "decision v=1 helo=\"a\\xffb\" score=-15"},
        {"{\"time\":\"x\",\"v\":1}", "decision v=1"},
        {"{\"time\":\"x\",\"level\":\"info\",\"message\":\"reload done\"}", ""},
        {"{\"time\":\"x\",\"v\":1", ""},
        {"{\"time\":\"x\",\"v\":", ""},
        {"{\"time\":\"x\",\"v\":1,\"helo\":\"a", ""},
        {"{\"time\":\"x\",\"v\":1,\"helo\":\"a\\", ""},
        {"{\"time\":\"x\",\"v\":1,\"helo", ""},
        {"{\"time\":\"x\",\"v\":1,\":2,3", ""}, /* a quote and a colon, and no name before them */
        {"{\"time\":\"x\",\"v\":1,helo=1}", ""},
        {"{\"other\":\"x\",\"v\":1}", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        char out[200];
        size_t n, length;
        char *in = exact(rows[i].in, &n);

        length = log_json_decision(in, n, out, sizeof(out));
        if (length != strlen(rows[i].out) || memcmp(out, rows[i].out, length) != 0)
            fail_msg("%s: %zu bytes %.*s", rows[i].in, length, (int)length, out);
        for (size_t size = 1; length > 0 && size <= length; size++)
            if (log_json_decision(in, n, out, size) != 0)
                fail_msg("%s: not whole in %zu bytes", rows[i].in, size);
        free(in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(decisions),
    };

    return cmocka_run_group_tests_name("log_json", tests, NULL, NULL);
}

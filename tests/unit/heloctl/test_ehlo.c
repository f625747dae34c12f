/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ehlo: replies line by line, and keywords found in them. A row is a reply with its lines separated by bars.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ehlo.h"

static const struct row {
    const char *what, *lines;
    enum ehlo_step step;
    int code;
    const char *keyword, *value; /* value NULL: not offered */
} rows[] = {
    {"one line", "220 mx.kiln.net ESMTP", EHLO_DONE, 220, "SIZE", NULL},
    {"a bare code", "250", EHLO_DONE, 250, "SIZE", NULL},
    {"not yet the last line", "250-mx|250-SIZE 10", EHLO_MORE, 250, "SIZE", "10"},
    {"a keyword with a value", "250-mx|250-SIZE 1000|250 DSN", EHLO_DONE, 250, "SIZE", "1000"},
    {"a keyword without one", "250-mx|250-SIZE 1000|250 DSN", EHLO_DONE, 250, "DSN", ""},
    {"a keyword in lower case", "250-mx|250 pipelining", EHLO_DONE, 250, "PIPELINING", ""},
    {"a keyword of which ours is the beginning", "250-mx|250 SIZES", EHLO_DONE, 250, "SIZE", NULL},
    {"a keyword that is the beginning of ours", "250-mx|250 DS", EHLO_DONE, 250, "DSN", NULL},
    {"an equals sign of long ago", "250-mx|250 SIZE=77", EHLO_DONE, 250, "SIZE", "77"},
    {"the greeting is no keyword", "250-SIZE 5|250 DSN", EHLO_DONE, 250, "SIZE", NULL},
    {"a foreign byte in a value", "250-mx|250 SIZE \x1b[1m", EHLO_DONE, 250, "SIZE", "?[1m"},
    {"another code on the way", "250-mx|251 DSN", EHLO_BAD, 250, "DSN", NULL},
    {"no code", "hello", EHLO_BAD, 0, "DSN", NULL},
    {"a code of two digits", "25 mx", EHLO_BAD, 0, "DSN", NULL},
    {"a code that is none", "150 mx", EHLO_BAD, 0, "DSN", NULL},
    {"no separator", "250mx", EHLO_BAD, 0, "DSN", NULL},
    {"an empty line", "250-mx||250 DSN", EHLO_BAD, 250, "DSN", NULL},
};

static enum ehlo_step read_row(const struct row *row, struct ehlo_reply *reply)
{
    enum ehlo_step step = EHLO_MORE;

    *reply = (struct ehlo_reply){.code = 0};
    for (const char *s = row->lines; step == EHLO_MORE;) {
        size_t n = strcspn(s, "|");

        step = ehlo_read(reply, s, n);
        if (!s[n])
            break;
        s += n + 1;
    }
    return step;
}

static void test_rows(void **state)
{
    struct ehlo_reply reply;
    char value[100];
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum ehlo_step step = read_row(&rows[i], &reply);
        bool has = ehlo_offers(&reply, rows[i].keyword, value, sizeof(value));
        bool good = step == rows[i].step && reply.code == rows[i].code && has == (rows[i].value != NULL) &&
                    (!has || strcmp(value, rows[i].value) == 0);

        if (!good) {
            print_error("%s: step %d, code %d, %s\n", rows[i].what, (int)step, reply.code, has ? value : "not offered");
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

static void test_bounds(void **state)
{
    struct ehlo_reply reply = {.code = 0};
    char line[EHLO_LINE_MAX + 2];
    unsigned taken = 0;

    (void)state;
    memset(line, 'x', sizeof(line));
    memcpy(line, "250-", 4);
    assert_int_equal(ehlo_read(&reply, line, EHLO_LINE_MAX + 1), EHLO_BAD);
    while (ehlo_read(&reply, line, EHLO_LINE_MAX) == EHLO_MORE)
        taken++;
    assert_in_range(taken, 10, EHLO_TEXT_SIZE / (EHLO_LINE_MAX - 4));
    assert_int_equal(strlen(reply.text), reply.used);
    reply = (struct ehlo_reply){.code = 0};
    for (taken = 0; ehlo_read(&reply, "250-a", 5) == EHLO_MORE; taken++)
        ;
    assert_int_equal(taken, EHLO_LINES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_bounds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* test_log_fields: the journal's socket and the JSON file, as they are opened and as they fail. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "log_fields.h"

static const struct log_field fields[] = {{"helo", "a \"b\"", false}, {"points", "59", true}};
static struct log_target target = {.ident = "tester"};
static char path[] = "/tmp/test_log_fields.XXXXXX";

static int set_up(void **state)
{
    (void)state;
    clock_freeze(1790000000, 1000);
    return mkstemp(strcpy(path, "/tmp/test_log_fields.XXXXXX")) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_fields_close();
    clock_thaw();
    return unlink(path);
}

static bool write_line(const char *line)
{
    struct log_entry entry = {.level = "info", .line = line, .n = strlen(line)};

    return log_fields_to_file(&entry);
}

static void holds(const char *wanted)
{
    char text[1024];
    FILE *f = fopen(path, "r");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    fclose(f);
    assert_string_equal(text, wanted);
}

static void may_grow_to(rlim_t size)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void fields_and_messages(void **state)
{
    (void)state;
    target.sink = LOG_SINK_FILE;
    target.path = path;
    assert_true(log_fields_open(&target));
    assert_true(log_fields_to_file(&(struct log_entry){
        .level = "info", .line = "decision", .n = 8, .fields = fields, .count = sizeof fields / sizeof fields[0]}));
    assert_true(write_line("started"));
    holds("{\"time\":\"2026-09-21T14:13:20Z\",\"level\":\"info\",\"helo\":\"a \\\"b\\\"\",\"points\":59}\n"
          "{\"time\":\"2026-09-21T14:13:20Z\",\"level\":\"info\",\"message\":\"started\"}\n");
}

/* The disk is full in the middle of a line: that line is lost, and not the one after it. */
static void torn(void **state)
{
    (void)state;
    target.sink = LOG_SINK_FILE;
    target.path = path;
    assert_true(log_fields_open(&target));
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    may_grow_to(10);
    assert_false(write_line("first"));
    assert_false(write_line("second"));
    may_grow_to(RLIM_INFINITY);
    assert_true(write_line("third"));
    assert_true(write_line("fourth"));
    holds("{\"time\":\"2\n"
          "{\"time\":\"2026-09-21T14:13:20Z\",\"level\":\"info\",\"message\":\"third\"}\n"
          "{\"time\":\"2026-09-21T14:13:20Z\",\"level\":\"info\",\"message\":\"fourth\"}\n");
}

static void no_journal(void **state)
{
    char longest[200];

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[0] = '/';
    longest[sizeof longest - 1] = '\0';
    target.sink = LOG_SINK_JOURNAL;
    target.path = longest;
    assert_false(log_fields_open(&target));
    assert_int_equal(errno, ENAMETOOLONG);
    target.path = "/helod-absent/socket";
    assert_false(log_fields_open(&target));
    assert_int_equal(errno, ENOENT);
    target.path = path; /* no socket */
    assert_false(log_fields_open(&target));
    assert_int_equal(errno, ECONNREFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fields_and_messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(torn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_journal, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("log_fields", tests, NULL, NULL);
}

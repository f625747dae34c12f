/* SPDX-License-Identifier: BSD-2-Clause */
/* test_log: stderr is a datagram socket here, so that each write is one datagram. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "log.h"

static int reader = -1, real_stderr = -1;
static char line[4096];

/* One datagram without its prefix (kept in `line`), or NULL when nothing was written. */
static const char *logged(void)
{
    ssize_t n = recv(reader, line, sizeof line - 1, MSG_DONTWAIT);
    char *text;

    if (n < 0)
        return NULL;
    line[n] = '\0';
    assert_true(n > 0 && line[n - 1] == '\n');
    line[n - 1] = '\0';
    assert_null(strchr(line, '\n'));
    text = strstr(line, "]: ");
    return text == NULL ? line : text + 3;
}

static int set_up(void **state)
{
    int ends[2];

    (void)state;
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0)
        return -1;
    reader = ends[0];
    real_stderr = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    unsetenv("JOURNAL_STREAM");
    clock_freeze(1790000000, 1000000);
    log_open(LOG_SINK_STDERR, "tester");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clock_thaw();
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(reader);
    return 0;
}

static void words_and_prefix(void **state)
{
    char prefix[64];

    (void)state;
    log_info("%s", "hello");
    assert_string_equal(logged(), "hello");
    snprintf(prefix, sizeof prefix, "2026-09-21T14:13:20Z tester[%ld]: ", (long)getpid());
    assert_memory_equal(line, prefix, strlen(prefix));
    clock_advance(1000);
    log_warning("w %d", 1);
    assert_string_equal(logged(), "warning: w 1");
    assert_memory_equal(line, "2026-09-21T14:13:21Z ", 21);
    log_error("e");
    assert_string_equal(logged(), "error: e");
    log_open(LOG_SINK_DISCARD, "tester");
    log_error("e");
    log_line_fields(LOG_LEVEL_ERROR, "x", 1, NULL, 0);
    assert_null(logged());
}

static void escaped_and_bounded(void **state)
{
    static char longest[3000];
    const char *text;

    (void)state;
    log_info("a%sb", "\r\n\t\x7f\xc3\xa9%s\\x");
    assert_string_equal(logged(), "a\\x0d\\x0a\\x09\\x7f\\xc3\\xa9%s\\xb");
    memset(longest, 'x', sizeof longest - 1);
    log_info("%s", longest);
    text = logged();
    assert_int_equal(strlen(text), LOG_LINE_SIZE);
    memset(longest, '\n', sizeof longest - 1);
    log_warning("%s", longest);
    text = logged();
    assert_true(strlen(text) <= LOG_LINE_SIZE && strlen(text) > LOG_LINE_SIZE - 4);
    assert_string_equal(text + strlen(text) - 4, "\\x0a");
}

static void finished_lines(void **state)
{
    static char longest[2000];

    (void)state;
    log_line_fields(LOG_LEVEL_INFO, "decision v=1 id=%sjunk", 18, NULL, 0);
    assert_string_equal(logged(), "decision v=1 id=%s");
    memset(longest, 'x', sizeof longest);
    log_line_fields(LOG_LEVEL_INFO, longest, sizeof longest, NULL, 0);
    assert_int_equal(strlen(logged()), LOG_LINE_SIZE);
    assert_null(logged()); /* never a second write */
}

static void limited(void **state)
{
    struct log_limit limit = {.burst = 2, .seconds = 60};
    struct log_limit other = {.burst = 1, .seconds = 60};

    (void)state;
    for (int i = 0; i < 5; i++)
        log_limited(&limit, LOG_LEVEL_WARNING, "bad %d", i);
    assert_string_equal(logged(), "warning: bad 0");
    assert_string_equal(logged(), "warning: bad 1");
    assert_null(logged());
    log_limited(&other, LOG_LEVEL_INFO, "another kind");
    assert_string_equal(logged(), "another kind");
    clock_advance(59999);
    log_limited(&limit, LOG_LEVEL_WARNING, "bad %d", 5);
    assert_null(logged());
    clock_advance(1);
    log_limited(&limit, LOG_LEVEL_WARNING, "bad %d", 6);
    log_limited(&limit, LOG_LEVEL_WARNING, "bad %d", 7);
    assert_string_equal(logged(), "warning: bad 6 (4 more like this)");
    assert_null(logged());
    clock_advance(600000); /* never more than the burst, however long it was quiet */
    for (int i = 0; i < 5; i++)
        log_limited(&limit, LOG_LEVEL_WARNING, "bad %d", i);
    assert_string_equal(logged(), "warning: bad 0 (1 more like this)");
    assert_string_equal(logged(), "warning: bad 1");
    assert_null(logged());
}

static void under_systemd(void **state)
{
    char stream[64];
    struct stat st;

    (void)state;
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    log_open(LOG_SINK_STDERR, "tester");
    log_error("x");
    assert_string_equal(logged(), "<3>error: x");
    log_line_fields(LOG_LEVEL_INFO, "decision", 8, NULL, 0);
    assert_string_equal(logged(), "<6>decision");
    setenv("JOURNAL_STREAM", "1:2", 1); /* inherited, but stderr leads elsewhere */
    log_open(LOG_SINK_STDERR, "tester");
    log_info("x");
    assert_string_equal(logged(), "x");
    assert_true(line[0] == '2');
}

/* Nobody reads stderr, or what is left of it: no line waits, and what was lost is told once there is room. */
static void unread(void **state)
{
    uint64_t lost_before = log_lost();
    char told[64];
    int lines = 0, lost = 0;

    (void)state;
    while (lost < 3)
        lost += send(STDERR_FILENO, "x", 1, MSG_DONTWAIT) < 0;
    for (int i = 0; i < 7; i++)
        log_info("nobody hears %d", i);
    while (recv(reader, line, sizeof line, MSG_DONTWAIT) >= 0)
        lines++;
    assert_true(lines > 0);
    log_info("back");
    snprintf(told, sizeof told, "warning: %d log lines were lost", 7);
    assert_string_equal(logged(), told);
    assert_string_equal(logged(), "back");
    assert_null(logged());
    assert_int_equal(log_lost() - lost_before, 7);
}

/* A reader that is too slow is told once a second, not beside each line that it takes. */
static void slow_reader(void **state)
{
    unsigned lost = 0, told = 0, n;

    (void)state;
    for (int round = 0; round < 40; round++) {
        uint64_t before = log_lost();
        while (log_lost() == before)
            log_info("line");
        lost++;
        assert_non_null(logged());
        told += strstr(line, "lines were lost") != NULL;
        clock_advance(100);
    }
    clock_advance(1000);
    while (logged() != NULL)
        told += strstr(line, "lines were lost") != NULL;
    log_info("last");
    assert_int_equal(sscanf(logged(), "warning: %u log lines were lost", &n), 1);
    assert_in_range(n, 1, lost);
    assert_string_equal(logged(), "last");
    assert_in_range(told, 1, 5);
}

static void unread_pipe(void **state)
{
    static char filler[4096];
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], filler, sizeof filler) > 0)
        ;
    assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0); /* now a writer would sleep */
    dup2(ends[1], STDERR_FILENO);
    log_open(LOG_SINK_STDERR, "tester");
    log_info("nobody hears");
    while (read(ends[0], filler, sizeof filler) > 0)
        ;
    log_info("back");
    assert_true(read(ends[0], line, sizeof line) > 0);
    assert_non_null(strstr(line, "warning: 1 log lines were lost\n"));
    assert_non_null(strstr(line, "]: back\n"));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words_and_prefix, set_up, tear_down),
        cmocka_unit_test_setup_teardown(escaped_and_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(finished_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limited, set_up, tear_down),
        cmocka_unit_test_setup_teardown(under_systemd, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unread, set_up, tear_down),
        cmocka_unit_test_setup_teardown(slow_reader, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unread_pipe, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}

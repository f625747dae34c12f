/* SPDX-License-Identifier: BSD-2-Clause */
/* test_log_syslog: a socket of ours in the place of /dev/log: read, not read, gone, there again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "clock.h"
#include "log_syslog.h"

enum { START = 1790000000, MANY = 100000 }; /* a Monday in September */

static struct sockaddr_un at = {.sun_family = AF_UNIX};
static int listener = -1;
static char line[4096];

static void listen_as(int type)
{
    listener = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listener, (const struct sockaddr *)&at, sizeof at), 0);
    assert_true(type != SOCK_STREAM || listen(listener, 4) == 0);
}

static void vanish(void)
{
    close(listener);
    unlink(at.sun_path);
}

/* The next line as it arrived, or NULL. */
static const char *arrived(int fd)
{
    ssize_t n = recv(fd, line, sizeof line - 1, MSG_DONTWAIT);

    if (n < 0)
        return NULL;
    line[n] = '\0';
    return line;
}

static void arrives(const char *stamp, const char *text)
{
    char wanted[256];

    snprintf(wanted, sizeof wanted, "%s tester[%ld]: %s", stamp, (long)getpid(), text);
    assert_string_equal(arrived(listener), wanted);
}

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    snprintf(at.sun_path, sizeof at.sun_path, "/tmp/test_log_syslog.%ld", (long)getpid());
    clock_freeze(START, 1000000);
    listen_as(SOCK_DGRAM);
    log_syslog_start(at.sun_path, "tester");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)log_syslog_release();
    log_syslog_stop();
    vanish();
    clock_thaw();
    return 0;
}

/* RFC 3164: priority, a day of two columns, the local time; a new second and another priority are seen. */
static void shape(void **state)
{
    (void)state;
    assert_true(log_syslog_send(LOG_WARNING, "hello!", 5));
    arrives("<20>Sep 21 14:13:20", "hello");
    assert_true(log_syslog_send(LOG_INFO, "decision v=1", 12));
    arrives("<22>Sep 21 14:13:20", "decision v=1");
    clock_advance(999);
    assert_true(log_syslog_send(LOG_INFO, "same", 4));
    arrives("<22>Sep 21 14:13:20", "same");
    clock_advance(1);
    assert_true(log_syslog_send(LOG_INFO, "next", 4));
    arrives("<22>Sep 21 14:13:21", "next");
    clock_freeze(START + 10 * 86400 + 9 * 3600, 1000000);
    assert_true(log_syslog_send(LOG_INFO, "", 0));
    arrives("<22>Oct  1 23:13:20", "");
    assert_null(arrived(listener));
}

/* Nobody reads: refused for want of room, not slept; what is read makes room at once. */
static void full(void **state)
{
    unsigned sent = 0, got = 0;

    (void)state;
    while (log_syslog_send(LOG_INFO, "x", 1) && sent < MANY)
        sent++;
    assert_true(sent > 0 && sent < MANY);
    assert_false(log_syslog_send(LOG_INFO, "x", 1));
    while (arrived(listener) != NULL)
        got++;
    assert_int_equal(got, sent);
    assert_true(log_syslog_send(LOG_INFO, "again", 5));
    arrives("<22>Sep 21 14:13:20", "again");
}

/* The reader is started anew between two lines: neither is lost. Then it is gone: looked for after longer pauses. */
static void gone(void **state)
{
    uint64_t waited = 0;

    (void)state;
    assert_true(log_syslog_send(LOG_INFO, "x", 1));
    vanish();
    listen_as(SOCK_DGRAM);
    assert_true(log_syslog_send(LOG_INFO, "y", 1));
    arrives("<22>Sep 21 14:13:20", "y");
    vanish();
    assert_false(log_syslog_send(LOG_INFO, "x", 1));
    listen_as(SOCK_DGRAM);
    assert_false(log_syslog_send(LOG_INFO, "x", 1)); /* not looked for yet */
    clock_advance(9);
    assert_false(log_syslog_send(LOG_INFO, "x", 1));
    clock_advance(1);
    assert_true(log_syslog_send(LOG_INFO, "again", 5));
    vanish();
    for (int i = 0; i < 20; i++, clock_advance(1000))
        assert_false(log_syslog_send(LOG_INFO, "x", 1));
    listen_as(SOCK_DGRAM);
    while (!log_syslog_send(LOG_INFO, "back", 4) && waited < 5000) {
        clock_advance(10);
        waited += 10;
    }
    assert_true(waited <= 1000);
    arrives(waited > 0 ? "<22>Sep 21 14:13:41" : "<22>Sep 21 14:13:40", "back");
}

/* Some syslog daemons listen on a stream: a NUL ends each line there, and half a line is never followed by another. */
static void stream(void **state)
{
    static char longest[900];
    unsigned sent = 0;
    int fd;
    ssize_t n;

    (void)state;
    vanish();
    listen_as(SOCK_STREAM);
    log_syslog_start(at.sun_path, "tester");
    fd = accept(listener, NULL, NULL);
    assert_true(log_syslog_send(LOG_INFO, "one", 3) && log_syslog_send(LOG_INFO, "two", 3));
    assert_non_null(arrived(fd));
    assert_string_equal(line + strlen(line) - 3, "one");
    assert_string_equal(line + strlen(line) + 1 + strlen(line) - 3, "two");
    log_syslog_hold();
    assert_true(log_syslog_send(LOG_INFO, "three", 5));
    assert_int_equal(log_syslog_release(), 0);
    assert_non_null(arrived(fd));
    assert_string_equal(line + strlen(line) - 5, "three");
    memset(longest, 'x', sizeof longest);
    while (log_syslog_send(LOG_INFO, longest, sizeof longest) && sent < MANY)
        sent++;
    assert_true(sent > 0 && sent < MANY);
    while ((n = recv(fd, line, sizeof line, MSG_DONTWAIT)) > 0)
        ;
    close(fd);
}

/* Held lines leave together, in order and with the time when they were said; more than fit leave before. */
static void together(void **state)
{
    char text[16];

    (void)state;
    log_syslog_hold();
    assert_true(log_syslog_send(LOG_INFO, "one", 3));
    clock_advance(1000);
    assert_true(log_syslog_send(LOG_WARNING, "two", 3));
    assert_null(arrived(listener));
    assert_int_equal(log_syslog_release(), 0);
    arrives("<22>Sep 21 14:13:20", "one");
    arrives("<20>Sep 21 14:13:21", "two");
    assert_null(arrived(listener));
    assert_true(log_syslog_send(LOG_INFO, "at once", 7));
    arrives("<22>Sep 21 14:13:21", "at once");
    log_syslog_hold();
    for (int i = 0, next = 0; next < 200; i++) {
        snprintf(text, sizeof text, "line %d", i);
        assert_true(i >= 200 || log_syslog_send(LOG_INFO, text, strlen(text)));
        if (i >= 200)
            assert_int_equal(log_syslog_release(), 0);
        for (; arrived(listener) != NULL; next++) {
            snprintf(text, sizeof text, "line %d", next);
            assert_non_null(strstr(line, text));
        }
    }
}

/* Of held lines too those that found no room are counted, and a reader that was started anew gets them. */
static void together_lost(void **state)
{
    unsigned sent = 0, lost, got = 0;

    (void)state;
    while (log_syslog_send(LOG_INFO, "x", 1) && sent < MANY)
        sent++;
    assert_true(sent < MANY);
    assert_non_null(arrived(listener));
    log_syslog_hold();
    for (int i = 0; i < 5; i++)
        assert_true(log_syslog_send(LOG_INFO, "y", 1));
    lost = log_syslog_release();
    while (arrived(listener) != NULL)
        got++;
    assert_int_equal(got + lost, sent - 1 + 5);
    assert_true(lost > 0);
    log_syslog_hold();
    assert_true(log_syslog_send(LOG_INFO, "one", 3) && log_syslog_send(LOG_INFO, "two", 3));
    vanish();
    listen_as(SOCK_DGRAM);
    assert_int_equal(log_syslog_release(), 0);
    arrives("<22>Sep 21 14:13:20", "one");
    arrives("<22>Sep 21 14:13:20", "two");
    log_syslog_hold();
    assert_true(log_syslog_send(LOG_INFO, "one", 3) && log_syslog_send(LOG_INFO, "two", 3));
    vanish();
    assert_int_equal(log_syslog_release(), 2);
    assert_int_equal(log_syslog_release(), 0);
}

/* No place at all is as good as one that is gone. */
static void nowhere(void **state)
{
    static char long_path[sizeof at.sun_path + 1];

    memset(long_path, '/', sizeof long_path - 1);
    (void)state;
    log_syslog_start(long_path, "tester");
    assert_false(log_syslog_send(LOG_INFO, "x", 1));
    log_syslog_start("/helod-absent/log", "tester");
    assert_false(log_syslog_send(LOG_INFO, "x", 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(together_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nowhere, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("log_syslog", tests, NULL, NULL);
}

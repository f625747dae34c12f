/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a service manager hears, on a real socket of ours.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "notify.h"

/* A manager on an abstract socket that the kernel names; NOTIFY_SOCKET is set. */
static int manager(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    socklen_t size = sizeof(at.sun_family);
    char name[sizeof(at.sun_path) + 1] = "@";
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    size = sizeof(at);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    memcpy(name + 1, at.sun_path + 1, size - offsetof(struct sockaddr_un, sun_path) - 1);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

static const char *heard(int fd)
{
    static char message[1024];
    ssize_t n = recv(fd, message, sizeof(message) - 1, 0);

    message[n < 0 ? 0 : n] = '\0';
    return message;
}

static void test_messages(void **state)
{
    char expected[128];
    int fd = manager();
    const char *message;

    (void)state;
    notify_open();
    assert_null(getenv("NOTIFY_SOCKET"));
    notify_ready("policy 1");
    snprintf(expected, sizeof(expected), "READY=1\nMAINPID=%ld\nSTATUS=policy 1", (long)getpid());
    assert_string_equal(heard(fd), expected);
    notify_reloading();
    message = heard(fd);
    assert_memory_equal(message, "RELOADING=1\nMONOTONIC_USEC=", 27);
    assert_true(strtoull(message + 27, NULL, 10) > 0);
    notify_send("STATUS=%s", "busy");
    assert_string_equal(heard(fd), "STATUS=busy");
    notify_send("WATCHDOG=1");
    assert_string_equal(heard(fd), "WATCHDOG=1");
    notify_send("STOPPING=1");
    assert_memory_equal(heard(fd), "STOPPING=1", 10);
    notify_close();
    close(fd);
}

static void test_watchdog(void **state)
{
    char self[32];
    const struct {
        const char *name, *usec, *pid;
        uint64_t ms;
    } rows[] = {
        {"for us", "30000000", self, 30000},
        {"for whoever it is", "30000000", NULL, 30000},
        {"for another process", "30000000", "1", 0},
        {"none", NULL, NULL, 0},
        {"no number", "30s", NULL, 0},
        {"negative", "-5", NULL, 0},
    };

    (void)state;
    snprintf(self, sizeof(self), "%ld", (long)getpid());
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int fd = manager();

        print_message("# %s\n", rows[i].name);
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (rows[i].usec != NULL)
            setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid != NULL)
            setenv("WATCHDOG_PID", rows[i].pid, 1);
        notify_open();
        assert_int_equal(notify_watchdog_ms(), rows[i].ms);
        assert_null(getenv("WATCHDOG_USEC"));
        notify_close();
        close(fd);
    }
}

static void test_nobody_there(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_open();
    notify_ready("alone");
    assert_int_equal(notify_watchdog_ms(), 0);
    notify_close();
    setenv("NOTIFY_SOCKET", "not/absolute", 1);
    notify_open();
    notify_ready("alone");
    notify_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_watchdog),
        cmocka_unit_test(test_nobody_there),
    };

    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}

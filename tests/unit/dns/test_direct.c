/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lookups that helod sends without c-ares: whom they ask, that they cannot be guessed, and that they end. The servers
 * here are sockets of the test itself, since it looks at ports and ids. (What faulty servers get: test_resolver.c.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asking.h"
#include "clock.h"

enum { SEEN_MAX = 64, MESSAGE_MAX = 512, RESPONSE = 0x80, NXDOMAIN = 3 };

/* A server that answers NXDOMAIN, or not at all. */
struct listener {
    int fd;
    struct event *event;
    char text[64]; /* its address, as an option */
    bool silent;
    int count; /* of questions */
    unsigned ports[SEEN_MAX], ids[SEEN_MAX];
};

static unsigned port_of(const struct sockaddr_storage *a)
{
    return ntohs(a->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)a)->sin6_port
                                          : ((const struct sockaddr_in *)a)->sin_port);
}

static void on_question(evutil_socket_t fd, short what, void *arg)
{
    struct listener *l = arg;
    struct sockaddr_storage from;
    socklen_t size = sizeof from;
    uint8_t message[MESSAGE_MAX];
    ssize_t got = recvfrom(fd, message, sizeof message, 0, (struct sockaddr *)&from, &size);

    (void)what;
    assert_true(got > 12 && l->count < SEEN_MAX);
    l->ports[l->count] = port_of(&from);
    l->ids[l->count++] = (unsigned)message[0] << 8 | message[1];
    if (l->silent)
        return;
    message[2] |= RESPONSE;
    message[3] = NXDOMAIN;
    assert_int_equal(sendto(fd, message, (size_t)got, 0, (struct sockaddr *)&from, size), got);
}

/* False: this machine has no such address. */
static bool listener_open(struct listener *l, int family, bool silent)
{
    struct sockaddr_storage a = {.ss_family = (sa_family_t)family};
    socklen_t size = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

    *l = (struct listener){.fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0), .silent = silent};
    if (family == AF_INET6)
        ((struct sockaddr_in6 *)&a)->sin6_addr = in6addr_loopback;
    else
        ((struct sockaddr_in *)&a)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&a, size) != 0)
        return false;
    assert_int_equal(getsockname(l->fd, (struct sockaddr *)&a, &size), 0);
    snprintf(l->text, sizeof l->text, family == AF_INET6 ? "[::1]:%u" : "127.0.0.1:%u", port_of(&a));
    l->event = event_new(base, l->fd, EV_READ | EV_PERSIST, on_question, l);
    assert_int_equal(event_add(l->event, NULL), 0);
    return true;
}

static void listener_close(struct listener *l)
{
    if (l->event)
        event_free(l->event);
    if (l->fd >= 0)
        close(l->fd);
}

static void use_servers(const char *first, const char *second, uint64_t timeout_ms)
{
    const char *list[] = {first, second, NULL};
    struct resolver_options o = defaults(list);
    char error[200];

    o.timeout_ms = timeout_ms;
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
}

static void ask_odd(int n, int count)
{
    char name[64];

    for (int i = n; i < n + count; i++) {
        snprintf(name, sizeof name, "odd@%d.example", i);
        ask(i, name, DNS_A);
    }
}

static void check_all(int n, int count, const char *want)
{
    for (int i = n; i < n + count; i++) {
        assert_int_equal(asks[i].called, 1);
        assert_string_equal(asks[i].out, want);
    }
}

static int distinct(const unsigned *numbers, int count)
{
    int found = 0;

    for (int i = 0; i < count; i++) {
        bool is_new = true;
        for (int j = 0; j < i; j++)
            is_new = is_new && numbers[i] != numbers[j];
        found += is_new;
    }
    return found;
}

/* Two of 32 random ids are equal once in 130 runs; more than two equal ones are never seen. Sockets that are open at
 * the same time have different ports. */
static void test_unguessable(void **state)
{
    struct listener l;
    int steps = 0;

    (void)state;
    assert_true(listener_open(&l, AF_INET, false));
    use_servers(l.text, NULL, TIMEOUT_MS);
    ask_odd(0, 32);
    run(PATIENCE_MS);
    check_all(0, 32, "nxdomain ttl=1:");
    assert_int_equal(l.count, 32);
    assert_int_equal(distinct(l.ports, 32), 32);
    assert_in_range(distinct(l.ids, 32), 29, 32);
    for (int i = 1; i < 32; i++)
        steps += l.ids[i] == l.ids[i - 1] + 1;
    assert_in_range(steps, 0, 2);
    listener_close(&l);
}

static void test_ipv6_server(void **state)
{
    struct listener l;

    (void)state;
    if (!listener_open(&l, AF_INET6, false)) {
        listener_close(&l);
        skip();
    }
    use_servers(l.text, NULL, TIMEOUT_MS);
    ask_odd(0, 1);
    run(PATIENCE_MS);
    check_all(0, 1, "nxdomain ttl=1:");
    listener_close(&l);
}

/* A silent server costs one timeout, once: the next lookup begins with the server that answers. */
static void test_silent_server(void **state)
{
    struct listener silent, good;

    (void)state;
    assert_true(listener_open(&silent, AF_INET, true));
    assert_true(listener_open(&good, AF_INET, false));
    use_servers(silent.text, good.text, 2000);
    ask_odd(0, 1);
    run(PATIENCE_MS);
    assert_int_equal(silent.count, 1);
    ask_odd(1, 5);
    run(PATIENCE_MS);
    check_all(0, 6, "nxdomain ttl=1:");
    assert_int_equal(silent.count, 1);
    assert_int_equal(good.count, 6);
    listener_close(&silent);
    listener_close(&good);
}

/* A port where nobody listens is noticed at once. */
static void test_closed_server(void **state)
{
    struct listener closed, good;
    uint64_t start = clock_ms();

    (void)state;
    assert_true(listener_open(&closed, AF_INET, true));
    assert_true(listener_open(&good, AF_INET, false));
    use_servers(closed.text, good.text, PATIENCE_MS);
    listener_close(&closed);
    ask_odd(0, 3);
    run(PATIENCE_MS);
    check_all(0, 3, "nxdomain ttl=1:");
    assert_true(clock_ms() - start < PATIENCE_MS);
    listener_close(&good);
}

/* Two attempts for each server, but none that begins after two timeouts, when nobody waits any more. */
static void test_attempts_end(void **state)
{
    struct listener l[2];

    (void)state;
    assert_true(listener_open(&l[0], AF_INET, true));
    assert_true(listener_open(&l[1], AF_INET, true));
    use_servers(l[0].text, l[1].text, 200);
    ask_odd(0, 1);
    run(PATIENCE_MS);
    assert_int_equal(asks[0].called, 1);
    assert_int_equal(asks[0].status, DNS_TEMPERROR);
    assert_string_equal(asks[0].why, "timeout");
    for (int i = 0; i < 1000 && stats().in_flight > 0; i++)
        run_out(20);
    assert_int_equal(stats().in_flight, 0);
    assert_in_range(l[0].count + l[1].count, 1, 3);
    listener_close(&l[0]);
    listener_close(&l[1]);
}

static int start(void **state)
{
    (void)state;
    return servers_start("");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_unguessable),   TEST(test_ipv6_server),  TEST(test_silent_server),
        TEST(test_closed_server), TEST(test_attempts_end),
    };

    return cmocka_run_group_tests_name("dns direct", tests, start, servers_stop);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Without memory: the same questions again and again, and each time another allocation of ours fails. Nothing may
 * crash or leak, and who was not refused at once is called back. c-ares and libevent keep their memory: they are
 * linked at run time, and only what this program holds goes through the wrapped allocator.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolver.h"

enum { QUESTIONS = 5, RUN_MS = 60000 /* what hangs must end */ };

static long left = -1; /* allocations before the one that fails; -1: none fails */
static long made;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

static bool fails(void)
{
    made++;
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

static struct event_base *base;
static int called, wrong, open_questions;

/* A resolver of one answer: every name is 192.0.2.1. */
static void on_query(evutil_socket_t fd, short what, void *arg)
{
    static const uint8_t record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
    uint8_t message[600];
    struct sockaddr_in peer;
    socklen_t peer_size = sizeof peer;
    ssize_t n = recvfrom(fd, message, 512, 0, (struct sockaddr *)&peer, &peer_size);

    (void)what;
    (void)arg;
    if (n < 12)
        return;
    message[2] = 0x81;
    message[3] = 0x80;
    message[7] = 1;
    memcpy(message + n, record, sizeof record);
    sendto(fd, message, (size_t)n + sizeof record, 0, (struct sockaddr *)&peer, peer_size);
}

static void on_done(void *arg, const struct dns_answer *a, bool from_cache)
{
    (void)arg;
    (void)from_cache;
    called++;
    if (strstr(a->name, "..") == NULL)
        wrong += a->status != DNS_FOUND && a->status != DNS_TEMPERROR;
    if (--open_questions == 0)
        event_base_loopbreak(base);
}

/* New resolver, questions (two alike, one again from the cache), another configuration, end. */
static void scenario(const char *server)
{
    static const char *const names[QUESTIONS] = {"a.example", "a.example", "b.example", "odd@b.example", "a..example"};
    const char *list[] = {server, NULL};
    struct resolver_options o = {.servers = list,
                                 .timeout_ms = 500,
                                 .tries = 1,
                                 .cache_entries = 10,
                                 .in_flight = 1,
                                 .ttl_min = 1,
                                 .ttl_max = 60,
                                 .negative_ttl_max = 60,
                                 .failure_ttl = 5};
    struct timeval limit = {RUN_MS / 1000, 0};
    struct resolver *r;
    char error[100];

    r = resolver_new(base, &o, error, sizeof error);
    if (!r) {
        assert_int_not_equal(error[0], '\0');
        return;
    }
    for (int round = 0; round < 2; round++) {
        int asked = called = open_questions = 0;
        for (int i = 0; i < QUESTIONS; i++)
            asked += resolver_ask(r, names[i], DNS_A, on_done, NULL) != NULL;
        open_questions += asked;
        if (asked > 0) {
            event_base_loopexit(base, &limit);
            event_base_dispatch(base);
        }
        assert_int_equal(called, asked);
        o.cache_entries += 10;
        resolver_reconfigure(r, &o, error, sizeof error);
    }
    resolver_free(r);
}

static void test_each_allocation(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct event *server;
    char text[32];
    long all;

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    snprintf(text, sizeof text, "127.0.0.1:%d", ntohs(address.sin_port));
    base = event_base_new();
    server = event_new(base, fd, EV_READ | EV_PERSIST, on_query, NULL);
    event_add(server, NULL);
    made = 0;
    scenario(text);
    all = made;
    assert_true(all > 20);
    for (long n = 0; n < all; n++) {
        left = n;
        scenario(text);
        left = -1;
    }
    assert_int_equal(wrong, 0);
    print_message("# %ld allocations, each failed once\n", all);
    event_free(server);
    event_base_free(base);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation)};

    return cmocka_run_group_tests_name("dns without memory", tests, NULL, NULL);
}

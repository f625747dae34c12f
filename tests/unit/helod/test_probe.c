/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The probe, with a real resolver whose server never answers: what counts as a failure of the resolver and what does
 * not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "clock.h"
#include "probe.h"

enum { IN_FLIGHT = 1, QUEUE = 10 };

static struct event_base *base;
static struct resolver *resolver;
static int server;
static const char *const names[] = {"prober.com", NULL};

static void ignore(void *arg, const struct dns_answer *answer, bool from_cache)
{
    (void)arg;
    (void)answer;
    (void)from_cache;
}

static void start(uint64_t timeout_ms)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(own);
    char where[32], error[128];
    const char *servers[] = {where, NULL};
    const struct resolver_options options = {
        .servers = servers, .timeout_ms = timeout_ms, .tries = 1, .in_flight = IN_FLIGHT, .cache_entries = 100};

    server = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&own, size), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&own, &size), 0);
    snprintf(where, sizeof(where), "127.0.0.1:%d", ntohs(own.sin_port));
    base = event_base_new();
    resolver = resolver_new(base, &options, error, sizeof(error));
    assert_non_null(resolver);
}

static void stop(void)
{
    resolver_free(resolver);
    event_base_free(base);
    close(server);
}

static enum guard_probe finish(struct probe *p)
{
    probe_resolver(p, resolver, names, clock_ms());
    assert_non_null(p->query);
    while (p->query != NULL)
        event_base_loop(base, EVLOOP_ONCE);
    return probe_resolver(p, resolver, names, clock_ms());
}

static void test_unanswered(void **state)
{
    struct probe p = {.count = 0};

    (void)state;
    start(50);
    assert_int_equal(finish(&p), GUARD_PROBE_FAILED);
    stop();
}

static void test_full_queue(void **state)
{
    struct probe p = {.count = 0};
    char name[32];

    (void)state;
    start(60000);
    for (int i = 0; i < IN_FLIGHT + QUEUE; i++) {
        snprintf(name, sizeof(name), "flood-%d.com", i);
        assert_non_null(resolver_ask(resolver, name, DNS_A, ignore, NULL));
    }
    assert_int_equal(finish(&p), GUARD_PROBE_OPEN);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unanswered), cmocka_unit_test(test_full_queue)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

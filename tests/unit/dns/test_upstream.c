/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whom the resolver asks, and how much at once: other servers while lookups are on their way, resolv.conf, bounds, a
 * resolver in trouble.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "asking.h"
#include "clock.h"

/* Every other name is one that c-ares refuses to ask for: those lookups have the same bounds and the same life. */
static void ask_late(int i, char letter)
{
    char name[64];

    snprintf(name, sizeof name, "%c%s%d.late.example", letter, i % 2 ? "@" : "", i);
    ask(i, name, DNS_A);
}

/* Forty lookups on their way stay whole while the servers change under them. */
static void test_reconfigure(void **state)
{
    const char *list[] = {servers[1].text, NULL}, *bad[] = {"192.0.2.300", NULL};
    struct resolver_options o = defaults(list), wrong = defaults(bad);
    char error[200];

    (void)state;
    for (int i = 0; i < 40; i++)
        ask_late(i, 'r');
    run_out(50);
    assert_false(resolver_reconfigure(resolver, &wrong, error, sizeof error));
    assert_non_null(strstr(error, "192.0.2.300"));
    assert_string_equal(resolver_servers(resolver), servers[0].text);
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    assert_string_equal(resolver_servers(resolver), servers[1].text);
    ask(40, "new.example", DNS_A);
    run(PATIENCE_MS);
    for (int i = 0; i < 40; i++)
        assert_string_equal(asks[i].out, "found ttl=60: 192.0.2.6");
    assert_string_equal(asks[40].out, "nxdomain ttl=30:");
    assert_int_equal(seen(&servers[1], "r@7.late.example"), 0);
    assert_int_equal(seen(&servers[0], "new.example"), 0);
    assert_int_equal(seen(&servers[1], "new.example"), 1);
    assert_non_null(resolver_cached(resolver, "r@7.late.example", DNS_A));
}

static void write_resolv_conf(const char *path, const char *line)
{
    char fresh[96];
    FILE *out;

    snprintf(fresh, sizeof fresh, "%s.new", path);
    out = fopen(fresh, "w");
    assert_non_null(out);
    fputs(line, out);
    fclose(out);
    assert_int_equal(rename(fresh, path), 0);
}

/* By what the servers are: a resolv.conf cannot name a port, and 53 is not ours to take. */
static void test_resolv_conf(void **state)
{
    struct resolver_options o = defaults(NULL);
    char path[64], error[200];

    (void)state;
    snprintf(path, sizeof path, "%s/resolv.conf", folder);
    o.resolv_conf = path;
    setenv("RES_OPTIONS", "rotate ndots:9", 1);
    assert_false(resolver_reconfigure(resolver, &o, error, sizeof error));
    write_resolv_conf(path, "search example\n");
    assert_false(resolver_reconfigure(resolver, &o, error, sizeof error));
    assert_non_null(strstr(error, "names no nameserver"));
    ask(0, "conf0.late.example", DNS_A);
    write_resolv_conf(path, "search example\noptions ndots:5\nnameserver 127.0.0.77\n");
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    assert_string_equal(resolver_servers(resolver), "127.0.0.77:53");
    assert_null(getenv("RES_OPTIONS"));
    write_resolv_conf(path, "# being rewritten\n");
    run_out(120);
    assert_string_equal(resolver_servers(resolver), "127.0.0.77:53");
    write_resolv_conf(path, "nameserver 127.0.0.78\nnameserver ::1\n");
    run_to_servers("127.0.0.78:53 [::1]:53");
    if (asks[0].called == 0)
        run(PATIENCE_MS);
    assert_string_equal(asks[0].out, "found ttl=60: 192.0.2.6");
    o = defaults((const char *[]){servers[0].text, NULL});
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    write_resolv_conf(path, "nameserver 127.0.0.79\n");
    run_out(120);
    assert_string_equal(resolver_servers(resolver), servers[0].text);
}

/* None of these may be read, because that would never end, or take all memory. */
static void test_resolv_conf_is_no_file(void **state)
{
    struct resolver_options o = defaults(NULL);
    char path[64], fresh[96], error[200];

    (void)state;
    snprintf(path, sizeof path, "%s/resolv.conf", folder);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    o.resolv_conf = path;
    write_resolv_conf(path, "nameserver 127.0.0.77\n");
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    alarm(PATIENCE_MS / 1000);
    for (int kind = 0; kind < 3; kind++) {
        assert_int_equal(kind == 0 ? mkfifo(fresh, 0600) : kind == 1 ? symlink("/dev/zero", fresh) : 0, 0);
        if (kind == 2) {
            write_resolv_conf(fresh, "nameserver 127.0.0.78\n");
            assert_int_equal(truncate(fresh, (off_t)1 << 34), 0);
        }
        assert_int_equal(rename(fresh, path), 0);
        run_out(120); /* it notices the change */
        assert_string_equal(resolver_servers(resolver), "127.0.0.77:53");
        assert_false(resolver_reconfigure(resolver, &o, error, sizeof error));
    }
    alarm(0);
}

/* Four at once, forty in line, the rest is told at once that there is trouble. */
static void test_bounds(void **state)
{
    const char *list[] = {servers[0].text, NULL};
    struct resolver_options o = defaults(list);
    char error[200];
    int found = 0;

    (void)state;
    o.in_flight = 4;
    o.timeout_ms = 20000;
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    for (int i = 0; i < 100; i++)
        ask_late(i, 'b');
    assert_int_equal(stats().in_flight, 4);
    assert_int_equal(stats().waiting, 40);
    assert_int_equal(stats().refused, 56);
    for (int i = 0; i < 1000 && asks[99].called == 0; i++)
        run_out(20);
    for (int i = 44; i < 100; i++) {
        assert_int_equal(asks[i].status, DNS_TEMPERROR);
        assert_string_equal(asks[i].why, "busy");
    }
    while (outstanding > 0) {
        run_out(60);
        assert_true(stats().in_flight <= 4);
    }
    for (int i = 0; i < 44; i++)
        found += asks[i].called == 1 && asks[i].status == DNS_FOUND;
    assert_int_equal(found, 44);
    assert_null(resolver_cached(resolver, "b@99.late.example", DNS_A));
}

/* Lookups out of thirty zones, of which twenty fail; then what one zone does, which is no resolver in trouble. */
static void test_trouble(void **state)
{
    char name[64];

    (void)state;
    assert_int_equal(resolver_trouble(resolver), -1);
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "1.%d.0.%s.in-addr.arpa", i, i < 10 ? "11" : "10");
        ask(i, name, DNS_PTR);
    }
    run(PATIENCE_MS);
    assert_in_range(resolver_trouble(resolver), 64, 69); /* 66, but for zones that share a mark by chance */
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "t%d.broken.example", i);
        ask(30 + i, name, DNS_A);
    }
    run(PATIENCE_MS);
    assert_int_equal(asks[89].status, DNS_TEMPERROR);
    assert_in_range(resolver_trouble(resolver), 65, 70);
    clock_freeze(1000000, clock_ms() + 66000);
    assert_int_equal(resolver_trouble(resolver), -1);
}

static void test_free_in_flight(void **state)
{
    char error[200];
    const char *list[] = {servers[1].text, NULL};
    struct resolver_options o = defaults(list);

    ask(0, "drop.example", DNS_A);
    ask(1, "odd@drop.example", DNS_MX);
    ask(4, "tcp@drop.example", DNS_A);
    run_out(20);
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    ask(2, "drop.example", DNS_TXT);
    ask(3, "a..example", DNS_A);
    resolver_free(resolver);
    for (int i = 0; i < 5; i++)
        assert_int_equal(asks[i].called, 0);
    event_base_free(base);
    setup(state);
}

static void test_servers(void **state)
{
    static const struct {
        const char *server, *shown; /* NULL: refused */
    } list[] = {
        {"192.0.2.1", "192.0.2.1:53"},
        {"192.0.2.1:5353", "192.0.2.1:5353"},
        {"2001:db8::1", "[2001:db8::1]:53"},
        {"[2001:db8::1]", "[2001:db8::1]:53"},
        {"[2001:db8::1]:5353", "[2001:db8::1]:5353"},
        {"", NULL},
        {"localhost", NULL},
        {"192.0.2", NULL},
        {"192.0.2.1:", NULL},
        {"192.0.2.1:0", NULL},
        {"192.0.2.1:65536", NULL},
        {"192.0.2.1:53x", NULL},
        {"192.0.2.1,192.0.2.2", NULL},
        {"[192.0.2.1]:53", NULL},
        {"[2001:db8::1", NULL},
        {"2001:db8::1:", NULL},
        {":53", NULL},
        {"192.0.2.1:-1", NULL},
    };
    char error[200];

    (void)state;
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        const char *one[] = {list[i].server, NULL};
        struct resolver_options o = defaults(one);
        bool taken = resolver_reconfigure(resolver, &o, error, sizeof error);
        if (taken != (list[i].shown != NULL))
            print_error("server \"%s\"\n", list[i].server);
        assert_int_equal(taken, list[i].shown != NULL);
        if (taken)
            assert_string_equal(resolver_servers(resolver), list[i].shown);
    }
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
        TEST(test_reconfigure), TEST(test_resolv_conf), TEST(test_resolv_conf_is_no_file),
        TEST(test_bounds),      TEST(test_trouble),     TEST(test_free_in_flight),
        TEST(test_servers),
    };

    return cmocka_run_group_tests_name("dns upstream", tests, start, servers_stop);
}

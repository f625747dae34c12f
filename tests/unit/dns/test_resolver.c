/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked and what is made of it: answers, every fault that a server can have, the cache, and who is called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "asking.h"
#include "clock.h"
#include "text.h"

static const struct {
    const char *name;
    enum dns_type type;
    const char *want;
} rows[] = {
    {"a.example", DNS_A, "found ttl=60: 192.0.2.1 192.0.2.2"},
    {"A.Example.", DNS_AAAA, "found ttl=60: 2001:db8::1"},
    {"mx.example", DNS_MX, "found ttl=60: 10/a.example 20/b.example"},
    {"null.example", DNS_MX, "found ttl=60: 0/"},
    {"txt.example", DNS_TXT, "found ttl=60: [v=spf1 -all]"},
    {"1.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60: a.example"},
    {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", DNS_PTR, "found ttl=60: a.example"},
    {"3.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60 left=1: good.example"},
    {"4.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60 canonical=4.0/26.2.0.192.in-addr.arpa: classless.example"},
    {"60.2.0.192.in-addr.arpa", DNS_PTR, "found ttl=60 (60)"},
    {"alias.example", DNS_A, "found ttl=60 canonical=a.example: 192.0.2.1 192.0.2.2"},
    {"half.example", DNS_A, "found ttl=20 canonical=a.example: 192.0.2.1 192.0.2.2"},
    {"dangling.example", DNS_A, "temperror ttl=5 canonical=a.example:"},
    {"void.example", DNS_A, "nxdomain ttl=30 canonical=nothing.example:"},
    {"a.example", DNS_MX, "nodata ttl=30:"},
    {"nothing.example", DNS_A, "nxdomain ttl=30:"},
    {"x.onion", DNS_A, "nxdomain ttl=1:"},
    {"odd/name.example", DNS_A, "found ttl=60: 192.0.2.9"},
    {"", DNS_A, "nxdomain ttl=0:"},
    {"a..example", DNS_A, "nxdomain ttl=0:"},
};

/* Found in some versions of c-ares, a failure in others; never "no record". */
enum { FOUND_OR_FAILURE = -1 };

/* What every query for NUMBER.fault.example gets, and what is to be made of it. Those asked alone are errors of the
 * socket: c-ares before 1.20 ends, or sends once more, all that the same server was asked. */
static const struct {
    const char *fault;
    int want; /* enum dns_status, or FOUND_OR_FAILURE */
    bool alone;
} faults[] = {
    {"servfail", DNS_TEMPERROR, false},
    {"refused", DNS_TEMPERROR, false},
    {"formerr", DNS_TEMPERROR, false},
    {"notimp", DNS_TEMPERROR, false},
    {"rcode=6", DNS_TEMPERROR, false},
    {"drop", DNS_TEMPERROR, false},
    {"wrongid", DNS_TEMPERROR, false},
    {"wrongq", DNS_TEMPERROR, false},
    {"noq", DNS_TEMPERROR, false},
    {"qr0", DNS_TEMPERROR, false},
    {"short", DNS_TEMPERROR, false},
    {"trunc=20", DNS_TEMPERROR, false},
    {"trunc=40", DNS_TEMPERROR, false},
    {"garbage", DNS_TEMPERROR, false},
    {"ptrloop", DNS_TEMPERROR, false},
    {"ptrfwd", DNS_TEMPERROR, false},
    {"badrdlen", DNS_TEMPERROR, false},
    {"badtype", FOUND_OR_FAILURE, false},
    {"tcall", DNS_TEMPERROR, false},
    {"tcdrop", DNS_TEMPERROR, false},
    {"tcclose", DNS_TEMPERROR, true},
    {"tcshort", FOUND_OR_FAILURE, true},
    {"empty", DNS_TEMPERROR, true},
    {"cnameloop", DNS_TEMPERROR, false},
    {"wrongsrc", DNS_TEMPERROR, false},
    {"otherowner", DNS_TEMPERROR, false},
    {"slow=20000", DNS_TEMPERROR, false},
    {"chain=9", DNS_TEMPERROR, false},
    {"chain=8", DNS_FOUND, false},
    {"nodata", DNS_NODATA, false},
    {"nxdomain", DNS_NXDOMAIN, false},
    {"tc", DNS_FOUND, false},
    {"tcpart", DNS_FOUND, false},
    {"extra", DNS_FOUND, false},
    {"dup", DNS_FOUND, false},
    {"upper", DNS_FOUND, false},
    {"drop1", DNS_FOUND, false},
    {"servfail1", DNS_FOUND, false},
    {"wrongid+good", DNS_FOUND, false},
    {"slow=100", DNS_FOUND, false},
};

static void test_answers(void **state)
{
    int failed = 0, count = sizeof rows / sizeof rows[0];

    (void)state;
    for (int i = 0; i < count; i++)
        ask(i, rows[i].name, rows[i].type);
    run(PATIENCE_MS);
    for (int i = 0; i < count; i++) {
        if (asks[i].called == 1 && strcmp(asks[i].out, rows[i].want) == 0)
            continue;
        print_error("%s %s: called %d times, got \"%s\", want \"%s\"\n", rows[i].name,
                    dns_type_name((uint16_t)rows[i].type), asks[i].called, asks[i].out, rows[i].want);
        failed++;
    }
    assert_int_equal(failed, 0);
}

static bool as_wanted(int i, uint64_t start)
{
    unsigned took = (unsigned)(asks[i].at_ms - start);
    int got = (int)asks[i].status;
    bool good =
        got == faults[i].want || (faults[i].want == FOUND_OR_FAILURE && (got == DNS_FOUND || got == DNS_TEMPERROR));

    if (asks[i].called == 1 && good && took < BOUND_MS)
        return true;
    print_error("%s: called %d times after %u ms, got \"%s\" (%s)\n", faults[i].fault, asks[i].called, took,
                asks[i].out, asks[i].called ? asks[i].why : "");
    return false;
}

/* What follows the number in the names above: the second kind makes names that c-ares refuses to ask for. */
static const char *const fault_kinds[] = {"", "@x:%2f"};

static void ask_fault(int i, const char *kind)
{
    char name[64];

    snprintf(name, sizeof name, "%d%s.fault.example", i, kind);
    ask(i, name, DNS_A);
}

/* No fault of a server is taken for "no record", and none takes longer than the bound. */
static void check_faults(const char *kind)
{
    int failed = 0, count = sizeof faults / sizeof faults[0];
    uint64_t start = clock_ms();

    for (int i = 0; i < count; i++)
        if (!faults[i].alone)
            ask_fault(i, kind);
    run(PATIENCE_MS);
    for (int i = 0; i < count; i++)
        failed += !faults[i].alone && !as_wanted(i, start);
    for (int i = 0; i < count; i++) {
        if (!faults[i].alone)
            continue;
        start = clock_ms();
        ask_fault(i, kind);
        run(PATIENCE_MS);
        failed += !as_wanted(i, start);
    }
    assert_int_equal(failed, 0);
}

static void test_faults(void **state)
{
    (void)state;
    check_faults(fault_kinds[0]);
}

static void test_faults_without_c_ares(void **state)
{
    (void)state;
    check_faults(fault_kinds[1]);
}

static void test_shared(void **state)
{
    struct resolver_query *third, *fourth;

    (void)state;
    ask(0, "shared.late.example", DNS_A);
    ask(1, "SHARED.late.example", DNS_A);
    third = ask(2, "shared.late.example.", DNS_A);
    fourth = ask(3, "shared.late.example", DNS_A);
    assert_int_equal(stats().shared, 3);
    resolver_cancel(third);
    resolver_cancel(fourth);
    outstanding -= 2;
    run(PATIENCE_MS);
    assert_int_equal(asks[0].called + asks[1].called, 2);
    assert_int_equal(asks[2].called + asks[3].called, 0);
    assert_string_equal(asks[1].out, "found ttl=60: 192.0.2.6");
    assert_int_equal(seen(&servers[0], "shared.late.example"), 1);
}

static void test_cancelled_fills_cache(void **state)
{
    (void)state;
    resolver_cancel(ask(0, "orphan.late.example", DNS_A));
    for (int i = 0; i < 1000 && !resolver_cached(resolver, "orphan.late.example", DNS_A); i++)
        run_out(20);
    assert_int_equal(asks[0].called, 0);
    assert_int_equal(seen(&servers[0], "orphan.late.example"), 1);
    assert_non_null(resolver_cached(resolver, "Orphan.late.example", DNS_A));
    assert_null(resolver_cached(resolver, "orphan.late.example", DNS_AAAA));
}

/* A callback asks anew, and cancels another question that is ready by then. */
static struct resolver_query *victim;

static void on_first(void *arg, const struct dns_answer *a, bool from_cache)
{
    (void)arg;
    (void)from_cache;
    assert_int_equal(a->status, DNS_FOUND);
    resolver_cancel(victim);
    outstanding--;
    ask(2, "mx.example", DNS_MX);
    assert_string_equal(a->name, "a.example");
}

static void test_ask_in_callback(void **state)
{
    (void)state;
    ask(0, "a.example", DNS_A);
    run(PATIENCE_MS);
    assert_non_null(resolver_ask(resolver, "a.example", DNS_A, on_first, NULL));
    victim = ask(1, "a.example", DNS_A);
    run(PATIENCE_MS);
    assert_int_equal(asks[1].called, 0);
    assert_int_equal(asks[2].called, 1);
    assert_string_equal(asks[2].out, "found ttl=60: 10/a.example 20/b.example");
}

static void ask_again(int n, const char *name, bool from_cache, const char *want)
{
    ask(n, name, DNS_A);
    run(PATIENCE_MS);
    assert_int_equal(asks[n].called, 1);
    assert_int_equal(asks[n].from_cache, from_cache);
    if (want)
        assert_string_equal(asks[n].out, want);
}

static void test_cached(void **state)
{
    (void)state;
    clock_freeze(1000000, clock_ms());
    ask_again(0, "a.example", false, "found ttl=60: 192.0.2.1 192.0.2.2");
    clock_advance(20000);
    ask_again(1, "a.example", true, "found ttl=40: 192.0.2.1 192.0.2.2");
    clock_advance(40000);
    ask_again(2, "a.example", false, "found ttl=60: 192.0.2.1 192.0.2.2");
    ask_again(3, "none.example", false, "nxdomain ttl=30:");
    clock_advance(29999);
    ask_again(4, "none.example", true, "nxdomain ttl=1:");
    clock_advance(1);
    ask_again(5, "none.example", false, "nxdomain ttl=30:");
    ask_again(6, "x.broken.example", false, "temperror ttl=5:");
    ask_again(7, "x.broken.example", true, "temperror ttl=5:");
    clock_advance(5000);
    ask_again(8, "x.broken.example", false, "temperror ttl=5:");
    assert_int_equal(seen(&servers[0], "none.example"), 2);
    assert_int_equal(stats().hits, 3);
}

/* What is cached comes back at once, and nobody is called; all else is as if it were asked. */
static void test_get(void **state)
{
    const struct dns_answer *a;

    (void)state;
    assert_null(get(0, "get.late.example"));
    assert_null(get(1, "get..example"));
    run(2000);
    assert_string_equal(asks[0].out, "found ttl=60: 192.0.2.6");
    assert_string_equal(asks[1].out, "nxdomain ttl=0:");
    a = get(2, "GET.late.example.");
    assert_non_null(a);
    assert_int_equal(a->status, DNS_FOUND);
    assert_string_equal(a->name, "get.late.example");
    run_out(20);
    assert_int_equal(asks[2].called, 0);
    assert_int_equal(stats().asked, 3);
    assert_int_equal(stats().hits, 1);
    assert_int_equal(seen(&servers[0], "get.late.example"), 1);
}

/*
 * SPF macros build names with any byte, and a sender chooses some of them. c-ares 1.34 refuses such names, which would
 * make a temporary error of every record that asks for one.
 */
static void test_odd_bytes(void **state)
{
    static const char *const names[] = {
        "macro%percent  space%20", "a:b", "back\\slash", "postmaster@s", "%5Bx%5D", "\x01\xff\xc3\xa9", "\"q\"", "(a)",
    };
    enum { COUNT = sizeof names / sizeof names[0] };
    char name[80];

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "%s.late.example", names[i]);
        ask(i, name, DNS_A);
        snprintf(name, sizeof name, "%s.example", names[i]);
        ask(COUNT + i, name, DNS_TXT);
    }
    run(PATIENCE_MS);
    for (int i = 0; i < COUNT; i++) {
        assert_string_equal(asks[i].out, "found ttl=60: 192.0.2.6");
        assert_string_equal(asks[COUNT + i].out, "nxdomain ttl=30:");
    }
}

/* An alias may lead from a name of one kind to one of the other. */
static void test_odd_aliases(void **state)
{
    (void)state;
    ask(0, "chase.example", DNS_A);
    ask(1, "odd@chase.example", DNS_A);
    run(PATIENCE_MS);
    assert_string_equal(asks[0].out, "found ttl=20 canonical=end:1.late.example: 192.0.2.6");
    assert_string_equal(asks[1].out, "found ttl=20 canonical=end:1.late.example: 192.0.2.6");
}

/* Silence is a failure that is remembered for a moment, so that the next question need not wait as well. */
static void test_silence(void **state)
{
    const char *list[] = {servers[0].text, NULL};
    struct resolver_options o = defaults(list);
    char error[200];

    (void)state;
    o.timeout_ms = 100;
    o.tries = 1;
    assert_true(resolver_reconfigure(resolver, &o, error, sizeof error));
    ask(0, "drop.example", DNS_A);
    run(PATIENCE_MS);
    assert_int_equal(asks[0].status, DNS_TEMPERROR);
    assert_string_equal(asks[0].why, "timeout");
    assert_int_equal(resolver_cached(resolver, "drop.example", DNS_A)->status, DNS_TEMPERROR);
}

static int start(void **state)
{
    static char lines[16384];
    struct text t;
    char name[64];

    (void)state;
    text_init(&t, lines, sizeof lines);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        for (size_t j = 0; j < sizeof fault_kinds / sizeof fault_kinds[0]; j++) {
            snprintf(name, sizeof name, "%zu%s.fault.example", i, fault_kinds[j]);
            text_addf(&t, "%s fault %s\n%s 60 A 192.0.2.5\n", name, faults[i].fault, name);
        }
    return t.full ? -1 : servers_start(lines);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_answers),
        TEST(test_faults),
        TEST(test_shared),
        TEST(test_cancelled_fills_cache),
        TEST(test_ask_in_callback),
        TEST(test_cached),
        TEST(test_get),
        TEST(test_odd_bytes),
        TEST(test_odd_aliases),
        TEST(test_faults_without_c_ares),
        TEST(test_silence),
    };

    return cmocka_run_group_tests_name("dns resolver", tests, start, servers_stop);
}

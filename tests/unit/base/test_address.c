/* SPDX-License-Identifier: BSD-2-Clause */
/* test_address: texts read and written, networks, reverse names and special-purpose blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <cmocka.h>

#include "address.h"

#define ROWS(table) (sizeof(table) / sizeof(table)[0])

static struct address parse(const char *s)
{
    struct address a;

    if (!address_parse(&a, s, strlen(s)))
        fail_msg("not parsed: %s", s);
    return a;
}

/* NULL: refused. */
static const struct {
    const char *in, *out;
} texts[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"::ffff:192.0.2.1", "192.0.2.1"},
    {"::FFFF:c000:0201", "192.0.2.1"},
    {"0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"},
    {"2001:DB8::0001", "2001:db8::1"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"::", "::"},
    {"::1", "::1"},
    {"1::", "1::"},
    {"::1:2", "::1:2"},
    {"::192.0.2.1", "::c000:201"},
    {"fe80:0:0:0:0:0:0:0", "fe80::"},
    {"", NULL},
    {"1.2.3", NULL},
    {"1.2.3.4.5", NULL},
    {"1.2.3.256", NULL},
    {"1.2.3.04", NULL},
    {"1.2.3.4 ", NULL},
    {" 1.2.3.4", NULL},
    {"0x1.2.3.4", NULL},
    {"16909060", NULL},
    {"[::1]", NULL},
    {"fe80::1%eth0", NULL},
    {"IPv6:::1", NULL},
    {"1::2::3", NULL},
    {":::", NULL},
    {"12345::", NULL},
    {"1:2:3:4:5:6:7", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"::ffff:1.2.3.04", NULL},
    {"unknown", NULL},
    {"0000:0000:0000:0000:0000:0000:0000:0000:0000:00", NULL},
};

static void text_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(texts); i++) {
        struct address a, again;
        char out[ADDRESS_TEXT_SIZE];
        bool ok = address_parse(&a, texts[i].in, strlen(texts[i].in));

        if (ok != (texts[i].out != NULL))
            fail_msg("%s: parsed %d", texts[i].in, ok);
        if (!ok) {
            assert_int_equal(a.family, ADDRESS_NONE);
            continue;
        }
        if (strcmp(address_format(&a, out), texts[i].out) != 0)
            fail_msg("%s: got %s", texts[i].in, out);
        again = parse(out);
        assert_true(address_equal(&a, &again));
    }
    assert_false(address_parse(&(struct address){0}, "1.2.3.4\0", 8));
    assert_true(address_parse(&(struct address){0}, "1.2.3.4junk", 7));
}

/* The libc reads every text that we write, to the same bytes. */
static void format_against_libc(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < 50000; round++) {
        struct address a = {.family = ADDRESS_IPV6};
        char out[ADDRESS_TEXT_SIZE];
        uint8_t bytes[16];

        for (int i = 0; i < 16; i += 2) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            if (seed >> 62 == 0) {
                a.bytes[i] = (uint8_t)(seed >> 40);
                a.bytes[i + 1] = (uint8_t)(seed >> 48);
            }
        }
        assert_int_equal(inet_pton(AF_INET6, address_format(&a, out), bytes), 1);
        assert_memory_equal(bytes, a.bytes, 16);
    }
}

static const struct {
    const char *in, *out;
} networks[] = {
    {"192.0.2.1/24", "192.0.2.0/24"},
    {"192.0.2.1", "192.0.2.1/32"},
    {"255.255.255.255/9", "255.128.0.0/9"},
    {"1.2.3.4/0", "0.0.0.0/0"},
    {"2001:db8:ffff::1/33", "2001:db8:8000::/33"},
    {"::/0", "::/0"},
    {"::1", "::1/128"},
    {"::ffff:192.0.2.77/120", "192.0.2.0/24"},
    {"::ffff:192.0.2.77", "192.0.2.77/32"},
    {"::ffff:192.0.2.77/95", NULL},
    {"192.0.2.0/33", NULL},
    {"::/129", NULL},
    {"192.0.2.0/", NULL},
    {"192.0.2.0/024", NULL},
    {"192.0.2.0/-1", NULL},
    {"192.0.2.0/2x", NULL},
    {"192.0.2.0/24/24", NULL},
    {"/24", NULL},
};

/* What looks nearly like an IPv4 address is taken exactly when inet_pton() takes it. */
static void parse_against_libc(void **state)
{
    static const char bytes[] = "0122456.5..9";
    uint32_t random = 1;

    (void)state;
    for (int i = 0; i < 300000; i++) {
        char s[17];
        uint8_t wanted[4] = {0};
        struct address a;
        size_t n;

        random = random * 1103515245 + 12345;
        n = 6 + random / 65536 % 10;
        for (size_t at = 0; at < n; at++) {
            random = random * 1103515245 + 12345;
            s[at] = bytes[random / 65536 % (sizeof bytes - 1)];
        }
        s[n] = '\0';
        assert_int_equal(address_parse(&a, s, n), inet_pton(AF_INET, s, wanted) == 1);
        assert_memory_equal(a.bytes, wanted, 4);
    }
}

static void network_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(networks); i++) {
        struct network net;
        char out[NETWORK_TEXT_SIZE];
        bool ok = network_parse(&net, networks[i].in, strlen(networks[i].in));

        if (ok != (networks[i].out != NULL))
            fail_msg("%s: parsed %d", networks[i].in, ok);
        if (ok && strcmp(network_format(&net, out), networks[i].out) != 0)
            fail_msg("%s: got %s", networks[i].in, out);
    }
}

static void membership(void **state)
{
    static const struct {
        const char *address, *net;
        bool in;
    } rows[] = {
        {"192.0.2.255", "192.0.2.0/24", true},   {"192.0.3.0", "192.0.2.0/24", false},
        {"10.127.0.1", "10.0.0.0/9", true},      {"10.128.0.1", "10.0.0.0/9", false},
        {"192.0.2.1", "0.0.0.0/0", true},        {"192.0.2.1", "::/0", false},
        {"2001:db8::1", "2001:db8::/32", true},  {"2001:db9::1", "2001:db8::/32", false},
        {"::ffff:10.0.0.1", "10.0.0.0/8", true}, {"::1", "0.0.0.0/0", false},
        {"192.0.2.1", "192.0.2.1/32", true},     {"192.0.2.2", "192.0.2.1/32", false},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct address a = parse(rows[i].address);
        struct network net;

        assert_true(network_parse(&net, rows[i].net, strlen(rows[i].net)));
        if (address_in(&a, &net) != rows[i].in)
            fail_msg("%s in %s", rows[i].address, rows[i].net);
    }
    assert_false(address_in(&(struct address){0}, &(struct network){.bits = 0}));
}

static void around(void **state)
{
    struct address a = parse("192.0.2.77");
    struct network net = address_network(&a, 64);
    char out[NETWORK_TEXT_SIZE];

    (void)state;
    assert_string_equal(network_format(&net, out), "192.0.2.77/32");
    a = parse("2001:db8:1:2:3::4");
    net = address_network(&a, 64);
    assert_string_equal(network_format(&net, out), "2001:db8:1:2::/64");
    a.family = ADDRESS_NONE;
    net = address_network(&a, 64);
    assert_int_equal(net.bits, 0);
    assert_string_equal(network_format(&net, out), "");
}

static void reverse_names(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"192.0.2.1", "1.2.0.192.in-addr.arpa"},
        {"255.255.255.255", "255.255.255.255.in-addr.arpa"},
        {"::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa"},
        {"2001:db8::567:89ab", "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
    };
    char out[ADDRESS_REVERSE_SIZE];

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct address a = parse(rows[i].in);
        assert_string_equal(address_reverse_name(&a, out), rows[i].out);
    }
    assert_string_equal(address_reverse_name(&(struct address){0}, out), "");
}

static void ports(void **state)
{
    static const struct {
        const char *text, *host, *port;
    } rows[] = {
        {"192.0.2.1:25", "192.0.2.1", "25"},
        {"mail.example:smtp", "mail.example", "smtp"},
        {"192.0.2.1", "192.0.2.1", NULL},
        {"[2001:db8::1]:25", "2001:db8::1", "25"},
        {"2001:db8::1", "2001:db8::1", NULL},
        {"[2001:db8::1]", "2001:db8::1", NULL},
        {":25", "", "25"},
        {"mail.example:", "mail.example", ""},
        {"*:25", "*", "25"},
        {"", "", NULL},
        {"[]:25", "", "25"},
        {"[", "[", NULL},
    };
    const char *port;
    char host[16];

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_true(address_split_port(rows[i].text, host, sizeof(host), &port));
        assert_string_equal(host, rows[i].host);
        assert_string_equal(port ? port : "none", rows[i].port ? rows[i].port : "none");
    }
    assert_true(address_split_port("fifteen-letters:1", host, sizeof(host), &port));
    assert_false(address_split_port("sixteen-letters-:1", host, sizeof(host), &port));
}

static void sockaddrs_and_back(void **state)
{
    static const char *const rows[] = {"192.0.2.1", "2001:db8::1", "::"};

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct address a = parse(rows[i]), back;
        struct sockaddr_storage at;
        socklen_t size = address_to_sockaddr(&a, 25, &at);

        assert_int_equal(size, at.ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
        assert_int_equal(((struct sockaddr_in *)&at)->sin_port, htons(25)); /* in the same place in both */
        assert_true(address_from_sockaddr(&back, (struct sockaddr *)&at));
        assert_true(address_equal(&a, &back));
    }
}

static void orders(void **state)
{
    static const char *const rows[] = {"0.0.0.1", "9.0.0.0", "10.0.0.0", "::", "2001:db8::1", "2001:db8::2"};

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++)
        for (size_t k = 0; k < ROWS(rows); k++) {
            struct address a = parse(rows[i]), b = parse(rows[k]);
            int by = address_compare(&a, &b);

            assert_int_equal((by > 0) - (by < 0), (i > k) - (i < k));
        }
}

static void scopes(void **state)
{
    static const struct {
        const char *address, *scope;
    } rows[] = {
        {"8.8.8.8", "global"},
        {"0.1.2.3", "unspecified"},
        {"10.255.255.255", "private"},
        {"11.0.0.0", "global"},
        {"100.63.255.255", "global"},
        {"100.64.0.0", "shared"},
        {"100.127.255.255", "shared"},
        {"100.128.0.0", "global"},
        {"127.0.0.1", "loopback"},
        {"169.254.1.1", "link-local"},
        {"172.15.255.255", "global"},
        {"172.16.0.0", "private"},
        {"172.31.255.255", "private"},
        {"172.32.0.0", "global"},
        {"192.0.0.1", "reserved"},
        {"192.0.0.9", "global"},
        {"192.0.2.1", "documentation"},
        {"192.168.0.1", "private"},
        {"192.169.0.1", "global"},
        {"198.17.255.255", "global"},
        {"198.18.0.1", "reserved"},
        {"198.19.255.255", "reserved"},
        {"198.51.100.1", "documentation"},
        {"203.0.113.1", "documentation"},
        {"224.0.0.1", "multicast"},
        {"239.255.255.255", "multicast"},
        {"240.0.0.1", "reserved"},
        {"255.255.255.255", "reserved"},
        {"::", "unspecified"},
        {"::1", "loopback"},
        {"::2", "global"},
        {"::ffff:127.0.0.1", "loopback"},
        {"64:ff9b::1", "global"},
        {"64:ff9b:1::1", "reserved"},
        {"100::1", "reserved"},
        {"2001::1", "reserved"},
        {"2001:1::1", "global"},
        {"2001:1::4", "reserved"},
        {"2001:20::1", "global"},
        {"2001:200::1", "global"},
        {"2001:db8::1", "documentation"},
        {"2606:4700::1", "global"},
        {"3fff:fff::1", "documentation"},
        {"3fff:1000::1", "global"},
        {"fc00::1", "private"},
        {"fdff::1", "private"},
        {"fe80::1", "link-local"},
        {"febf::1", "link-local"},
        {"fec0::1", "reserved"},
        {"ff02::1", "multicast"},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct address a = parse(rows[i].address);
        const char *scope = address_scope_name(address_scope(&a));
        if (strcmp(scope, rows[i].scope) != 0)
            fail_msg("%s: got %s", rows[i].address, scope);
    }
}

static void sockaddrs(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    struct sockaddr other = {.sa_family = AF_UNIX};
    struct address a, want = parse("192.0.2.1");

    (void)state;
    inet_pton(AF_INET, "192.0.2.1", &in.sin_addr);
    assert_true(address_from_sockaddr(&a, (const struct sockaddr *)&in));
    assert_true(address_equal(&a, &want));
    inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr);
    assert_true(address_from_sockaddr(&a, (const struct sockaddr *)&in6));
    assert_true(address_equal(&a, &want));
    assert_false(address_from_sockaddr(&a, &other));
    assert_int_equal(address_size(&a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_both_ways),
        cmocka_unit_test(format_against_libc),
        cmocka_unit_test(network_text),
        cmocka_unit_test(membership),
        cmocka_unit_test(around),
        cmocka_unit_test(reverse_names),
        cmocka_unit_test(parse_against_libc),
        cmocka_unit_test(ports),
        cmocka_unit_test(orders),
        cmocka_unit_test(scopes),
        cmocka_unit_test(sockaddrs_and_back),
        cmocka_unit_test(sockaddrs),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}

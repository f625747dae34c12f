/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands for a zone, and the share of zones that fail: no sender of mail makes a resolver in trouble of its own
 * zones, and a resolver in trouble is told all the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "trouble.h"

enum { ZONES = 100 };

static void test_zones(void **state)
{
    static const struct {
        const char *name, *zone;
    } rows[] = {
        {"mail.kiln-street.net", "kiln-street.net"},
        {"a.b.c.kiln-street.net", "kiln-street.net"},
        {"kiln-street.net", "kiln-street.net"},
        {"net", "net"},
        {"", ""},
        {"5.113.0.203.in-addr.arpa", "113.0.203.in-addr.arpa"},
        {"5.0/26.113.0.203.in-addr.arpa", "113.0.203.in-addr.arpa"},
        {"203.in-addr.arpa", "203.in-addr.arpa"},
        {"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
         "7.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"},
        {"5.113.0.203.in-addr.arpa.evil.org", "evil.org"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].name);
        assert_string_equal(trouble_zone(rows[i].name), rows[i].zone);
    }
}

static void count(struct trouble *t, const char *before, const char *after, bool failed, uint64_t now_ms)
{
    struct address source = {.family = ADDRESS_IPV4};
    char name[64];

    for (int i = 0; i < ZONES; i++) {
        snprintf(name, sizeof(name), "%s%d%s", before, i, after);
        source.bytes[0] = (uint8_t)i;
        trouble_count(t, name, &source, failed, now_ms);
    }
}

static void test_shares(void **state)
{
    struct trouble *t = calloc(1, sizeof(*t));
    const uint64_t now = 1000000000;

    (void)state;
    assert_true(trouble_init(t));
    t->key = (struct hash_key){1, 2}; /* the same zones share a mark by chance in every run */
    count(t, "mail.honest", ".org", false, now);
    assert_int_equal(trouble_share(t, now), 0);
    count(t, "x", ".evil.org", true, now);
    assert_in_range(trouble_share(t, now), 0, 1); /* one zone, however many names */
    count(t, "5.", ".0.203.in-addr.arpa", true, now);
    assert_in_range(trouble_share(t, now), 46, 51); /* a few networks share a place by chance, and count for less */
    /* A minute later the same zones count again, and what was is forgotten. */
    count(t, "mail.honest", ".org", true, now + 60000);
    assert_int_equal(trouble_share(t, now + 60000), 100);
    count(t, "mail.honest", ".org", true, now + 62000);
    count(t, "mail.honest", ".org", false, now + 62000);
    assert_in_range(trouble_share(t, now + 62000), 49, 51);
    assert_int_equal(trouble_share(t, now + 130000), -1);
    free(t);
}

/* One network greets with three lame domains a second; sixty others greet once a minute with domains that work. */
static void test_one_network(void **state)
{
    static const struct address attacker = {.family = ADDRESS_IPV4, .bytes = {45, 9, 9}};
    struct trouble *t = calloc(1, sizeof(*t));
    struct address honest = {.family = ADDRESS_IPV4, .bytes = {203}};
    const uint64_t began = 60000000;
    char name[64];

    (void)state;
    assert_true(trouble_init(t));
    for (int second = 0; second < 300; second++) {
        uint64_t now = began + (uint64_t)second * 1000;

        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof(name), "mail.lame%d-%d.com", second, i);
            trouble_count(t, name, &attacker, true, now);
        }
        honest.bytes[1] = (uint8_t)(second % 60);
        snprintf(name, sizeof(name), "mail.kiln%d.org", second % 60);
        trouble_count(t, name, &honest, false, now);
        assert_true(trouble_share(t, now) <= 20);
    }
    /* The resolver fails indeed: the zones that worked show it. */
    for (int i = 0; i < 60; i++) {
        honest.bytes[1] = (uint8_t)i;
        snprintf(name, sizeof(name), "mail.kiln%d.org", i);
        trouble_count(t, name, &honest, true, began + 400000);
    }
    assert_int_equal(trouble_share(t, began + 400000), 100);
    free(t);
}

/* How many networks it takes to make half of what is counted fail, beside sixty honest ones: as many as these. */
static void test_many_networks(void **state)
{
    struct trouble *t = calloc(1, sizeof(*t));
    struct address source = {.family = ADDRESS_IPV4};
    unsigned networks = 0;
    char name[64];

    (void)state;
    assert_true(trouble_init(t));
    for (int i = 0; i < 60; i++) {
        source.bytes[1] = (uint8_t)i;
        snprintf(name, sizeof(name), "mail.kiln%d.org", i);
        trouble_count(t, name, &source, false, 60000000);
    }
    source.bytes[0] = 45;
    for (; trouble_share(t, 60000000) < 50; networks++) {
        source.bytes[1] = (uint8_t)networks;
        for (unsigned i = 0; i < 10; i++) {
            snprintf(name, sizeof(name), "mail.lame%u-%u.com", networks, i);
            trouble_count(t, name, &source, true, 60000000);
        }
    }
    assert_in_range(networks, 50, 70);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_one_network),
        cmocka_unit_test(test_many_networks),
    };

    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}

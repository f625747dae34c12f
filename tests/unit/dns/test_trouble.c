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
    char name[64];

    for (int i = 0; i < ZONES; i++) {
        snprintf(name, sizeof(name), "%s%d%s", before, i, after);
        trouble_count(t, name, failed, now_ms);
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
    assert_in_range(trouble_share(t, now), 49, 51);
    /* A minute later the same zones count again, and what was is forgotten. */
    count(t, "mail.honest", ".org", true, now + 60000);
    assert_int_equal(trouble_share(t, now + 60000), 100);
    count(t, "mail.honest", ".org", true, now + 62000);
    count(t, "mail.honest", ".org", false, now + 62000);
    assert_in_range(trouble_share(t, now + 62000), 49, 51);
    assert_int_equal(trouble_share(t, now + 130000), -1);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_zones),
        cmocka_unit_test(test_shares),
    };

    return cmocka_run_group_tests_name("trouble", tests, NULL, NULL);
}

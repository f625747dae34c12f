/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers by key: here who waits, by network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "counts.h"
#include "rate.h"
#include "table.h"

static struct address address(const char *text)
{
    struct address a;

    assert_true(address_parse(&a, text, strlen(text)));
    return a;
}

enum step { BEGIN = 1, END = -1 };

static void add(struct table *w, const struct address *client, int by)
{
    const struct address network = rates_network(client);

    counts_add(w, &network, sizeof(network), by);
}

static uint64_t get(const struct table *w, const struct address *client)
{
    const struct address network = rates_network(client);

    return counts_get(w, &network, sizeof(network));
}

static void test_counts(void **state)
{
    static const struct {
        const char *name;
        enum step step;
        const char *client;
        const char *asked; /* of whose network the count is wanted */
        size_t want;
    } rows[] = {
        {"one", BEGIN, "198.51.100.1", "198.51.100.1", 1},
        {"its neighbour sees it", BEGIN, "198.51.100.1", "198.51.100.254", 2},
        {"and adds to it", BEGIN, "198.51.100.77", "198.51.100.1", 3},
        {"the next network does not", BEGIN, "198.51.101.1", "198.51.100.1", 3},
        {"and has its own", BEGIN, "198.51.101.2", "198.51.101.1", 2},
        {"a /48", BEGIN, "2001:db8:1::1", "2001:db8:1:ffff::2", 1},
        {"another /48", BEGIN, "2001:db8:2::1", "2001:db8:1::1", 1},
        {"one less", END, "198.51.100.1", "198.51.100.1", 2},
        {"two less", END, "198.51.100.77", "198.51.100.1", 1},
        {"none", END, "198.51.100.1", "198.51.100.1", 0},
        {"the others stay", END, "2001:db8:2::1", "198.51.101.1", 2},
        {"a /48 is empty", END, "2001:db8:1::9", "2001:db8:1::1", 0},
        {"an IPv4 network", BEGIN, "192.0.2.1", "192.0.2.2", 1},
        {"is not the /48 of the same bytes", BEGIN, "c000:200::1", "192.0.2.2", 1},
        {"nor the /48 it", BEGIN, "c000:200::1", "c000:200::2", 2},
        {"what never began may end", END, "203.0.113.1", "203.0.113.1", 0},
        {"and begin", BEGIN, "203.0.113.1", "203.0.113.2", 1},
    };
    struct table *w = counts_new(10000);

    (void)state;
    assert_non_null(w);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address client = address(rows[i].client), asked = address(rows[i].asked);

        add(w, &client, rows[i].step);
        if (get(w, &asked) != rows[i].want)
            print_error("%s: %ju\n", rows[i].name, (uintmax_t)get(w, &asked));
        assert_int_equal(get(w, &asked), rows[i].want);
    }
    table_free(w);
}

/* Every network of a crowd has its own number, and nothing is left when it has gone. */
static void test_crowd(void **state)
{
    struct table *w = counts_new(10000);
    struct address a = {.family = ADDRESS_IPV4, .bytes = {100}};
    unsigned n = 0;

    (void)state;
    assert_non_null(w);
    for (int round = 0; round < 2; round++)
        for (n = 0; n < 5000; n++) {
            a.bytes[1] = (uint8_t)(n >> 8);
            a.bytes[2] = (uint8_t)n;
            assert_int_equal(get(w, &a), round);
            add(w, &a, round == 0 ? BEGIN : END);
            assert_int_equal(get(w, &a), 1 - round);
        }
    assert_int_equal(table_count(w), 0);
    table_free(w);
}

static void test_bounded(void **state)
{
    struct table *t = counts_new(2);

    (void)state;
    assert_non_null(t);
    counts_add(t, "a", 1, 1);
    counts_add(t, "b", 1, 1);
    counts_add(t, "a", 1, 1);
    counts_add(t, "c", 1, 1);
    assert_int_equal(counts_get(t, "a", 1), 2);
    assert_int_equal(counts_get(t, "b", 1), 0);
    assert_int_equal(counts_get(t, "c", 1), 1);
    table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_crowd),
                                       cmocka_unit_test(test_bounded)};

    return cmocka_run_group_tests_name("counts", tests, NULL, NULL);
}

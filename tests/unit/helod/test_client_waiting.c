/* SPDX-License-Identifier: BSD-2-Clause */
/* Who waits, by network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "client_waiting.h"
#include "table.h"

static struct address address(const char *text)
{
    struct address a;

    assert_true(address_parse(&a, text, strlen(text)));
    return a;
}

enum step { BEGIN, END };

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
    struct table *w = client_waiting_new();

    (void)state;
    assert_non_null(w);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address client = address(rows[i].client), asked = address(rows[i].asked);

        (rows[i].step == BEGIN ? client_waiting_begin : client_waiting_end)(w, &client);
        if (client_waiting_count(w, &asked) != rows[i].want)
            print_error("%s: %zu\n", rows[i].name, client_waiting_count(w, &asked));
        assert_int_equal(client_waiting_count(w, &asked), rows[i].want);
    }
    table_free(w);
}

/* Every network of a crowd has its own count, and nothing is left when it has gone. */
static void test_crowd(void **state)
{
    struct table *w = client_waiting_new();
    struct address a = {.family = ADDRESS_IPV4, .bytes = {100}};
    unsigned n = 0;

    (void)state;
    assert_non_null(w);
    for (int round = 0; round < 2; round++)
        for (n = 0; n < 5000; n++) {
            a.bytes[1] = (uint8_t)(n >> 8);
            a.bytes[2] = (uint8_t)n;
            assert_int_equal(client_waiting_count(w, &a), round);
            (round == 0 ? client_waiting_begin : client_waiting_end)(w, &a);
            assert_int_equal(client_waiting_count(w, &a), 1 - round);
        }
    table_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_counts), cmocka_unit_test(test_crowd)};

    return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}

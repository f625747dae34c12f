/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory of names changes no answer: what is read again, from whatever client, in whatever order and after however
 * many other names, is what was read the first time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"

static struct name_data *data;

static const char *const names[] = {
    "mail.company.net",
    "MAIL.Company.net",
    "mail.company.net.",
    "host-203-0-113-9.dyn.company.net",
    "smtp.gmail.com",
    "company.co.uk",
    "localhost",
    "win-abcdefghijk",
    "xn--bcher-kva.example",
    "a_b.company.net",
    "co.uk",
    "x.123",
    "",
    "[203.0.113.9]",
    "203.0.113.9",
    "bad..name.net",
    "bad name",
    "mail.company.lan",
};
enum { NAMES = sizeof names / sizeof names[0], CLIENTS = 2, FLOOD = 20000 };

static struct address client_of(unsigned i)
{
    static const char *const clients[CLIENTS] = {"203.0.113.9", "198.51.100.7"};
    struct address a;

    assert_true(address_parse(&a, clients[i], strlen(clients[i])));
    return a;
}

/* All that is known of a name, as a text that two readings can be compared by. */
static void describe(char out[512], const char *raw, unsigned client, struct region *r)
{
    struct address a = client_of(client);
    struct name name;
    struct naming naming;

    name_parse(&name, raw, strlen(raw), data, r);
    naming = name_naming(&name, &a, data, r);
    snprintf(out, 512, "%s/%zu kind %d reserved %d flags %x labels %u registrable %s at %td naming %x %s provider %p",
             name.text, name.length, name.kind, name.reserved, name.flags, name.labels,
             name.registrable != NULL ? name.registrable : "-",
             name.registrable != NULL ? name.registrable - name.text : -1, naming.flags, naming.detail,
             (const void *)name_provider(&name, data));
}

static void read_all(char out[NAMES][CLIENTS][512], struct region *r, bool backward)
{
    for (unsigned i = 0; i < NAMES * CLIENTS; i++) {
        unsigned at = backward ? NAMES * CLIENTS - 1 - i : i;

        region_reset(r);
        describe(out[at / CLIENTS][at % CLIENTS], names[at / CLIENTS], at % CLIENTS, r);
    }
}

static void compare(char first[NAMES][CLIENTS][512], char again[NAMES][CLIENTS][512])
{
    for (unsigned i = 0; i < NAMES; i++)
        for (unsigned c = 0; c < CLIENTS; c++)
            assert_string_equal(first[i][c], again[i][c]);
}

static void test_same_again(void **state)
{
    static char first[NAMES][CLIENTS][512], again[NAMES][CLIENTS][512];
    struct region *r = region_new(1 << 20);
    char raw[64], flood[512];

    (void)state;
    read_all(first, r, false);
    read_all(again, r, false);
    compare(first, again);
    read_all(again, r, true);
    compare(first, again);
    for (unsigned i = 0; i < FLOOD; i++) {
        snprintf(raw, sizeof raw, "host%u.company%u.net", i, i / 3);
        region_reset(r);
        describe(flood, raw, i % CLIENTS, r);
    }
    read_all(again, r, true);
    compare(first, again);
    region_free(r);
}

/* A text that was handed out stays, whatever is read after it. */
static void test_texts_stay(void **state)
{
    struct region *r = region_new(1 << 20), *other = region_new(1 << 20);
    struct address a = client_of(0);
    struct naming naming;
    struct name name;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        name_parse(&name, names[3], strlen(names[3]), data, r);
        naming = name_naming(&name, &a, data, r);
    }
    for (unsigned i = 0; i < FLOOD; i++) {
        char raw[64], text[512];

        snprintf(raw, sizeof raw, "pool-%u.dsl.flood.net", i);
        region_reset(other);
        describe(text, raw, 1, other);
    }
    assert_string_equal(name.text, names[3]);
    assert_string_equal(name.registrable, "company.net");
    assert_non_null(strstr(naming.detail, "address"));
    region_free(r);
    region_free(other);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_again),
        cmocka_unit_test(test_texts_stay),
    };
    char error[256];
    int failed;

    data = name_data_new(NULL, NULL, error, sizeof error);
    if (data == NULL) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    failed = cmocka_run_group_tests_name("memory of names", tests, NULL, NULL);
    name_data_free(data);
    return failed;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of answers by message: what it finds, keeps apart, forgets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "instance.h"
#include "reply.h"
#include "table.h"

enum { TTL = 1000 };

static const char refuse[] = "action=550 5.7.1 no\n\n", header[] = "action=PREPEND X-Test: yes\n\n",
                  dunno[] = "action=DUNNO\n\n";
static const struct address client = {.family = ADDRESS_IPV4, .bytes = {203, 0, 113, 5}};
static const struct address neighbour = {.family = ADDRESS_IPV4, .bytes = {203, 0, 113, 6}};
static const struct address six = {.family = ADDRESS_IPV6, .bytes = {203, 0, 113, 5}};

struct message {
    const char *policy;
    const struct address *client;
    const char *instance;
};

static struct instance_key key_of(const struct message *m)
{
    struct instance_key key;

    instances_key(m->policy, m->client, m->instance, &key);
    return key;
}

static const char *find(struct table *t, const struct message *m, uint64_t now)
{
    static char answer[REPLY_SIZE];
    struct instance_key key = key_of(m);
    size_t n = 0;
    const char *bytes = instances_find(t, &key, now, &n);

    if (bytes == NULL)
        return "nothing";
    memcpy(answer, bytes, n);
    answer[n] = '\0';
    return answer;
}

static void keep(struct table *t, const struct message *m, uint64_t now, const char *answer)
{
    const struct instance_key key = key_of(m);

    instances_keep(t, &key, now + TTL, answer, strlen(answer));
}

static void test_keys_apart(void **state)
{
    static char endless[1000];
    struct message kept = {"default", &client, "1.2.3.0"};
    const struct {
        const char *name;
        struct message key;
        const char *found;
    } rows[] = {
        {"the same message", {"default", &client, "1.2.3.0"}, "action=550 5.7.1 no\n\n"},
        {"the next message of the connection", {"default", &client, "1.2.3.1"}, "nothing"},
        {"a longer instance", {"default", &client, "1.2.3.00"}, "nothing"},
        {"another client", {"default", &neighbour, "1.2.3.0"}, "nothing"},
        {"another family with the same bytes", {"default", &six, "1.2.3.0"}, "nothing"},
        {"another policy", {"strict", &client, "1.2.3.0"}, "nothing"},
        {"no instance", {"default", &client, ""}, "nothing"},
        {"an endless instance", {"default", &client, endless}, "nothing"},
        {"an endless policy", {endless, &client, "1.2.3.0"}, "nothing"},
    };
    struct table *t = instances_new(100);

    (void)state;
    memset(endless, 'x', sizeof(endless) - 1);
    keep(t, &kept, 0, refuse);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s\n", rows[i].name);
        assert_string_equal(find(t, &rows[i].key, 1), rows[i].found);
    }
    /* What cannot be a key is not kept either. */
    for (size_t i = 6; i < sizeof(rows) / sizeof(rows[0]); i++)
        keep(t, &rows[i].key, 0, refuse);
    assert_int_equal(table_count(t), 1);
    table_free(t);
}

static void test_replaced(void **state)
{
    struct message key = {"default", &client, "1.2.3.0"};
    struct table *t = instances_new(100);

    (void)state;
    keep(t, &key, 0, header);
    assert_string_equal(find(t, &key, 1), "action=PREPEND X-Test: yes\n\n");
    keep(t, &key, 0, dunno);
    assert_string_equal(find(t, &key, 1), "action=DUNNO\n\n");
    assert_int_equal(table_count(t), 1);
    table_free(t);
}

static void test_time(void **state)
{
    struct message key = {"default", &client, "1.2.3.0"};
    struct table *t = instances_new(100);

    (void)state;
    keep(t, &key, 5, refuse);
    assert_string_not_equal(find(t, &key, 5 + TTL - 1), "nothing");
    assert_string_equal(find(t, &key, 5 + TTL), "nothing");
    assert_int_equal(table_count(t), 0);
    table_free(t);
}

static void test_bound(void **state)
{
    struct table *t = instances_new(10);
    char longer[REPLY_TEXT_MAX], text[32];

    (void)state;
    memset(longer, 'y', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    for (int i = 0; i < 1000; i++) {
        struct message key = {"default", &client, text};

        snprintf(text, sizeof(text), "1.2.%d", i);
        keep(t, &key, 0, i % 3 == 0 ? longer : refuse);
        assert_true(table_count(t) <= 10);
        assert_string_not_equal(find(t, &key, 1), "nothing");
    }
    assert_int_equal(table_count(t), 10);
    table_free(t);
}

/* How many of the messages first..last are found. */
static unsigned found(struct table *t, unsigned first, unsigned last)
{
    unsigned n = 0;

    for (unsigned i = first; i <= last; i++) {
        char text[32];
        struct message key = {i % 7 == 0 ? "strict" : "default", i % 2 == 0 ? &client : &six, text};

        snprintf(text, sizeof(text), "%x.6740.%u", i, i % 3);
        n += strcmp(find(t, &key, 1), i % 5 == 0 ? refuse : dunno) == 0;
    }
    return n;
}

static void test_oldest_first(void **state)
{
    enum { MAX = 1000 };
    struct table *t = instances_new(MAX);

    (void)state;
    for (unsigned i = 1; i <= 5 * MAX / 2; i++) {
        char text[32];
        struct message key = {i % 7 == 0 ? "strict" : "default", i % 2 == 0 ? &client : &six, text};

        snprintf(text, sizeof(text), "%x.6740.%u", i, i % 3);
        keep(t, &key, 0, i % 5 == 0 ? refuse : dunno);
        if (i == MAX)
            assert_int_equal(found(t, 1, MAX), MAX);
    }
    assert_int_equal(table_count(t), MAX);
    assert_int_equal(found(t, 1, 3 * MAX / 2), 0);
    assert_int_equal(found(t, 3 * MAX / 2 + 1, 5 * MAX / 2), MAX);
    table_free(t);
}

static void test_claimed(void **state)
{
    static const struct {
        const char *helo, *recipient;
        bool claimed;
    } rows[] = {
        {"mx.kiln.net", "a@kiln.net", true},
        {"kiln.net", "a@kiln.net", true},
        {"MX.Kiln.net.", "a@kilN.net", true},
        {"mx.kiln.net", "a@kiln.net.", true},
        {"mx.kiln.net", "\"a@b\"@net", true},
        {"oldkiln.net", "a@kiln.net", false},
        {"kiln.net", "a@mx.kiln.net", false},
        {"kiln.net", "kiln.net", false},
        {"mx.kiln.net", "postmaster", false},
        {"mx.kiln.net", "", false},
        {"", "a@kiln.net", false},
        {"", "", false},
        {".", "a@", true},
        {"mx.xn--k-1ga.net", "a@k\xc3\xb6.net", false},
        {"mx.kiln.net", "a@[192.0.2.1]", false},
    };
    struct message message = {"default", &client, "1.2.3.0"};
    struct table *t = instances_new(100);
    struct instance_key key = key_of(&message), none = {.size = 0};
    size_t n;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        print_message("# %s to %s\n", rows[i].helo, rows[i].recipient);
        assert_int_equal(instances_is_claimed(rows[i].helo, rows[i].recipient), rows[i].claimed);
    }
    keep(t, &message, 0, refuse);
    assert_non_null(instances_find(t, &key, 1, &n));
    assert_true(instances_key_of_claimed(&key));
    assert_null(instances_find(t, &key, 1, &n));
    instances_keep(t, &key, TTL, dunno, strlen(dunno));
    assert_non_null(instances_find(t, &key, 1, &n));
    assert_string_equal(find(t, &message, 1), refuse);
    assert_false(instances_key_of_claimed(&key));
    assert_false(instances_key_of_claimed(&none));
    table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_apart), cmocka_unit_test(test_replaced),     cmocka_unit_test(test_time),
        cmocka_unit_test(test_bound),      cmocka_unit_test(test_oldest_first), cmocka_unit_test(test_claimed),
    };

    return cmocka_run_group_tests_name("instance", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_redis_slots: keys and their slots as `CLUSTER KEYSLOT` of Redis 7 gives them, and what nodes say about slots: of
 * Redis 6, of Redis 7 with names, and of nodes that lie.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis_slots.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void slot_of_a_key(void **state)
{
    static const struct {
        const char *key;
        unsigned slot;
    } cases[] = {
        {"123456789", 0x31c3},
        {"foo", 12182},
        {"", 0},
        {"192.0.2.1", 15765},
        {"helod:c:{192.0.2.1}:t", 15765},
        {"helod:h:{192.0.2.1}", 15765},
        {"{}foo", 9500},
        {"foo{}{bar}", 8363},
        {"foo{{bar}}zap", 4015},
        {"{foo", 13308},
        {"foo}", 15679},
        {"\303\251", 10180},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(redis_slots_of(cases[i].key, strlen(cases[i].key)), cases[i].slot);
}

static void key_of_a_command(void **state)
{
    static const struct {
        const char *command, *key; /* NULL: none */
    } cases[] = {
        {"*2\r\n$3\r\nGET\r\n$3\r\nfoo\r\n", "foo"},
        {"*3\r\n$6\r\nZCOUNT\r\n$0\r\n\r\n$1\r\n0\r\n", ""},
        {"*1\r\n$4\r\nPING\r\n", NULL},
        {"*2\r\n$3\r\nGET\r\n$4\r\nfoo", NULL},
        {"*2\r\n$99999999999999999999999\r\nGET\r\n", NULL},
        {"*2\r\n", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t n = 0;
        const char *key = redis_slots_key(cases[i].command, strlen(cases[i].command), &n);

        if (cases[i].key == NULL) {
            assert_null(key);
            continue;
        }
        assert_non_null(key);
        assert_int_equal(n, strlen(cases[i].key));
        assert_memory_equal(key, cases[i].key, n);
    }
}

static void redirections(void **state)
{
    static const struct {
        const char *error;
        bool good, ask;
        unsigned slot;
        const char *address, *name;
        int port;
    } cases[] = {
        {"MOVED 3999 127.0.0.1:6381", true, false, 3999, "127.0.0.1", "", 6381},
        {"ASK 16383 2001:db8::1:6381", true, true, 16383, "2001:db8::1", "", 6381},
        {"MOVED 0 redis-2.example:65535", true, false, 0, "", "redis-2.example", 65535},
        {"MOVED 0 :6379", true, false, 0, "", "", 6379},
        {"MOVED 0 ?:6379", true, false, 0, "", "", 6379},
        {"MOVED 16384 127.0.0.1:6381", false, false, 0, NULL, NULL, 0},
        {"MOVED 99999999999 127.0.0.1:6381", false, false, 0, NULL, NULL, 0},
        {"MOVED -1 127.0.0.1:6381", false, false, 0, NULL, NULL, 0},
        {"MOVED 1 127.0.0.1:0", false, false, 0, NULL, NULL, 0},
        {"MOVED 1 127.0.0.1:65536", false, false, 0, NULL, NULL, 0},
        {"MOVED 1 127.0.0.1:6379 more", false, false, 0, NULL, NULL, 0},
        {"MOVED 1 127.0.0.1", false, false, 0, NULL, NULL, 0},
        {"MOVED 1", false, false, 0, NULL, NULL, 0},
        {"MOVED ", false, false, 0, NULL, NULL, 0},
        {"ASKING", false, false, 0, NULL, NULL, 0},
        {"ERR MOVED 1 127.0.0.1:1", false, false, 0, NULL, NULL, 0},
        {"MOVED 1 1111111111111111111111111111111111111111111111111111111111111111:1", false, false, 0, NULL, NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct redis_redirect r;

        assert_int_equal(redis_slots_redirect(cases[i].error, &r), cases[i].good);
        if (!cases[i].good)
            continue;
        assert_int_equal(r.ask, cases[i].ask);
        assert_int_equal(r.slot, cases[i].slot);
        assert_string_equal(r.to.address, cases[i].address);
        assert_string_equal(r.to.name, cases[i].name);
        assert_int_equal(r.to.port, cases[i].port);
    }
}

static void rows_of_the_map(void **state)
{
    static const struct {
        const char *reply; /* the row, as on the wire */
        bool good;
        unsigned first, last;
        const char *address, *name;
    } cases[] = {
        /* Redis 3 */
        {"*3\r\n:0\r\n:5460\r\n*2\r\n$9\r\n127.0.0.1\r\n:6379\r\n", true, 0, 5460, "127.0.0.1", ""},
        /* Redis 6, with a replica */
        {"*4\r\n:5\r\n:5\r\n*3\r\n$3\r\n::1\r\n:6379\r\n$2\r\nid\r\n*3\r\n$3\r\n::2\r\n:6379\r\n$2\r\nid\r\n", true, 5,
         5, "::1", ""},
        /* Redis 7, which prefers an address or a name */
        {"*3\r\n:0\r\n:1\r\n*4\r\n$3\r\n::1\r\n:6379\r\n$2\r\nid\r\n*2\r\n$8\r\nhostname\r\n$3\r\na.b\r\n", true, 0, 1,
         "::1", "a.b"},
        {"*3\r\n:0\r\n:1\r\n*4\r\n$3\r\na.b\r\n:6379\r\n$2\r\nid\r\n*2\r\n$2\r\nip\r\n$3\r\n::1\r\n", true, 0, 1, "::1",
         "a.b"},
        {"*3\r\n:0\r\n:1\r\n*4\r\n$1\r\n?\r\n:6379\r\n$2\r\nid\r\n*2\r\n$2\r\nip\r\n$3\r\n::1\r\n", true, 0, 1, "::1",
         ""},
        {"*3\r\n:0\r\n:1\r\n*4\r\n$-1\r\n:6379\r\n$2\r\nid\r\n*0\r\n", true, 0, 1, "", ""},
        {"*3\r\n:0\r\n:16384\r\n*2\r\n$3\r\n::1\r\n:6379\r\n", false, 0, 0, NULL, NULL},
        {"*3\r\n:-1\r\n:1\r\n*2\r\n$3\r\n::1\r\n:6379\r\n", false, 0, 0, NULL, NULL},
        {"*3\r\n:2\r\n:1\r\n*2\r\n$3\r\n::1\r\n:6379\r\n", false, 0, 0, NULL, NULL},
        {"*3\r\n:1\r\n:1\r\n*2\r\n$3\r\n::1\r\n:0\r\n", false, 0, 0, NULL, NULL},
        {"*3\r\n:1\r\n:1\r\n*2\r\n$3\r\n::1\r\n:65536\r\n", false, 0, 0, NULL, NULL},
        {"*3\r\n:1\r\n:1\r\n*1\r\n$3\r\n::1\r\n", false, 0, 0, NULL, NULL},
        {"*3\r\n:1\r\n:1\r\n:6379\r\n", false, 0, 0, NULL, NULL},
        {"*2\r\n:1\r\n:1\r\n", false, 0, 0, NULL, NULL},
        {"*3\r\n$1\r\n1\r\n:1\r\n*2\r\n$3\r\n::1\r\n:6379\r\n", false, 0, 0, NULL, NULL},
        {"*0\r\n", false, 0, 0, NULL, NULL},
        {":1\r\n", false, 0, 0, NULL, NULL},
        {"$-1\r\n", false, 0, 0, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        redisReader *reader = redisReaderCreate();
        struct redis_range range;
        void *reply = NULL;

        redisReaderFeed(reader, cases[i].reply, strlen(cases[i].reply));
        assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
        assert_non_null(reply);
        assert_int_equal(redis_slots_range(reply, &range), cases[i].good);
        if (cases[i].good) {
            assert_int_equal(range.first, cases[i].first);
            assert_int_equal(range.last, cases[i].last);
            assert_string_equal(range.owner.address, cases[i].address);
            assert_string_equal(range.owner.name, cases[i].name);
            assert_int_equal(range.owner.port, 6379);
        }
        freeReplyObject(reply);
        redisReaderFree(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slot_of_a_key),
        cmocka_unit_test(key_of_a_command),
        cmocka_unit_test(redirections),
        cmocka_unit_test(rows_of_the_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

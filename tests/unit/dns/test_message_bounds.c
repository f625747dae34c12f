/* SPDX-License-Identifier: BSD-2-Clause */
/* How much of a DNS answer is read (records, bytes, links, pointers of a name), and which names it can hold. */
#include "messages.h"

/* 1000 PTR names: 512 are walked, 128 kept. */
static void test_many(void **state)
{
    static uint8_t message[BUILD_SIZE];
    size_t size = begin(message, "a.example", DNS_PTR, RESPONSE, (unsigned[]){1, 1000, 0});
    char chase[DNS_NAME_SIZE];
    struct answer *a;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        memcpy(message + size, Q T_PTR IN TTL60 "\0\7", 12);
        size += 12;
        size += (size_t)snprintf((char *)message + size, 8, "%c%04d%c%c", 4, i, 0300, 016);
    }
    a = parse(message, size, "a.example", DNS_PTR, chase);
    assert_int_equal(a->view.status, DNS_FOUND);
    assert_int_equal(a->view.count, DNS_RECORDS_MAX);
    assert_int_equal(a->view.left_out, MESSAGE_RECORDS_MAX - DNS_RECORDS_MAX);
    assert_string_equal(a->view.records[0].host.name, "0000.example");
    assert_string_equal(a->view.records[127].host.name, "0127.example");
    answer_unref(a);
}

/* Records of 1,030 bytes that are about another name, then the answer: what begins behind 16 KB is not read. */
static void test_behind(void **state)
{
    static const struct {
        unsigned others;
        enum dns_status status;
    } cases[] = {{15, DNS_FOUND}, {17, DNS_TEMPERROR}};
    static uint8_t message[BUILD_SIZE];
    char chase[DNS_NAME_SIZE];

    (void)state;
    for (size_t row = 0; row < sizeof cases / sizeof cases[0]; row++) {
        size_t size = begin(message, "a.example", DNS_A, RESPONSE, (unsigned[]){1, cases[row].others + 1, 0});
        struct answer *a;

        for (unsigned i = 0; i < cases[row].others; i++, size += 1030) {
            memset(message + size, 0, 1030);
            memcpy(message + size, "\1b" Q T_TXT IN TTL60 "\3\370", 14); /* 1,016 bytes of empty strings */
        }
        memcpy(message + size, Q T_A IN TTL60 "\0\4\1\2\3\4", 16);
        a = parse(message, size + 16, "a.example", DNS_A, chase);
        assert_int_equal(a->view.status, cases[row].status);
        answer_unref(a);
    }
}

/* A chain of as many links as are followed, and of one more. */
static void test_chain(void **state)
{
    (void)state;
    for (unsigned links = MESSAGE_CHAIN_MAX; links <= MESSAGE_CHAIN_MAX + 1; links++) {
        static uint8_t message[BUILD_SIZE];
        size_t size = begin(message, "a.example", DNS_A, RESPONSE, (unsigned[]){1, links + 1, 0});
        char chase[DNS_NAME_SIZE];
        for (unsigned i = 0; i <= links; i++) {
            const char owner[4] = {1, (char)('a' + i), (char)0300, 016};
            const char target[4] = {1, (char)('b' + i), (char)0300, 016};
            memcpy(message + size, owner, 4);
            memcpy(message + size + 4, i < links ? T_CNAME IN TTL60 "\0\4" : T_A IN TTL60 "\0\4", 10);
            memcpy(message + size + 14, target, 4);
            size += 18;
        }
        struct answer *a = parse(message, size, "a.example", DNS_A, chase);
        assert_int_equal(a->view.status, links <= MESSAGE_CHAIN_MAX ? DNS_FOUND : DNS_TEMPERROR);
        assert_string_equal(a->view.why, links <= MESSAGE_CHAIN_MAX ? "ok" : "cname");
        answer_unref(a);
    }
}

/* Pointers one behind the other, each leading to the one before: a name that costs thousands of steps is refused. */
static void test_hops(void **state)
{
    static uint8_t message[BUILD_SIZE];
    size_t size = begin(message, "a.example", DNS_TXT, RESPONSE, (unsigned[]){1, 2, 0});
    size_t target = 12;
    char chase[DNS_NAME_SIZE];
    struct answer *a;

    (void)state;
    memcpy(message + size, Q T_TXT IN TTL60, 10);
    put16(message + size + 10, 8000);
    size += 12;
    for (int i = 0; i < 4000; i++, size += 2) {
        put16(message + size, 0xc000 | (unsigned)target);
        target = size;
    }
    put16(message + size, 0xc000 | (unsigned)target);
    memcpy(message + size + 2, T_A IN TTL60 "\0\4" ADDR, 14);
    a = parse(message, size + 16, "a.example", DNS_TXT, chase);
    assert_int_equal(a->view.status, DNS_TEMPERROR);
    answer_unref(a);
}

/* Names in text: what can stand in a message. */
static void test_names(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } cases[] = {
        {"a", true},
        {"a.example", true},
        {"A.Example.", true},
        {"a b%c.example", true},
        {"\303\251.example", true},
        {"", false},
        {".", false},
        {"..", false},
        {".a", false},
        {"a..b", false},
        {"a..", false},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", false},
    };
    char longest[300];
    struct wire_name wire;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (wire_from_text(&wire, cases[i].name) != cases[i].good)
            print_error("name \"%s\"\n", cases[i].name);
        assert_int_equal(wire_from_text(&wire, cases[i].name), cases[i].good);
    }
    for (size_t n = 252; n < 299; n++) {
        for (size_t i = 0; i < n; i++)
            longest[i] = i % 2 == 0 ? 'a' : '.';
        longest[n - 1] = 'a';
        longest[n - 2] = n % 2 == 0 ? 'a' : '.';
        longest[n] = '\0';
        assert_int_equal(wire_from_text(&wire, longest), n <= 253);
        longest[n] = '.';
        longest[n + 1] = '\0';
        assert_int_equal(wire_from_text(&wire, longest), n <= 253);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many), cmocka_unit_test(test_behind), cmocka_unit_test(test_chain),
        cmocka_unit_test(test_hops), cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests_name("dns message bounds", tests, NULL, NULL);
}

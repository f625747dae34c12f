/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache: TTLs by status, expiry, both bounds, resizing, and what 65,536 answers cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <malloc.h>

#include "cache.h"

enum { MANY = 65536, BYTES_ALLOWED = 24 * 1000 * 1000 };

static const struct cache_ttls ttls = {.min = 60, .max = 3600, .negative_max = 900, .failure = 15};

static struct answer *find(struct cache *c, const char *name, uint16_t type, uint64_t now_ms)
{
    uint8_t key[ANSWER_KEY_MAX];

    memcpy(key, &type, 2);
    memcpy(key + 2, name, strlen(name));
    return cache_find(c, key, 2 + strlen(name), now_ms);
}

static void put(struct cache *c, const char *name, enum dns_status status, uint32_t ttl, uint64_t now_ms)
{
    struct answer *a =
        answer_new(&(struct answer_parts){.name = name, .type = DNS_A, .status = status, .ttl = ttl, .why = "test"});

    assert_non_null(a);
    cache_put(c, a, now_ms);
    answer_unref(a);
}

static void test_ttls(void **state)
{
    static const struct {
        const char *row;
        enum dns_status status;
        uint32_t ttl, lives;
    } rows[] = {
        {"found", DNS_FOUND, 300, 300},
        {"found, under the least", DNS_FOUND, 0, 60},
        {"found, over the most", DNS_FOUND, 86400, 3600},
        {"no data", DNS_NODATA, 300, 300},
        {"no data without SOA", DNS_NODATA, 0, 60},
        {"no such name, over the most", DNS_NXDOMAIN, 3600, 900},
        {"failure", DNS_TEMPERROR, 3600, 15},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cache *c = cache_new(10, &ttls);
        uint64_t start = 5000, end = start + rows[i].lives * UINT64_C(1000);
        put(c, "a.example", rows[i].status, rows[i].ttl, start);
        print_message("# %s\n", rows[i].row);
        assert_int_equal(find(c, "a.example", DNS_A, start)->view.ttl, rows[i].lives);
        assert_int_equal(find(c, "a.example", DNS_A, start + 2000)->view.ttl, rows[i].lives - 2);
        assert_int_equal(find(c, "a.example", DNS_A, end - 1)->view.ttl, 1);
        assert_null(find(c, "a.example", DNS_A, end));
        assert_int_equal(cache_count(c), 0);
        cache_free(c);
    }
}

static void test_keys(void **state)
{
    struct cache *c = cache_new(10, &ttls);

    (void)state;
    put(c, "a.example", DNS_NODATA, 60, 0);
    put(c, "a.example", DNS_FOUND, 60, 0);
    assert_int_equal(cache_count(c), 1);
    assert_int_equal(find(c, "a.example", DNS_A, 0)->view.status, DNS_FOUND);
    assert_null(find(c, "a.example", DNS_AAAA, 0));
    assert_null(find(c, "a.exampl", DNS_A, 0));
    cache_free(c);
}

static void test_none(void **state)
{
    static const struct cache_ttls no_failures = {.min = 0, .max = 60, .negative_max = 60, .failure = 0};
    struct cache *c = cache_new(0, &ttls), *d = cache_new(10, &no_failures);

    (void)state;
    put(c, "a.example", DNS_FOUND, 60, 0);
    assert_null(find(c, "a.example", DNS_A, 0));
    put(d, "a.example", DNS_TEMPERROR, 60, 0);
    assert_null(find(d, "a.example", DNS_A, 0));
    cache_free(c);
    cache_free(d);
}

/* Long answers push out others before the entries are used up. */
static void test_bytes(void **state)
{
    enum { TEXT_BYTES = 60000, ENTRIES = 1000 };
    struct cache *c = cache_new(ENTRIES, &ttls);
    static const struct dns_record record = {.text = {.size = TEXT_BYTES}};
    static const uint32_t offset;
    char *text = calloc(1, TEXT_BYTES + 1), name[32];

    (void)state;
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(name, sizeof name, "t%d.example", i);
        struct answer *a = answer_new(&(struct answer_parts){.name = name,
                                                             .type = DNS_TXT,
                                                             .why = "ok",
                                                             .ttl = 60,
                                                             .count = 1,
                                                             .records = &record,
                                                             .texts = text,
                                                             .texts_size = TEXT_BYTES + 1,
                                                             .offsets = &offset});
        cache_put(c, a, 0);
        answer_unref(a);
        assert_true(cache_bytes(c) <= 4 * 1024 * 1024);
    }
    assert_true(cache_count(c) >= 60 && cache_count(c) < 80);
    assert_non_null(find(c, "t999.example", DNS_TXT, 0));
    cache_free(c);
    free(text);
}

static void test_resize(void **state)
{
    struct cache *c = cache_new(100, &ttls);
    struct answer *held;
    char name[32];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        put(c, name, DNS_FOUND, 60, 0);
    }
    held = answer_ref(find(c, "n0.example", DNS_A, 0)); /* the newest now, and ours */
    assert_true(cache_resize(c, 10, &ttls));
    assert_int_equal(cache_count(c), 10);
    assert_ptr_equal(find(c, "n0.example", DNS_A, 0), held);
    assert_null(find(c, "n50.example", DNS_A, 0));
    assert_true(cache_resize(c, 1000, &ttls));
    assert_int_equal(cache_count(c), 10);
    assert_true(cache_resize(c, 0, &ttls));
    assert_null(find(c, "n0.example", DNS_A, 0));
    assert_string_equal(held->view.name, "n0.example");
    answer_unref(held);
    cache_free(c);
}

static size_t in_use(void)
{
    struct mallinfo2 now = mallinfo2();

    return now.uordblks + now.hblkhd;
}

/* As a mail server asks: reverse names with one PTR, addresses of such names, SPF records. */
static void test_memory(void **state)
{
    static const char names[] = "host-203-0-113-77.dynamic.provider.example";
    static const char spf[] = "v=spf1 include:_spf.provider.example include:spf.other.example ip4:192.0.2.0/24 ~all";
    static const uint32_t offset;
    size_t before = in_use(), cost;
    struct cache *c = cache_new(MANY, &ttls);
    struct dns_record records[3] = {{.text = {.size = 0}}};
    char name[64];

    (void)state;
    for (int i = 0; i < 2 * MANY; i++) {
        struct answer_parts parts = {.name = name, .why = "ok", .ttl = 60, .records = records, .offsets = &offset};
        snprintf(name, sizeof name, "host-%d.dynamic.provider.example", i);
        parts.type = i % 3 == 0 ? DNS_PTR : i % 3 == 1 ? DNS_A : DNS_TXT;
        parts.count = 1;
        parts.texts = i % 3 == 0 ? names : spf;
        parts.texts_size = i % 3 == 0 ? sizeof names : i % 3 == 1 ? 0 : sizeof spf;
        struct answer *a = answer_new(&parts);
        assert_non_null(a);
        cache_put(c, a, 0);
        answer_unref(a);
    }
    assert_int_equal(cache_count(c), MANY);
    cost = in_use() - before;
    print_message("# %d answers in %zu bytes\n", MANY, cost);
    assert_true(cost < BYTES_ALLOWED);
    cache_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttls),  cmocka_unit_test(test_keys),   cmocka_unit_test(test_none),
        cmocka_unit_test(test_bytes), cmocka_unit_test(test_resize), cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests_name("dns cache", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* test_region: zeroed, aligned, bounded, and the first block used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "region.h"

static void zeroed_and_aligned(void **state)
{
    struct region *r = region_new(1 << 20);
    static const char zeros[20000];

    (void)state;
    assert_non_null(r);
    for (int round = 0; round < 3; round++) {
        for (size_t size = 0; size < 20000; size = size * 3 + 1) {
            char *p = region_alloc(r, size);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            assert_memory_equal(p, zeros, size);
            memset(p, 0xff, size);
        }
        region_reset(r);
        assert_int_equal(region_used(r), 0);
    }
    region_free(r);
}

static void limit(void **state)
{
    struct region *r = region_new(1000);
    void *first = region_alloc(r, 600);

    (void)state;
    assert_non_null(first);
    assert_null(region_alloc(r, 600));
    assert_true(region_failed(r));
    assert_non_null(region_alloc(r, 16));
    assert_true(region_failed(r));
    assert_true(region_used(r) <= 1000);
    assert_null(region_alloc(r, SIZE_MAX));
    region_reset(r);
    assert_false(region_failed(r));
    assert_ptr_equal(region_alloc(r, 600), first);
    region_free(r);
    region_free(NULL);
}

static void texts(void **state)
{
    struct region *r = region_new(100000);
    char *longer;

    (void)state;
    assert_string_equal(region_strdup(r, "abc"), "abc");
    assert_string_equal(region_strdup(r, ""), "");
    assert_string_equal(region_strndup(r, "abcdef", 3), "abc");
    assert_string_equal(region_strndup(r, "ab\0cd", 5), "ab");
    assert_string_equal(region_printf(r, "%s-%d", "x", 7), "x-7");
    longer = region_printf(r, "%09000d|", 5); /* more than a block holds */
    assert_int_equal(strlen(longer), 9001);
    assert_string_equal(longer + 8999, "5|");
    for (int i = 0; i < 1000; i++) { /* over the edge of a block */
        const char *s = region_printf(r, "number %d", i);
        assert_int_equal(atol(s + 7), i);
    }
    assert_false(region_failed(r));
    assert_null(region_printf(r, "%099999d", 1));
    assert_true(region_failed(r));
    region_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_aligned),
        cmocka_unit_test(limit),
        cmocka_unit_test(texts),
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cursor: values read, and that a failed read stays failed and touches nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cursor.h"

static const uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255};

static void numbers(void **state)
{
    struct cursor c;

    (void)state;
    cursor_init(&c, bytes, sizeof bytes);
    assert_int_equal(cursor_u8(&c), 1);
    assert_int_equal(cursor_u16(&c), 0x0203);
    assert_int_equal(cursor_u32(&c), 0x04050607);
    assert_true(cursor_u64(&c) == 0x08090a0b0c0d0e0fu);
    assert_int_equal(cursor_left(&c), 1);
    assert_int_equal(cursor_peek(&c), 255);
    assert_false(cursor_take(&c, 'x'));
    assert_true(cursor_take(&c, (char)255));
    assert_int_equal(cursor_peek(&c), -1);
    assert_false(cursor_take(&c, 'x'));
    assert_false(c.failed);
}

static void failure_stays(void **state)
{
    struct cursor c;

    (void)state;
    cursor_init(&c, bytes, 3);
    assert_int_equal(cursor_u32(&c), 0);
    assert_true(c.failed);
    assert_int_equal(cursor_u8(&c), 0);
    assert_null(cursor_bytes(&c, 0));
    assert_false(cursor_skip(&c, 0));
    assert_false(cursor_seek(&c, 0));
    assert_int_equal(cursor_left(&c), 0);
    assert_int_equal(cursor_peek(&c), -1);
    assert_false(cursor_take(&c, 1));
}

static void bytes_and_seek(void **state)
{
    struct cursor c;

    (void)state;
    cursor_init(&c, bytes, 4);
    assert_ptr_equal(cursor_bytes(&c, 2), bytes);
    assert_true(cursor_skip(&c, 1));
    assert_true(cursor_seek(&c, 4));
    assert_int_equal(cursor_left(&c), 0);
    assert_true(cursor_seek(&c, 0));
    assert_int_equal(cursor_u8(&c), 1);
    assert_null(cursor_bytes(&c, SIZE_MAX));
    assert_true(c.failed);
    cursor_init(&c, bytes, 4);
    assert_false(cursor_seek(&c, 5));
    assert_true(c.failed);
}

/* Exactly sized heap memory, so that the sanitizers see any byte read past it. */
static void never_past_the_end(void **state)
{
    (void)state;
    for (size_t n = 0; n <= 9; n++) {
        uint8_t *copy = malloc(n + (n == 0));
        struct cursor c;

        assert_non_null(copy);
        memcpy(copy, bytes, n);
        cursor_init(&c, copy, n);
        assert_true(cursor_u64(&c) == (n >= 8 ? 0x0102030405060708u : 0));
        assert_int_equal(c.failed, n < 8);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(failure_stays),
        cmocka_unit_test(bytes_and_seek),
        cmocka_unit_test(never_past_the_end),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}

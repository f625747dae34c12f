/* SPDX-License-Identifier: BSD-2-Clause */
/* test_table: found again, least recently used first, bounded by entries and bytes, and each entry released once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "table.h"

struct item {
    struct table_entry entry;
    uint32_t number;
    int value;
};

static unsigned released;

static void release(struct table_entry *entry, void *arg)
{
    assert_ptr_equal(arg, &released);
    released++;
    free(entry);
}

static struct item *insert(struct table *t, uint32_t number, size_t cost)
{
    struct item *item = calloc(1, sizeof *item);

    assert_non_null(item);
    item->number = number;
    item->entry.key = &item->number;
    item->entry.key_size = sizeof item->number;
    item->entry.cost = cost;
    table_insert(t, &item->entry);
    return item;
}

static struct table *make(size_t entries, size_t bytes)
{
    struct table *t = table_new(&(struct table_limits){entries, bytes}, release, &released);

    assert_non_null(t);
    released = 0;
    return t;
}

static bool has(const struct table *t, uint32_t number)
{
    const struct table_entry *e = table_peek(t, &number, sizeof number);

    assert_true(e == NULL || ((const struct item *)e)->number == number);
    return e != NULL;
}

/* At every size, also while the buckets are being moved. */
static void grows(void **state)
{
    struct table *t = make(100000, 0);

    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        insert(t, i, 3);
        assert_int_equal(table_count(t), i + 1);
        assert_int_equal(table_bytes(t), (i + 1) * 3);
        assert_true(has(t, i));
        assert_true(has(t, i / 2));
        assert_true(has(t, i * 7 % (i + 1)));
        assert_false(has(t, i + 1));
    }
    for (uint32_t i = 0; i < 5000; i++)
        assert_true(has(t, i));
    assert_int_equal(released, 0);
    table_free(t);
    assert_int_equal(released, 5000);
}

static void least_recently_used(void **state)
{
    struct table *t = make(3, 0);
    uint32_t one = 1;

    (void)state;
    insert(t, 1, 0);
    insert(t, 2, 0);
    insert(t, 3, 0);
    assert_non_null(table_find(t, &one, sizeof one));
    insert(t, 4, 0);
    assert_true(has(t, 1) && !has(t, 2) && has(t, 3) && has(t, 4));
    assert_true(has(t, 3)); /* looking is not using */
    insert(t, 5, 0);
    assert_true(has(t, 1) && !has(t, 3) && has(t, 4) && has(t, 5));
    assert_int_equal(table_count(t), 3);
    assert_int_equal(table_evicted(t), 2);
    assert_int_equal(released, 2);
    table_free(t);
    table_free(NULL);
}

static void bounded_by_bytes(void **state)
{
    struct table *t = make(100, 50);

    (void)state;
    for (uint32_t i = 1; i <= 5; i++)
        insert(t, i, 10);
    assert_int_equal(released, 0);
    insert(t, 6, 25);
    assert_true(!has(t, 1) && !has(t, 2) && !has(t, 3) && has(t, 4) && has(t, 5) && has(t, 6));
    assert_int_equal(table_bytes(t), 45);
    insert(t, 7, 1000); /* stays, for its caller holds it; goes with the next */
    assert_int_equal(table_count(t), 1);
    insert(t, 8, 1);
    assert_true(has(t, 8) && !has(t, 7));
    assert_int_equal(table_bytes(t), 1);
    table_free(t);
}

static void charged_anew(void **state)
{
    struct table *t = make(10, 100);
    struct item *first = insert(t, 1, 30);

    (void)state;
    insert(t, 2, 30);
    insert(t, 3, 30);
    table_charge(t, &first->entry, 60);
    assert_int_equal(table_bytes(t), 90);
    assert_true(has(t, 1) && !has(t, 2) && has(t, 3));
    table_charge(t, &first->entry, 500);
    assert_true(has(t, 1) && !has(t, 3));
    assert_int_equal(table_bytes(t), 500);
    table_charge(t, &first->entry, 1);
    assert_int_equal(table_bytes(t), 1);
    assert_int_equal(table_evicted(t), 2);
    table_free(t);
}

static void replaced_and_removed(void **state)
{
    struct table *t = make(10, 0);
    struct item *item;

    (void)state;
    insert(t, 1, 5)->value = 10;
    item = insert(t, 1, 7);
    item->value = 11;
    assert_int_equal(released, 1);
    assert_int_equal(table_count(t), 1);
    assert_int_equal(table_bytes(t), 7);
    assert_int_equal(((struct item *)table_find(t, &item->number, sizeof item->number))->value, 11);
    insert(t, 2, 0);
    insert(t, 3, 0);
    table_remove(t, &item->entry);
    assert_true(!has(t, 1) && has(t, 2) && has(t, 3));
    table_clear(t);
    assert_int_equal(table_count(t), 0);
    assert_int_equal(table_evicted(t), 0);
    insert(t, 4, 0);
    assert_true(has(t, 4));
    table_free(t);
    assert_int_equal(released, 5);
}

struct seen {
    uint32_t numbers[4];
    unsigned count, stop_at;
};

static bool visit(struct table_entry *entry, void *arg)
{
    struct seen *seen = arg;

    seen->numbers[seen->count++] = ((struct item *)entry)->number;
    return seen->count != seen->stop_at;
}

static void walk(void **state)
{
    struct table *t = make(10, 0);
    struct seen all = {.stop_at = 0}, two = {.stop_at = 2};
    uint32_t one = 1;

    (void)state;
    for (uint32_t i = 1; i <= 3; i++)
        insert(t, i, 0);
    table_find(t, &one, sizeof one);
    table_walk(t, visit, &all);
    assert_int_equal(all.count, 3);
    assert_memory_equal(all.numbers, ((uint32_t[]){2, 3, 1}), 12);
    table_walk(t, visit, &two);
    assert_int_equal(two.count, 2);
    table_free(t);
}

/* Against a plain array, with a bound that throws out all the time. */
static void random_operations(void **state)
{
    enum { NUMBERS = 400, BOUND = 150 };
    struct table *t = make(BOUND, 0);
    uint64_t last_used[NUMBERS] = {0}, seed = 99, now = 0;
    unsigned inserted = 0;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        uint32_t number;
        struct table_entry *e;

        seed = seed * 6364136223846793005u + 1442695040888963407u;
        number = (uint32_t)(seed >> 33) % NUMBERS;
        e = table_find(t, &number, sizeof number);
        assert_int_equal(e != NULL, last_used[number] != 0);
        if (e != NULL && seed >> 62 == 0) {
            table_remove(t, e);
            last_used[number] = 0;
            continue;
        }
        last_used[number] = ++now;
        if (e != NULL)
            continue;
        if (table_count(t) == BOUND) {
            uint32_t oldest = number;
            for (uint32_t i = 0; i < NUMBERS; i++)
                if (last_used[i] != 0 && last_used[i] < last_used[oldest])
                    oldest = i;
            last_used[oldest] = 0;
        }
        insert(t, number, 1);
        inserted++;
        assert_true(table_count(t) <= BOUND);
    }
    table_free(t);
    assert_int_equal(released, inserted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows),
        cmocka_unit_test(least_recently_used),
        cmocka_unit_test(bounded_by_bytes),
        cmocka_unit_test(charged_anew),
        cmocka_unit_test(replaced_and_removed),
        cmocka_unit_test(walk),
        cmocka_unit_test(random_operations),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}

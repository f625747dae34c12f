/* SPDX-License-Identifier: BSD-2-Clause */
/* test_lookup: the trie against a linear scan over random networks; suffixes at label boundaries only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "lookup.h"

static uint64_t seed = 7;

static uint64_t draw(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 24;
}

/* Few distinct bytes, so that networks nest and neighbours share long prefixes. */
static struct address draw_address(void)
{
    struct address a = {.family = draw() % 2 ? ADDRESS_IPV4 : ADDRESS_IPV6};

    for (size_t i = 0; i < address_size(&a); i++)
        a.bytes[i] = (uint8_t)(draw() % 3 == 0 ? draw() % 4 : 0x80);
    return a;
}

static int32_t scan(const struct network *nets, int n, const struct address *a)
{
    int32_t found = LOOKUP_NONE;

    for (int i = 0; i < n; i++) {
        if (address_in(a, &nets[i]) && (found < 0 || nets[i].bits > nets[found].bits))
            found = i; /* of equal networks the first stays */
    }
    return found;
}

static void trie_against_scan(void **state)
{
    enum { NETWORKS = 400, ROUNDS = 20, PROBES = 2000 };
    static struct network nets[NETWORKS];

    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        struct network_set *set = network_set_new();
        int hits = 0;

        assert_non_null(set);
        for (int i = 0; i < NETWORKS; i++) {
            struct address a = draw_address();
            nets[i] = address_network(&a, (unsigned)(draw() % (address_size(&a) * 8 + 1)));
            if (nets[i].bits < 3 && draw() % 50)
                nets[i] = address_network(&a, 128);
            assert_true(network_set_add(set, &nets[i], i));
        }
        for (int i = 0; i < PROBES; i++) {
            struct address a = draw() % 2 ? draw_address() : nets[draw() % NETWORKS].base;
            int32_t want = scan(nets, NETWORKS, &a), got = network_set_find(set, &a);

            hits += want != LOOKUP_NONE;
            if (got != want)
                fail_msg("round %d: network %d, expected %d", round, (int)got, (int)want);
        }
        assert_true(hits > PROBES / 4);
        network_set_free(set);
    }
}

static void trie_edges(void **state)
{
    struct network_set *set = network_set_new();
    struct network all = {.base = {.family = ADDRESS_IPV4}}, host;
    struct address a = {.family = ADDRESS_IPV4, .bytes = {192, 0, 2, 1}};

    (void)state;
    assert_int_equal(network_set_find(NULL, &a), LOOKUP_NONE);
    assert_int_equal(network_set_find(set, &a), LOOKUP_NONE);
    assert_true(network_set_add(set, &all, 5));
    assert_true(network_set_add(set, &all, 6));
    assert_int_equal(network_set_find(set, &a), 5);
    assert_int_equal(network_set_find(set, &(struct address){.family = ADDRESS_IPV6}), LOOKUP_NONE);
    assert_int_equal(network_set_find(set, &(struct address){.family = ADDRESS_NONE}), LOOKUP_NONE);
    host = address_network(&a, 32);
    assert_true(network_set_add(set, &host, 7));
    assert_int_equal(network_set_find(set, &a), 7);
    a.bytes[3] = 2;
    assert_int_equal(network_set_find(set, &a), 5);
    network_set_free(set);
    network_set_free(NULL);
}

static void suffixes(void **state)
{
    static const char *const patterns[] = {
        "name.example",  ".below.example", "one.below.example", ".MiXed.Example", ".deep.below.example", "both.example",
        ".both.example", "single",         ".dot.example."};
    static const struct {
        const char *name;
        int32_t found;
    } rows[] = {
        {"name.example", 0},
        {"evilname.example", -1},
        {"sub.name.example", -1},
        {"NAME.example", 0},
        {"name.example.", 0},
        {"name.example.org", -1},
        {"below.example", 1},
        {"x.below.example", 1},
        {"a.b.c.below.example", 1},
        {"evilbelow.example", -1},
        {"x.evilbelow.example", -1},
        {"one.below.example", 2},
        {"x.one.below.example", 1},
        {"mixed.example", 3},
        {"a.MIXED.example", 3},
        {"deep.below.example", 4},
        {"x.deep.below.example", 4},
        {"xdeep.below.example", 1},
        {"both.example", 5},
        {"x.both.example", 6},
        {"single", 7},
        {"x.single", -1},
        {"dot.example", 8},
        {"x.dot.example.", 8},
        {"example", -1},
        {"", -1},
        {".", -1},
        {".name.example", -1},
        {".below.example", 1},
        {"x..below.example", 1},
        {"a-very-long-label-that-is-longer-than-any-pattern.below.example", 1},
    };
    struct suffix_set *set = suffix_set_new();

    (void)state;
    assert_non_null(set);
    assert_int_equal(suffix_set_find(NULL, "x"), LOOKUP_NONE);
    assert_int_equal(suffix_set_find(set, "x"), LOOKUP_NONE);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        assert_true(suffix_set_add(set, patterns[i], (int32_t)i));
        assert_true(suffix_set_add(set, patterns[i], 99));
    }
    assert_int_equal(suffix_set_count(set), sizeof patterns / sizeof patterns[0]);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t found = suffix_set_find(set, rows[i].name);
        if (found != rows[i].found)
            fail_msg("%s: %d, expected %d", rows[i].name, (int)found, (int)rows[i].found);
    }
    assert_false(suffix_set_add(set, "", 1)); /* would be everything */
    assert_false(suffix_set_add(set, ".", 1));
    suffix_set_free(set);
    suffix_set_free(NULL);
}

/* After each name all those before are still found: the table grows bucket by bucket. */
static void growing_suffixes(void **state)
{
    struct suffix_set *set = suffix_set_new();
    char name[64];

    (void)state;
    for (int i = 0; i < 600; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        assert_true(suffix_set_add(set, name, i));
        for (int k = 0; k <= i + 1; k++) {
            snprintf(name, sizeof name, "n%d.example", k);
            if (suffix_set_find(set, name) != (k <= i ? k : LOOKUP_NONE))
                fail_msg("%d names: %s", i + 1, name);
        }
    }
    suffix_set_free(set);
}

static void many_suffixes(void **state)
{
    struct suffix_set *set = suffix_set_new();
    char name[64];

    (void)state;
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "%sn%d.example", i % 2 ? "." : "", i);
        assert_true(suffix_set_add(set, name, i));
    }
    assert_int_equal(suffix_set_count(set), 20000);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof name, "n%d.example", i);
        assert_int_equal(suffix_set_find(set, name), i);
        snprintf(name, sizeof name, "x.n%d.example", i);
        assert_int_equal(suffix_set_find(set, name), i % 2 ? i : LOOKUP_NONE);
        snprintf(name, sizeof name, "xn%d.example", i);
        assert_int_equal(suffix_set_find(set, name), LOOKUP_NONE);
    }
    suffix_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trie_against_scan), cmocka_unit_test(trie_edges),    cmocka_unit_test(suffixes),
        cmocka_unit_test(growing_suffixes),  cmocka_unit_test(many_suffixes),
    };
    return cmocka_run_group_tests_name("lookup", tests, NULL, NULL);
}

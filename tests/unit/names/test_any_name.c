/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_parse() and name_naming(): properties that hold for any bytes, and any address in the usual forms.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"
#include "names_group.h"

/* The same number generator everywhere, so that a failure can be repeated. */
static unsigned next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33);
}

static size_t random_bytes(char *out, size_t most, uint64_t *seed)
{
    static const char likely[] = "abcdefghijklmnopqrstuvwxyz0123456789-.-.0123456789xnmail";
    size_t n = next_random(seed) % most;
    bool any = next_random(seed) % 4 == 0;

    for (size_t i = 0; i < n; i++)
        out[i] = any ? (char)next_random(seed) : likely[next_random(seed) % (sizeof likely - 1)];
    return n;
}

static void check_properties(const struct name *name, const struct naming *naming)
{
    const unsigned wrong = NAME_NON_ASCII | NAME_TOO_LONG | NAME_BAD_BYTE | NAME_BAD_LABEL;
    bool host = name->kind == NAME_HOST || name->kind == NAME_SINGLE;

    assert_non_null(name->text);
    assert_true(!host || (name->flags & (wrong | NAME_BAD_LITERAL | NAME_LITERAL_TAIL)) == 0);
    assert_true(name->kind != NAME_BAD || (name->flags & (wrong | NAME_BAD_LITERAL)) != 0);
    assert_true(name->kind == NAME_HOST || name->registrable == NULL);
    assert_true(host || (naming->flags == 0 && name->reserved == NAME_RESERVED_NONE && name->labels == 0));
    assert_true((name->literal.family != ADDRESS_NONE) == (name->kind == NAME_LITERAL || name->kind == NAME_BARE));
    assert_true((naming->flags & NAMING_ADDRESS) == 0 ||
                (naming->flags & (NAMING_FOREIGN | NAMING_PARTIAL | NAMING_MAIL_ROLE)) == 0);
    assert_true((naming->flags & NAMING_MAIL_ROLE) == 0 || (naming->flags & NAMING_SERVER) != 0);
    assert_true((naming->flags & NAMING_MAIL_ROLE) == 0 || (naming->flags & NAMING_MASS) == 0);
    assert_true((naming->flags & NAMING_FIXED) == 0 || (naming->flags & NAMING_SERVER) != 0);
    if (!host)
        return;
    assert_int_equal(strlen(name->text), name->length);
    assert_int_equal(strspn(name->text, "abcdefghijklmnopqrstuvwxyz0123456789-._"), name->length);
    assert_true(name->length >= 1 && name->length <= 253);
    assert_true(name->registrable == NULL || name_under(name->text, name->registrable));
}

/* What a name is parsed to is parsed to itself. */
static void check_again(const struct name *name)
{
    struct name again;

    if (name->kind != NAME_HOST && name->kind != NAME_SINGLE)
        return;
    name_parse(&again, name->text, name->length, data, region);
    assert_int_equal(again.kind, name->kind);
    assert_string_equal(again.text, name->text);
    assert_int_equal(again.flags, name->flags & ~(unsigned)NAME_TRAILING_DOT);
}

static void test_any_bytes(void **state)
{
    uint64_t seed = 20261122;
    char bytes[400];

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        struct address client = {.family = round % 2 == 0 ? ADDRESS_IPV4 : ADDRESS_IPV6};
        size_t n = random_bytes(bytes, sizeof bytes, &seed);
        struct name name;
        struct naming naming;

        for (size_t i = 0; i < address_size(&client); i++)
            client.bytes[i] = (uint8_t)next_random(&seed);
        name_parse(&name, bytes, n, data, region);
        naming = name_naming(&name, &client, data, region);
        check_properties(&name, &naming);
        check_again(&name);
        region_reset(region);
    }
}

static void write_address(char *out, size_t size, const uint8_t o[4], unsigned form)
{
    if (form == 0)
        snprintf(out, size, "h%u-%u-%u-%u.company.net", o[0], o[1], o[2], o[3]);
    else if (form == 1)
        snprintf(out, size, "%u.%u.%u.%u.company.net", o[3], o[2], o[1], o[0]);
    else if (form == 2)
        snprintf(out, size, "%03u%03u%03u%03u.company.net", o[0], o[1], o[2], o[3]);
    else
        snprintf(out, size, "p%02x%02x%02x%02x.company.net", o[0], o[1], o[2], o[3]);
}

/* Whatever the address, a provider's usual ways to write it are seen, and the address next to it is not this one. */
static void test_any_address(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 2000; round++) {
        struct address client = {.family = ADDRESS_IPV4};
        uint8_t *o = client.bytes;
        char text[80];
        struct name name;

        for (size_t i = 0; i < 4; i++)
            o[i] = (uint8_t)(100 + next_random(&seed) % 100);
        write_address(text, sizeof text, o, round % 4);
        name_parse(&name, text, strlen(text), data, region);
        if ((name_naming(&name, &client, data, region).flags & NAMING_ADDRESS) == 0)
            fail_msg("'%s' does not carry %u.%u.%u.%u", text, o[0], o[1], o[2], o[3]);
        o[1] ^= 0x80; /* out of the range of the others: no other order of the same four */
        o[2] ^= 0x80;
        if ((name_naming(&name, &client, data, region).flags & NAMING_ADDRESS) != 0)
            fail_msg("'%s' carries %u.%u.%u.%u", text, o[0], o[1], o[2], o[3]);
        region_reset(region);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_any_address),
    };

    return cmocka_run_group_tests_name("any_name", tests, names_start, names_stop);
}

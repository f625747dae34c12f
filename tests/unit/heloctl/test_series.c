/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * series: which names of a pool do not fit, and which is the next free one. A row is a pool; odd names are marked
 * with an exclamation mark.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "series.h"

enum { NAMES_MAX = 32 };

struct row {
    const char *what, *names, *next; /* next: NULL when there is none */
};

static const struct row rows[] = {
    {"a whole series", "mail1.kiln.net mail2.kiln.net mail3.kiln.net", "mail4.kiln.net"},
    {"a gap is filled first", "mail1.kiln.net mail3.kiln.net mail4.kiln.net", "mail2.kiln.net"},
    {"two names are no series", "mail1.kiln.net mail2.kiln.net", NULL},
    {"names without numbers are no series", "a.kiln.net b.kiln.net c.kiln.net", NULL},
    {"one out of line", "mail1.kiln.net mail2.kiln.net mail3.kiln.net !hermes.kiln.net", "mail4.kiln.net"},
    {"two that do not fit three", "mail1.kiln.net mail2.kiln.net mail3.kiln.net !hermes.kiln.net !ajax.kiln.net",
     "mail4.kiln.net"},
    {"too many for a rule", "mail1.kiln.net mail2.kiln.net mail3.kiln.net hermes.kiln.net ajax.kiln.net argo.kiln.net",
     "mail4.kiln.net"},
    {"one series in two spellings",
     "mail1.kiln.net mail2.kiln.net mail3.kiln.net !mail-4.kiln.net !mail-5.kiln.net "
     "!mail-6.kiln.net",
     "mail4.kiln.net"},
    {"two spellings and no series", "mail1.kiln.net mail2.kiln.net !mail-3.kiln.net", NULL},
    {"padding is kept", "mail01.kiln.net mail02.kiln.net mail10.kiln.net", "mail03.kiln.net"},
    {"an unpadded number among padded ones", "mail01.kiln.net mail02.kiln.net mail03.kiln.net !mail4.kiln.net",
     "mail05.kiln.net"},
    {"a number padded more", "mail01.kiln.net mail02.kiln.net mail03.kiln.net !mail004.kiln.net", "mail05.kiln.net"},
    {"a number that outgrew its padding", "mail08.kiln.net mail09.kiln.net mail99.kiln.net mail100.kiln.net",
     "mail01.kiln.net"},
    {"two series side by side", "a1.kiln.net a2.kiln.net a3.kiln.net b1.kiln.net b2.kiln.net b3.kiln.net b4.kiln.net",
     "b5.kiln.net"},
    {"the last number counts", "mta1-1.kiln.net mta1-2.kiln.net mta1-3.kiln.net", "mta1-4.kiln.net"},
    {"a number inside the domain is none", "a.kiln9.net b.kiln9.net c.kiln9.net", NULL},
    {"twice the same is no series", "mail1.kiln.net mail1.kiln.net mail1.kiln.net", NULL},
    {"another domain among ten",
     "m1.kiln.net m2.kiln.net m3.kiln.net m4.kiln.net m5.kiln.net m6.kiln.net m7.kiln.net m8.kiln.net m9.kiln.net "
     "!m10.oven.net",
     "m10.kiln.net"},
    {"another domain among four is none of our business", "m1.kiln.net m2.kiln.net m3.kiln.net m4.oven.net",
     "m4.kiln.net"},
    {"no number that overflows", "m12345678901.kiln.net m12345678902.kiln.net m12345678903.kiln.net", NULL},
};

/* "a b !c" to names; returns how many. The domain is the last two labels. */
static size_t read_row(const struct row *row, struct series_name *names, bool *odd, struct region *r)
{
    size_t n = 0;

    for (const char *s = row->names; *s; n++) {
        size_t length;
        char *name, *dot;

        assert_true(n < NAMES_MAX);
        odd[n] = *s == '!';
        s += odd[n];
        length = strcspn(s, " ");
        name = region_strndup(r, s, length);
        dot = strrchr(name, '.');
        while (dot > name && dot[-1] != '.')
            dot--;
        names[n] = (struct series_name){.name = name, .domain = dot};
        s += length + (s[length] == ' ');
    }
    return n;
}

static void test_rows(void **state)
{
    struct series_name names[NAMES_MAX];
    bool odd[NAMES_MAX];
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct region *r = region_new(1 << 20);
        size_t n = read_row(&rows[i], names, odd, r);
        struct series *series = series_judge(names, n, r);
        const char *next;

        assert_non_null(series);
        for (size_t k = 0; k < n; k++)
            if ((names[k].odd != NULL) != odd[k]) {
                print_error("%s: %s %s\n", rows[i].what, names[k].name, odd[k] ? "is not odd" : names[k].odd);
                failed++;
            }
        next = series_next(series, NULL, r);
        if (strcmp(next ? next : "none", rows[i].next ? rows[i].next : "none") != 0) {
            print_error("%s: next %s, wanted %s\n", rows[i].what, next ? next : "none",
                        rows[i].next ? rows[i].next : "none");
            failed++;
        }
        region_free(r);
    }
    assert_int_equal(failed, 0);
}

static void test_next_never_repeats(void **state)
{
    struct region *r = region_new(1 << 20);
    struct series_name names[] = {{.name = "m1.kiln.net"}, {.name = "m3.kiln.net"}, {.name = "m4.kiln.net"}};
    static const char *const wanted[] = {"m2.kiln.net", "m5.kiln.net", "m6.kiln.net"};
    struct series *series;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        names[i].domain = names[i].name + 3;
    series = series_judge(names, 3, r);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(series_next(series, "kiln.net", r), wanted[i]);
    assert_null(series_next(series, "oven.net", r));
    region_free(r);
}

static void test_no_memory(void **state)
{
    struct series_name names[] = {{.name = "m1.kiln.net"}, {.name = "m3.kiln.net"}, {.name = "m4.kiln.net"}};

    (void)state;
    for (size_t limit = 1; limit < 200; limit++) {
        struct region *r = region_new(limit);

        for (size_t i = 0; i < 3; i++)
            names[i].domain = names[i].name + 3;
        assert_null(series_judge(names, 3, r));
        region_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_next_never_repeats),
        cmocka_unit_test(test_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

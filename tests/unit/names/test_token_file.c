/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Token files as an admin writes them: what they change, and what is wrong with them is told with file and line. And
 * the built-in file: here its examples are checked, which no start does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "name_data.h"
#include "token_file.h"

static char path[] = "/tmp/test_token_file.XXXXXX";
static char error[300];

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct name_data *read_tokens(const char *text)
{
    const char *const files[] = {path, NULL};

    write_text(text);
    return name_data_new(NULL, files, error, sizeof error);
}

static unsigned flags_of(const char *text, const struct name_data *data)
{
    const struct address nobody = {.family = ADDRESS_NONE};
    struct region *r = region_new(1 << 16);
    struct name name;
    unsigned flags;

    name_parse(&name, text, strlen(text), data, r);
    flags = name_naming(&name, &nobody, data, r).flags;
    region_free(r);
    return flags;
}

static const struct {
    const char *text; /* the file */
    const char *name;
    unsigned before, after;
} changes[] = {
    {"dynamic zzline +zzline-7.example.net -zzline.example.net\n", "zzline-7.company.com", 0, NAMING_DYNAMIC},
    {"# why\n\n  line  zzline\t+203-0-113-9.zzline.example.net -zzline-7.example.net # because\n",
     "zzline.198-51-100-7.company.com", 0, NAMING_DYNAMIC},
    {"generic zzline +zzline417.example.net -zzline4.example.net", "zzline417.company.com", 0, NAMING_GENERIC},
    {"stock zzline +zzline.example.net -zzline.x.example.net\r\n", "zzline.company.com", 0, NAMING_STOCK},
    {"server zzline +zzline.example.net -zzlines.example.net\n", "a.zzline.company.com", 0, NAMING_SERVER},
    {"mail zzline +zzline.example.net -a.zzline.example.net\n", "zzline.company.com", 0,
     NAMING_SERVER | NAMING_MAIL_ROLE},
    {"tld zzline +mail.example.zzline -zzline.example.com\n", "company.zzline", 0, NAMING_BULK},
    {"ignore adsl\n", "adsl-7.company.com", NAMING_DYNAMIC, 0},
    {"ignore icu # our partners have it\n", "company.icu", NAMING_BULK, 0},
    {"server adsl +adsl.example.net -adsls.example.net\n", "adsl-7.company.com", NAMING_DYNAMIC, NAMING_SERVER},
    {"", "adsl-7.company.com", NAMING_DYNAMIC, NAMING_DYNAMIC},
};

static void test_changes(void **state)
{
    struct name_data *builtin = name_data_new(NULL, NULL, error, sizeof error);

    (void)state;
    assert_non_null(builtin);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct name_data *data = read_tokens(changes[i].text);

        if (data == NULL)
            fail_msg("%s", error);
        assert_int_equal(flags_of(changes[i].name, builtin), changes[i].before);
        assert_int_equal(flags_of(changes[i].name, data), changes[i].after);
        name_data_free(data);
    }
    name_data_free(builtin);
}

static const struct {
    const char *text, *line, *what;
} mistakes[] = {
    {"dynamik dsl +dsl7.example.net -dsl.example.net\n", ":1: ", "\"dynamik\" is no class"},
    {"\n# x\ndynamic DSL +dsl7.example.net -dsl.example.net\n", ":3: ", "\"DSL\" is no token"},
    {"dynamic x +x7.example.net -x.example.net\n", ":1: ", "\"x\" is no token"},
    {"dynamic dsl7 +dsl7.example.net -dsl.example.net\n", ":1: ", "\"dsl7\" is no token"},
    {"dynamic\n", ":1: ", "is no token"},
    {"dynamic dsl\n", ":1: ", "needs an example"},
    {"dynamic dsl +dsl7.example.net\n", ":1: ", "needs an example"},
    {"dynamic dsl -dsl.example.net\n", ":1: ", "needs an example"},
    {"ignore dsl\ndynamic dsl +dsl.example.net -dsl.example.net\n",
     ":2: ", "token \"dsl\" does not find \"dsl.example.net\""},
    {"dynamic dsl +dsl7.example.net -dsl8.example.net\n",
     ":1: ", "token \"dsl\" must not find but finds \"dsl8.example.net\""},
    {"dynamic dsl +adsl7.example.net -dsl.example.net\n", ":1: ", "does not find"},
    {"dynamic dsl dsl7.example.net\n", ":1: ", "\"dsl7.example.net\" is no example"},
    {"dynamic dsl +dsl7..example.net -dsl.example.net\n", ":1: ", "is no host name"},
    {"dynamic dsl + -dsl.example.net\n", ":1: ", "is no host name"},
};

static void test_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        assert_null(read_tokens(mistakes[i].text));
        if (strncmp(error, path, strlen(path)) != 0 || strstr(error, mistakes[i].line) == NULL ||
            strstr(error, mistakes[i].what) == NULL)
            fail_msg("'%s' gives '%s'", mistakes[i].text, error);
    }
}

static void test_unreadable(void **state)
{
    const char *const files[] = {"/helod-absent/tokens", NULL}, *const zeros[] = {"/dev/zero", NULL};
    char small[12];

    (void)state;
    assert_null(name_data_new(NULL, files, error, sizeof error));
    assert_non_null(strstr(error, "/helod-absent/tokens: No such file"));
    assert_null(name_data_new(NULL, zeros, error, sizeof error));
    assert_non_null(strstr(error, "/dev/zero: is a device or socket, expected a file"));
    assert_null(name_data_new(NULL, files, small, sizeof small));
    assert_string_equal(small, "/helod-abse");
}

static void test_builtin(void **state)
{
    struct name_data *data = name_data_new(NULL, NULL, error, sizeof error);
    struct token_text from = {.file = "built-in tokens", .at = token_file_builtin};
    struct tokens tokens = {0};

    (void)state;
    assert_non_null(data);
    if (!token_file_add(&tokens, &from, data, error, sizeof error))
        fail_msg("%s", error);
    assert_true(tokens.count > 100);
    token_file_release(&tokens);
    name_data_free(data);
}

/* The admin's list is read; one that never ends, or that is no list, is an error. */
static void test_suffix_list(void **state)
{
    struct name_data *data;

    (void)state;
    write_text("com\nnet\norg\nco.uk\n");
    data = name_data_new(path, NULL, error, sizeof error);
    assert_non_null(data);
    assert_true(psl_is_public_suffix2(data->psl, "co.uk", PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE));
    assert_false(psl_is_public_suffix2(data->psl, "de", PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE));
    name_data_free(data);
    assert_null(name_data_new("/dev/zero", NULL, error, sizeof error));
    assert_string_equal(error, "/dev/zero: is a device or socket, expected a file");
    write_text("");
    assert_null(name_data_new(path, NULL, error, sizeof error));
    assert_non_null(strstr(error, ":1: no public suffix list"));
    assert_int_equal(truncate(path, 3LL << 30), 0);
    assert_null(name_data_new(path, NULL, error, sizeof error));
    assert_non_null(strstr(error, ": larger than "));
}

static int setup(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    return fd < 0 || close(fd) != 0;
}

static int teardown(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changes), cmocka_unit_test(test_mistakes),    cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_builtin), cmocka_unit_test(test_suffix_list),
    };

    return cmocka_run_group_tests_name("token_file", tests, setup, teardown);
}

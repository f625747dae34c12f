/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policy files, good and bad, out of good.cases and bad.cases: each is one test. A good one must give the lines its
 * case names and come back the same when it is printed and read again; a bad one must give exactly the messages of its
 * case, and no settings unless all of them are warnings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policyfile.h"

enum { CASES_MAX = 256, LINE_SIZE = 1024, EXPECTED_MAX = 32, REPORTED_MAX = 128 };

struct config_case {
    char *name, *text;
    size_t text_size;
    char *expected[EXPECTED_MAX];
    unsigned expected_count;
};

struct reported {
    char *lines[REPORTED_MAX];
    unsigned count, errors;
};

static struct config_case cases[CASES_MAX];
static size_t case_count;

static int nibble(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* \xNN is a byte, \\ a backslash, \ at the end joins lines; any other \ stands for itself. */
static size_t unescape(char *line, size_t n)
{
    size_t out = 0;

    for (size_t i = 0; i < n; i++) {
        if (line[i] == '\\' && i + 3 < n && line[i + 1] == 'x' && nibble(line[i + 2]) >= 0 &&
            nibble(line[i + 3]) >= 0) {
            line[out++] = (char)(nibble(line[i + 2]) * 16 + nibble(line[i + 3]));
            i += 3;
        } else if (line[i] == '\\' && i + 2 == n && line[i + 1] == '\n') {
            i++;
        } else {
            if (line[i] == '\\' && i + 1 < n && line[i + 1] == '\\')
                i++;
            line[out++] = line[i];
        }
    }
    return out;
}

static void add_text(struct config_case *c, char *line)
{
    size_t n = unescape(line, strlen(line));

    c->text = realloc(c->text, c->text_size + n + 1);
    assert_non_null(c->text);
    memcpy(c->text + c->text_size, line, n);
    c->text_size += n;
}

static void read_cases(const char *file)
{
    char path[4096], line[LINE_SIZE];
    struct config_case *c = NULL;
    bool in_text = false;
    FILE *in;

    snprintf(path, sizeof(path), "%s/%s", CASES, file);
    in = fopen(path, "r");
    if (!in) {
        printf("Bail out! cannot open %s\n", path);
        exit(1);
    }
    while (fgets(line, sizeof(line), in)) {
        if (strncmp(line, "== ", 3) == 0 && case_count < CASES_MAX) {
            c = &cases[case_count++];
            line[strcspn(line, "\n")] = '\0';
            c->name = strdup(line + 3);
            in_text = true;
        } else if (in_text && strcmp(line, "--\n") == 0) {
            in_text = false;
        } else if (in_text) {
            add_text(c, line);
        } else if (c && line[0] != '\n' && c->expected_count < EXPECTED_MAX) {
            line[strcspn(line, "\n")] = '\0';
            c->expected[c->expected_count++] = strdup(line);
        }
    }
    fclose(in);
}

static void keep(void *arg, bool is_error, const char *message)
{
    struct reported *r = arg;
    char line[LINE_SIZE];

    assert_true(r->count < REPORTED_MAX);
    snprintf(line, sizeof(line), "%s%s", is_error ? "" : "warning: ", message);
    r->lines[r->count++] = strdup(line);
    r->errors += is_error;
}

static void forget(struct reported *r)
{
    for (unsigned i = 0; i < r->count; i++)
        free(r->lines[i]);
    *r = (struct reported){.count = 0};
}

/* `*` at the end of what is expected stands for any rest. */
static bool fits(const char *expected, const char *got)
{
    size_t n = strlen(expected);

    if (n > 0 && expected[n - 1] == '*')
        return strncmp(expected, got, n - 1) == 0;
    return strcmp(expected, got) == 0;
}

static void test_bad(void **state)
{
    const struct config_case *c = *state;
    struct reported got = {.count = 0};
    struct settings *s = policyfile_read_text("t", c->text ? c->text : "", c->text_size, keep, &got);
    bool same = got.count == c->expected_count;

    for (unsigned i = 0; same && i < got.count; i++)
        same = fits(c->expected[i], got.lines[i]);
    for (unsigned i = 0; !same && i < got.count; i++)
        print_message("# got: %s\n", got.lines[i]);
    assert_true(same);
    assert_int_equal(s == NULL, got.errors > 0);
    assert_true(got.count > 0);
    settings_unref(s);
    forget(&got);
}

static char *print_to_text(const struct settings *s)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    assert_non_null(out);
    policyfile_print(s, out);
    fclose(out);
    return text;
}

/* The printed policy as "section title.section.name = value" lines. */
static char *flatten(const char *text)
{
    char *flat = NULL, path[LINE_SIZE] = "", line[LINE_SIZE];
    size_t n;
    FILE *out = open_memstream(&flat, &n);

    assert_non_null(out);
    while (*text) {
        size_t size = strcspn(text, "\n");
        const char *word = text + strspn(text, " ");
        snprintf(line, sizeof(line), "%.*s", (int)(text + size - word), word);
        text += size + 1;
        if (strcmp(line, "}") == 0) {
            char *dot = strrchr(path, '.');
            *(dot ? dot : path) = '\0';
        } else if (size > 0 && line[strlen(line) - 1] == '{') {
            size_t used = strlen(path);
            if (used > 0)
                path[used++] = '.';
            for (const char *c = line; c[1] != '{'; c++)
                if (*c != '"')
                    path[used++] = *c;
            path[used] = '\0';
        } else {
            fprintf(out, "%s.%s\n", path, line);
        }
    }
    fclose(out);
    return flat;
}

static bool has_line(const char *flat, const char *line)
{
    size_t n = strlen(line);

    while (*flat) {
        size_t size = strcspn(flat, "\n");
        if (size == n && memcmp(flat, line, n) == 0)
            return true;
        flat += size + 1;
    }
    return false;
}

static void no_difference(void *arg, bool restart, const char *line)
{
    (void)arg;
    (void)restart;
    fail_msg("differs: %s", line);
}

static void test_good(void **state)
{
    const struct config_case *c = *state;
    struct reported got = {.count = 0};
    struct settings *s = policyfile_read_text("t", c->text ? c->text : "", c->text_size, keep, &got);
    struct settings *again;
    char *text, *flat, *second;

    for (unsigned i = 0; i < got.count; i++)
        print_message("# got: %s\n", got.lines[i]);
    assert_int_equal(got.errors, 0);
    assert_non_null(s);
    text = print_to_text(s);
    flat = flatten(text);
    for (unsigned i = 0; i < c->expected_count; i++) {
        bool absent = strncmp(c->expected[i], "! ", 2) == 0;
        if (has_line(flat, c->expected[i] + (absent ? 2 : 0)) == absent)
            fail_msg("%s in:\n%s", c->expected[i], flat);
    }
    again = policyfile_read_text("again", text, strlen(text), keep, &got);
    assert_non_null(again);
    assert_int_equal(policyfile_diff(s, again, no_difference, NULL), 0);
    second = print_to_text(again);
    assert_string_equal(text, second);
    settings_unref(s);
    settings_unref(again);
    free(text);
    free(flat);
    free(second);
    forget(&got);
}

int main(void)
{
    struct CMUnitTest tests[CASES_MAX];
    size_t good;
    int failed;

    read_cases("good.cases");
    good = case_count;
    read_cases("bad.cases");
    for (size_t i = 0; i < case_count; i++) {
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = i < good ? test_good : test_bad, .initial_state = &cases[i]};
    }
    failed = _cmocka_run_group_tests("policy files", tests, case_count, NULL, NULL);
    for (size_t i = 0; i < case_count; i++) {
        free(cases[i].name);
        free(cases[i].text);
        for (unsigned k = 0; k < cases[i].expected_count; k++)
            free(cases[i].expected[k]);
    }
    return failed;
}

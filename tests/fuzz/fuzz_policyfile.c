/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy file: pre-pass, scan, libconfuse. Whatever the bytes, libconfuse must find nothing to object to in what
 * the scan left and must see as many values as the scan; a file without a mistake must come back the same when it is
 * printed and read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "names.h"
#include "policyfile.h"
#include "prepass.h"
#include "tree.h"

/* Reading the public suffix list for every file would leave some hundred files a second: all share one. */
struct name_data *__real_name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t size);
struct name_data *__wrap_name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t size);
void __real_name_data_free(struct name_data *data);
void __wrap_name_data_free(struct name_data *data);

static struct name_data *shared;

struct name_data *__wrap_name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t size)
{
    if (psl_file != NULL || (token_files != NULL && *token_files != NULL))
        return __real_name_data_new(psl_file, token_files, error, size);
    if (shared == NULL)
        shared = __real_name_data_new(NULL, NULL, error, size);
    return shared;
}

void __wrap_name_data_free(struct name_data *data)
{
    if (data != shared)
        __real_name_data_free(data);
}

enum { FUZZ_MEMORY = 64 * 1024 * 1024 };

static void require(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_policyfile: %s\n", what);
    abort();
}

static void compare_values(struct tree *tree, const struct scan *shape)
{
    for (unsigned i = 0; i < shape->assignment_count; i++) {
        const struct assignment *a = &shape->assignments[i];
        require(tree_value_count(tree, a) == a->value_count, "libconfuse sees another number of values");
        for (unsigned k = 0; k < a->value_count; k++)
            require(tree_value(tree, a, k) != NULL, "libconfuse sees no value");
    }
}

/* True when the shape of the text has no mistake. */
static bool parse(const char *text, size_t n)
{
    struct region *region = region_new(FUZZ_MEMORY);
    struct problems problems;
    struct scan shape;
    size_t clean_n;
    char *clean;
    bool good = false;

    require(region != NULL, "no memory");
    problems_init(&problems, "fuzz", region);
    clean = prepass(text, n, &problems, &clean_n);
    require(clean != NULL || problems.errors > 0, "the pre-pass gave up without a word");
    if (clean && scan_text(&shape, clean, clean_n, &problems)) {
        struct tree *tree = tree_parse(clean, clean_n, &shape, &problems);
        require(tree != NULL, "libconfuse objects to what the scan left");
        compare_values(tree, &shape);
        tree_free(tree);
        good = problems.errors == 0;
    }
    region_free(region);
    return good;
}

static void count(void *arg, bool is_error, const char *message)
{
    unsigned *errors = arg;

    *errors += is_error;
    for (; *message; message++)
        require(*message >= ' ' && *message <= '~', "a message with a byte that is not printable");
}

static void read_and_print(const char *text, size_t n)
{
    unsigned errors = 0;
    struct settings *s = policyfile_read_text("fuzz", text, n, count, &errors), *again;
    char *printed = NULL;
    size_t printed_n;
    FILE *out;

    require((s == NULL) == (errors > 0), "settings and errors, or neither");
    if (!s)
        return;
    out = open_memstream(&printed, &printed_n);
    require(out != NULL, "no memory");
    policyfile_print(s, out);
    fclose(out);
    again = policyfile_read_text("fuzz", printed, printed_n, count, &errors);
    require(again != NULL, "what was printed cannot be read");
    require(policyfile_diff(s, again, NULL, NULL) == 0, "what was printed is not the same");
    settings_unref(s);
    settings_unref(again);
    free(printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "";

    /* A fuzzer shall open no file: they are named in options whose names have "file" in them. */
    if (parse(text, size) && !memmem(text, size, "file", 4))
        read_and_print(text, size);
    return 0;
}

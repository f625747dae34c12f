/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy file: pre-pass, scan, libconfuse. Whatever the bytes, libconfuse must find nothing to object to in what
 * the scan left and must see as many values as the scan; a file without a mistake must come back the same when it is
 * printed and read again.
 */
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "names.h"
#include "policyfile.h"
#include "prepass.h"
#include "tree.h"

/*
 * What no byte of the file can change is read once for all files and not for each: the public suffix list, the built-in
 * tokens and the addresses of this host.
 */
struct name_data *__real_name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t size);
struct name_data *__wrap_name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t size);
void __real_name_data_free(struct name_data *data);
void __wrap_name_data_free(struct name_data *data);
bool __real_tree_read(char *text, size_t n, struct scan *shape, struct problems *p);
bool __wrap_tree_read(char *text, size_t n, struct scan *shape, struct problems *p);
int __real_getifaddrs(struct ifaddrs **list);
int __wrap_getifaddrs(struct ifaddrs **list);
void __wrap_freeifaddrs(struct ifaddrs *list);

enum { FUZZ_MEMORY = 64 * 1024 * 1024 };

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

int __wrap_getifaddrs(struct ifaddrs **list)
{
    static struct ifaddrs *ours;
    static bool known;

    if (!known && __real_getifaddrs(&ours) != 0)
        return -1;
    known = true;
    *list = ours;
    return 0;
}

void __wrap_freeifaddrs(struct ifaddrs *list)
{
    (void)list; /* all share it */
}

static void require(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "fuzz_policyfile: %s\n", what);
    abort();
}

/* Every reading comes by here, that of what was printed too. */
bool __wrap_tree_read(char *text, size_t n, struct scan *shape, struct problems *p)
{
    require(__real_tree_read(text, n, shape, p), "libconfuse objects to what the scan left");
    for (unsigned i = 0; i < shape->assignment_count; i++)
        require(shape->assignments[i].values != NULL, "libconfuse sees other values than the scan");
    return true;
}

/* As far as no file is opened. */
static void parse(const char *text, size_t n)
{
    struct region *region = region_new(FUZZ_MEMORY);
    struct problems problems;
    struct scan shape = {.block_count = 0};
    const char *end = text + n;

    require(region != NULL, "no memory");
    problems_init(&problems, "fuzz", region);
    /* A form feed begins the next file of the same policy. */
    for (const char *next; text != NULL; text = next) {
        const char *stop = text < end ? memchr(text, '\f', (size_t)(end - text)) : NULL;
        size_t size = (size_t)((stop ? stop : end) - text), clean_n;
        char *clean = prepass(text, size, &problems, &clean_n);

        next = stop ? stop + 1 : NULL;
        require(clean != NULL || problems.errors > 0, "the pre-pass gave up without a word");
        problems_count_lines(&problems, text, size);
        if (!clean || !scan_text(&shape, clean, clean_n, &problems))
            break;
        (void)tree_read(clean, clean_n, &shape, &problems);
        if (next && !problems_next_file(&problems, "next"))
            break;
    }
    region_free(region);
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
    fuzz_accept();
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
    if (memmem(text, size, "file", 4))
        parse(text, size);
    else
        read_and_print(text, size);
    return 0;
}

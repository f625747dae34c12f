/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy file with what it includes and names: pre-pass, scan, libconfuse. A form feed begins the next file of
 * conf.d (a.conf, b.conf, ...), which an include at the end of the policy file names; a vertical tab begins one that no
 * include finds. The first letter of a path's name leads to one of them; no real file is opened. Whatever the bytes,
 * libconfuse must find nothing to object to in what the scan left and must see as many values as the scan; a
 * policy without a mistake must come back the same when it is printed and read again.
 */
#include <dirent.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "fuzz.h"
#include "names.h"
#include "policyfile.h"
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

bool __wrap_file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE]);
int __real_scandir(const char *folder, struct dirent ***out, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **));
int __wrap_scandir(const char *folder, struct dirent ***out, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **));

enum { FILES_MAX = 8 };

static const char policy_path[] = "/fuzz/helod.conf", include_all[] = "\ninclude(\"conf.d/*.conf\")\n";
static struct {
    const char *at;
    size_t n;
    bool hidden;
} files[FILES_MAX];
static unsigned file_count;
static bool reading; /* replay.c calls scandir(), too */

bool __wrap_file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE])
{
    bool is_policy = strcmp(path, policy_path) == 0, includes = is_policy && file_count > 1;
    const char *name = strrchr(path, '/');
    unsigned which = is_policy ? 0 : 1 + (unsigned)((name && name[1] ? name[1] : path[0]) - 'a');
    size_t more = includes ? strlen(include_all) : 0;

    *out = (struct file_text){.text = NULL};
    if (which >= file_count || files[which].n + more > limit) {
        snprintf(error, FILE_ERROR_SIZE, "%s", which >= file_count ? "No such file or directory" : "larger than that");
        return false;
    }
    out->text = malloc(files[which].n + more + 1);
    if (!out->text)
        abort();
    memcpy(out->text, files[which].at, files[which].n);
    memcpy(out->text + files[which].n, include_all, more);
    out->n = files[which].n + more;
    out->text[out->n] = '\0';
    return true;
}

/* Directories are alike: they have the files but the first. */
int __wrap_scandir(const char *folder, struct dirent ***out, int (*filter)(const struct dirent *),
                   int (*compare)(const struct dirent **, const struct dirent **))
{
    int n = 0;

    if (!reading)
        return __real_scandir(folder, out, filter, compare);
    *out = calloc(FILES_MAX, sizeof(**out));
    if (!*out)
        abort();
    for (unsigned i = file_count; i-- > 1;) {
        struct dirent *entry = calloc(1, sizeof(*entry));

        if (!entry)
            abort();
        snprintf(entry->d_name, sizeof(entry->d_name), "%c.conf", (char)('a' + i - 1));
        if (!files[i].hidden && filter(entry))
            (*out)[n++] = entry;
        else
            free(entry);
    }
    for (int i = 0; i + 1 < n; i++) /* from the last to the first, as they are */
        if (compare((const struct dirent **)&(*out)[i], (const struct dirent **)&(*out)[i + 1]) <= 0)
            abort();
    for (int i = 0; i < n / 2; i++) {
        struct dirent *last = (*out)[n - 1 - i];

        (*out)[n - 1 - i] = (*out)[i];
        (*out)[i] = last;
    }
    return n;
}

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

static void count(void *arg, bool is_error, const char *message)
{
    unsigned *errors = arg;

    *errors += is_error;
    for (; *message; message++)
        require(*message >= ' ' && *message <= '~', "a message with a byte that is not printable");
}

static void read_and_print(void)
{
    unsigned errors = 0;
    struct settings *s = policyfile_read(policy_path, count, &errors), *again;
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
    const char *text = size > 0 ? (const char *)data : "", *end = text + size;
    bool hidden = true;

    for (file_count = 0; text != NULL && file_count < FILES_MAX; file_count++) {
        const char *stop = text;

        while (stop < end && *stop != '\f' && *stop != '\v')
            stop++;
        files[file_count].at = text;
        files[file_count].n = (size_t)(stop - text);
        files[file_count].hidden = hidden;
        text = stop < end ? stop + 1 : NULL;
        hidden = stop < end && *stop == '\v';
    }
    reading = true;
    read_and_print();
    reading = false;
    return 0;
}

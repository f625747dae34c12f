/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay: the main() of a fuzz target where libFuzzer is not linked in. Runs the target once on each file given
 * (folders: on each file in them) and prints TAP. Without arguments the seeds are found by the program's name: those
 * of fuzz_a_b lie in tests/fuzz/seeds/a_b, or else, shared with fuzz_a, in seeds/a. A target without seeds is a
 * failure, and so is a seed named good* that the target does not accept.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

const int fuzz_replays = 1;
bool fuzz_accepted;

static unsigned count;

static bool must_be_accepted(const char *path)
{
    const char *name = strrchr(path, '/');

    return strncmp(name == NULL ? path : name + 1, "good", 4) == 0;
}

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;

    if (f != NULL && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size >= 0)
        data = malloc(size > 0 ? (size_t)size : 1); /* its very size, so that the sanitizers see a byte past it */
    if (data != NULL && fseek(f, 0, SEEK_SET) == 0 && fread(data, 1, (size_t)size, f) == (size_t)size) {
        fuzz_accepted = !must_be_accepted(path);
        LLVMFuzzerTestOneInput(data, (size_t)size);
        printf("%sok %u - %s\n", fuzz_accepted ? "" : "not ", ++count, path);
    } else {
        printf("not ok %u - cannot read %s\n", ++count, path);
    }
    fflush(stdout); /* what crashes is the file after the last one named */
    free(data);
    if (f != NULL)
        fclose(f);
}

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* False when it is no folder. */
static int run_folder(const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, not_hidden, alphasort);

    if (n < 0)
        return 0;
    for (int i = 0; i < n; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        run_file(file);
        free(entries[i]);
    }
    free(entries);
    return 1;
}

static void run_own_seeds(const char *program)
{
    const char *source = getenv("top_srcdir");
    const char *name = strrchr(program, '/');
    char target[64], path[4096];
    char *end;

    name = name == NULL ? program : name + 1;
    snprintf(target, sizeof target, "%s", strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
    do {
        snprintf(path, sizeof path, "%s/tests/fuzz/seeds/%s", source == NULL ? "." : source, target);
        end = strrchr(target, '_');
        if (end != NULL)
            *end = '\0';
    } while (!run_folder(path) && end != NULL);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (!run_folder(argv[i]))
            run_file(argv[i]);
    }
    if (argc == 1)
        run_own_seeds(argv[0]);
    if (count == 0)
        printf("not ok %u - %s has seeds\n", ++count, argv[0]);
    printf("1..%u\n", count);
    return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_data: reads the public suffix list and the token files, once. Promises that a struct name_data is always
 * complete, and that it works without any file: libpsl has a built-in list, and the tokens are compiled in.
 */
#include "name_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "file.h"

enum { PSL_MAX = 16 << 20 };

static void set_date(struct name_data *data, time_t when)
{
    struct tm day;

    if (when <= 0 || gmtime_r(&when, &day) == NULL || strftime(data->date, sizeof data->date, "%Y-%m-%d", &day) == 0)
        snprintf(data->date, sizeof data->date, "unknown");
}

/* libpsl reads from a FILE. It gets the bytes of a file that was checked and read whole, so that it cannot hang. */
static psl_ctx_t *load_psl(const char *path, char *error, size_t error_size)
{
    char why[FILE_ERROR_SIZE];
    struct file_text file;
    psl_ctx_t *psl = NULL;
    FILE *in;

    if (!file_read(path, PSL_MAX, &file, why)) {
        snprintf(error, error_size, "%s: %s", path, why);
        return NULL;
    }
    in = file.n > 0 ? fmemopen(file.text, file.n, "r") : NULL;
    if (in != NULL) {
        psl = psl_load_fp(in);
        fclose(in);
    }
    free(file.text);
    if (psl == NULL)
        snprintf(error, error_size, "%s:1: no public suffix list can be read from it", path);
    return psl;
}

/* The admin's list, or the newest of the system's and libpsl's own. */
static bool set_psl(struct name_data *data, const char *admins, char *error, size_t error_size)
{
    const char *file = admins != NULL ? admins : psl_dist_filename();
    time_t builtin = psl_builtin_file_time();
    struct stat st = {.st_mtime = 0};

    if (file == NULL || stat(file, &st) != 0)
        st.st_mtime = 0;
    snprintf(error, error_size, "public suffix list:1: no public suffix list can be read from it");
    data->psl = admins != NULL ? load_psl(admins, error, error_size) : psl_latest(NULL);
    set_date(data, admins == NULL && builtin > st.st_mtime ? builtin : st.st_mtime);
    if (data->psl != NULL && psl_suffix_count(data->psl) == 0 && admins != NULL)
        snprintf(error, error_size, "%s:1: no public suffix list can be read from it", admins);
    return data->psl != NULL && psl_suffix_count(data->psl) != 0;
}

static bool set_tokens(struct name_data *data, const char *const *files, char *error, size_t error_size)
{
    struct token_text builtin = {.file = "built-in tokens", .at = token_file_builtin, .examples_known = true};

    if (!token_file_add(&data->tokens, &builtin, data, error, error_size))
        return false;
    for (; files != NULL && *files != NULL; files++) {
        char *bytes = token_file_text(*files, error, error_size);
        struct token_text text = {.file = *files, .at = bytes};
        bool done = bytes != NULL && token_file_add(&data->tokens, &text, data, error, error_size);

        free(bytes);
        if (!done)
            return false;
    }
    token_file_done(&data->tokens);
    return true;
}

struct name_data *name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t error_size)
{
    struct name_data *data = calloc(1, sizeof *data);

    snprintf(error, error_size, "out of memory");
    if (data != NULL && set_psl(data, psl_file, error, error_size) &&
        set_tokens(data, token_files, error, error_size)) {
        data->memory = name_memory_new();
        return data;
    }
    name_data_free(data);
    return NULL;
}

void name_data_free(struct name_data *data)
{
    if (data == NULL)
        return;
    token_file_release(&data->tokens);
    psl_free(data->psl);
    name_memory_free(data->memory);
    free(data);
}

const char *name_data_version(void)
{
    return psl_get_version();
}

const char *name_data_date(const struct name_data *data)
{
    return data->date;
}

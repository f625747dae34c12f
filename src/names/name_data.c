/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_data: reads the public suffix list and the token files, once. Promises that whoever gets a struct name_data
 * gets it whole, and that it works without any file: libpsl carries a list, and the tokens are compiled in.
 */
#include "name_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static time_t file_time(const char *path)
{
    struct stat st;

    return path != NULL && stat(path, &st) == 0 ? st.st_mtime : 0;
}

static void set_date(struct name_data *data, time_t when)
{
    struct tm day;

    if (when <= 0 || gmtime_r(&when, &day) == NULL || strftime(data->date, sizeof data->date, "%Y-%m-%d", &day) == 0)
        snprintf(data->date, sizeof data->date, "unknown");
}

/* The admin's list, which must be one; else the newest of the system's and libpsl's own. */
static bool load_psl(struct name_data *data, const char *file, char *error, size_t error_size)
{
    time_t builtin = psl_builtin_file_time(), system = file_time(psl_dist_filename());

    if (file == NULL) {
        data->psl = psl_latest(NULL);
        set_date(data, system > builtin ? system : builtin);
    } else {
        data->psl = psl_load_file(file);
        set_date(data, file_time(file));
    }
    if (data->psl != NULL && psl_suffix_count(data->psl) != 0)
        return true;
    snprintf(error, error_size, "%s:1: no public suffix list can be read from it",
             file != NULL ? file : "public suffix list");
    return false;
}

static bool load_tokens(struct name_data *data, const char *const *files, char *error, size_t error_size)
{
    bool good = token_file_add_text(&data->tokens, "built-in tokens", token_file_builtin, data, error, error_size);

    for (; good && files != NULL && *files != NULL; files++)
        good = token_file_add(&data->tokens, *files, data, error, error_size);
    token_file_done(&data->tokens);
    return good;
}

struct name_data *name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t error_size)
{
    struct name_data *data = calloc(1, sizeof *data);

    if (data == NULL) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    if (!load_psl(data, psl_file, error, error_size) || !load_tokens(data, token_files, error, error_size)) {
        name_data_free(data);
        return NULL;
    }
    data->memory = name_memory_new(); /* now that the tables are whole */
    return data;
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

bool name_data_is_suffix(const struct name_data *data, const char *suffix, int types)
{
    return psl_is_public_suffix2(data->psl, suffix, types | PSL_TYPE_NO_STAR_RULE) != 0;
}

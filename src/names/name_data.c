/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * name_data: reads the public suffix list and the token files, once. Promises that whoever gets a struct name_data
 * gets it whole, and that it works without any file: libpsl carries a list, and the tokens are compiled in.
 */
#include "name_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How far it is read. */
struct name_reading {
    const char *psl_file;
    const char *const *next_file; /* of the admin's token files; NULL: there are none */
    struct token_text text;       /* the built-in tokens first */
    char *bytes;                  /* of the file that is being read; NULL: none of ours */
};

static void set_date(struct suffix_list *list, time_t when)
{
    struct tm day;

    if (when <= 0 || gmtime_r(&when, &day) == NULL || strftime(list->date, sizeof list->date, "%Y-%m-%d", &day) == 0)
        snprintf(list->date, sizeof list->date, "unknown");
}

static bool is_same_list(const struct suffix_list *a, const struct suffix_list *b)
{
    return a->is_admins == b->is_admins && a->file.st_dev == b->file.st_dev && a->file.st_ino == b->file.st_ino &&
           a->file.st_size == b->file.st_size && a->file.st_mtim.tv_sec == b->file.st_mtim.tv_sec &&
           a->file.st_mtim.tv_nsec == b->file.st_mtim.tv_nsec;
}

static void suffix_list_unref(struct suffix_list *list)
{
    if (list == NULL || --list->references > 0)
        return;
    psl_free(list->psl);
    free(list);
}

/* The admin's list, or the newest of the system's and libpsl's own; that of `same_as` where it is still the same. */
static struct suffix_list *suffix_list_of(const char *admins, const struct name_data *same_as)
{
    const char *file = admins != NULL ? admins : psl_dist_filename();
    struct suffix_list *list = calloc(1, sizeof *list);
    time_t builtin = psl_builtin_file_time();

    if (list == NULL)
        return NULL;
    list->references = 1;
    list->is_admins = admins != NULL;
    if (file == NULL || stat(file, &list->file) != 0)
        list->file = (struct stat){.st_size = 0};
    if (same_as != NULL && is_same_list(list, same_as->list)) {
        free(list);
        same_as->list->references++;
        return same_as->list;
    }
    if (admins == NULL)
        list->psl = psl_latest(NULL);
    else if (!S_ISFIFO(list->file.st_mode)) /* libpsl would wait for who writes to it */
        list->psl = psl_load_file(admins);
    set_date(list, admins == NULL && builtin > list->file.st_mtime ? builtin : list->file.st_mtime);
    return list;
}

static bool load_psl(struct name_data *data, const struct name_data *same_as)
{
    data->list = suffix_list_of(data->reading->psl_file, same_as);
    data->psl = data->list != NULL ? data->list->psl : NULL;
    return data->list != NULL;
}

struct name_data *name_data_begin(const char *psl_file, const char *const *token_files, const struct name_data *same_as)
{
    struct name_data *data = calloc(1, sizeof *data);
    struct name_reading *reading = calloc(1, sizeof *reading);

    if (data == NULL || reading == NULL) {
        free(data);
        free(reading);
        return NULL;
    }
    *reading = (struct name_reading){
        .psl_file = psl_file,
        .next_file = token_files,
        .text = {.file = "built-in tokens", .at = token_file_builtin, .examples_known = true},
    };
    data->reading = reading;
    if (load_psl(data, same_as))
        return data;
    name_data_free(data);
    return NULL;
}

static bool has_list(const struct name_data *data, char *error, size_t error_size)
{
    const char *file = data->reading->psl_file;

    if (data->psl != NULL && psl_suffix_count(data->psl) != 0)
        return true;
    snprintf(error, error_size, "%s:1: no public suffix list can be read from it",
             file != NULL ? file : "public suffix list");
    return false;
}

/* WORK_DONE: there is none left. */
static enum work next_file(struct name_reading *reading, char *error, size_t error_size)
{
    free(reading->bytes);
    reading->bytes = NULL;
    if (reading->next_file == NULL || *reading->next_file == NULL)
        return WORK_DONE;
    reading->bytes = token_file_text(*reading->next_file, error, error_size);
    if (reading->bytes == NULL)
        return WORK_FAILED;
    reading->text = (struct token_text){.file = *reading->next_file++, .at = reading->bytes};
    return WORK_LEFT;
}

enum work name_data_go_on(struct name_data *data, const struct slice *slice, char *error, size_t error_size)
{
    enum work work;

    if (!has_list(data, error, error_size))
        return WORK_FAILED;
    do {
        work = token_file_add(&data->tokens, &data->reading->text, data, slice, error, error_size);
        if (work == WORK_DONE)
            work = next_file(data->reading, error, error_size);
        if (work == WORK_FAILED)
            return WORK_FAILED;
    } while (work == WORK_LEFT && !slice_is_over(slice));
    if (work == WORK_LEFT)
        return WORK_LEFT;
    token_file_done(&data->tokens);
    free(data->reading);
    data->reading = NULL;
    data->memory = name_memory_new(); /* now that the tables are whole */
    return WORK_DONE;
}

struct name_data *name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t error_size)
{
    struct name_data *data = name_data_begin(psl_file, token_files, NULL);

    if (data == NULL)
        snprintf(error, error_size, "out of memory");
    else if (name_data_go_on(data, NULL, error, error_size) == WORK_DONE)
        return data;
    name_data_free(data);
    return NULL;
}

void name_data_free(struct name_data *data)
{
    if (data == NULL)
        return;
    if (data->reading != NULL)
        free(data->reading->bytes);
    free(data->reading);
    token_file_release(&data->tokens);
    suffix_list_unref(data->list);
    name_memory_free(data->memory);
    free(data);
}

const char *name_data_version(void)
{
    return psl_get_version();
}

const char *name_data_date(const struct name_data *data)
{
    return data->list->date;
}

bool name_data_is_suffix(const struct name_data *data, const char *suffix, int types)
{
    return psl_is_public_suffix2(data->psl, suffix, types | PSL_TYPE_NO_STAR_RULE) != 0;
}

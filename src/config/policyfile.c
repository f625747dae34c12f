/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policyfile: the door of the room. bytes -> prepass -> scan -> libconfuse -> fields -> policies, sets -> checks.
 * Promises settings that are whole or none at all, and a report of everything that was found wrong on the way.
 */
#include "policyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "prepass.h"
#include "reading.h"

/* The shape and the tree of a text; without them all fields take their defaults, so that the checks still can run. */
static void take_text(struct reading *rd, const char *text, size_t n)
{
    size_t clean_n = 0;
    char *clean = prepass(text, n, &rd->problems, &clean_n);

    if (clean && scan_text(&rd->scan, clean, clean_n, &rd->problems))
        rd->tree = tree_parse(clean, clean_n, &rd->scan, &rd->problems);
}

/* The names room opens these itself. */
static void check_name_file(struct reading *rd, const char *option, unsigned i, const char *path)
{
    unsigned block = reading_block(rd, SECTION_NAMES, 0, NULL);
    char error[FILE_ERROR_SIZE];

    if (!file_is_safe(path, error))
        problems_error(&rd->problems, reading_value_line(rd, block, option, i), "names: %s: %s", path, error);
}

static void take_names(struct reading *rd)
{
    struct settings *s = rd->settings;
    unsigned block = reading_block(rd, SECTION_NAMES, 0, NULL);
    char error[256] = "";

    if (s->names.psl_file[0])
        check_name_file(rd, "psl_file", 0, s->names.psl_file);
    for (unsigned i = 0; s->names.token_files[i]; i++)
        check_name_file(rd, "token_files", i, s->names.token_files[i]);
    s->name_data = name_data_new(s->names.psl_file[0] ? s->names.psl_file : NULL, s->names.token_files, error,
                                 sizeof(error));
    if (!s->name_data)
        problems_error(&rd->problems, reading_line(rd, block, s->names.token_files[0] ? "token_files" : "psl_file"),
                       "names: %s", error);
}

static void take_sections(struct reading *rd)
{
    for (int i = SECTION_ROOT + 1; i < SECTION_COUNT; i++) {
        enum section section = (enum section)i;
        if (sections[i].parent == SECTION_ROOT && section != SECTION_POLICY)
            reading_fields(rd, section, reading_block(rd, section, 0, NULL), rd->settings);
    }
}

/* False when the memory ran out. */
static bool build(struct reading *rd, const char *text, size_t n)
{
    take_text(rd, text, n);
    if (rd->problems.errors > 0 && !rd->tree)
        return true;
    take_sections(rd);
    if (region_failed(rd->region))
        return false;
    take_names(rd);
    reading_local(rd);
    reading_exempt(rd);
    reading_policies(rd);
    if (region_failed(rd->region))
        return false;
    reading_check(rd);
    return !region_failed(rd->region);
}

static bool holds_secrets(const struct history_settings *history)
{
    return (history->redis_password && history->redis_password[0]) || (history->hash_key && history->hash_key[0]);
}

static struct settings *read_whole(const char *name, const struct file_text *file, policyfile_report *report, void *arg)
{
    struct owned_settings *owned = owned_settings_new();
    struct reading rd;

    if (!owned) {
        if (report)
            report(arg, true, "no memory for the policy file");
        return NULL;
    }
    rd = (struct reading){ .settings = &owned->settings, .region = owned->region, .scan = { .block_count = 1 } };
    rd.settings->file = region_strdup(rd.region, name);
    problems_init(&rd.problems, name, rd.region);
    rd.host = reading_host_name(rd.region);
    if (!build(&rd, file->text, file->n))
        problems_error(&rd.problems, 0, "no memory for the policy file");
    if (file->world_readable && holds_secrets(&rd.settings->history))
        problems_warning(&rd.problems, 0, "holds a password and everybody may read it");
    tree_free(rd.tree);
    problems_tell(&rd.problems, report, arg);
    if (rd.problems.errors == 0)
        return rd.settings;
    settings_unref(rd.settings);
    return NULL;
}

struct settings *policyfile_read_text(const char *name, const char *text, size_t n, policyfile_report *report,
                                      void *arg)
{
    /* Only read: struct file_text is not const because file_read() gives its bytes away. */
    struct file_text file = { .text = (char *)text, .n = n };

    return read_whole(name, &file, report, arg);
}

struct settings *policyfile_read(const char *path, policyfile_report *report, void *arg)
{
    struct file_text file;
    struct settings *s;
    char error[FILE_ERROR_SIZE], message[FILE_ERROR_SIZE + 1024];

    if (!path)
        return policyfile_read_text("defaults", "", 0, report, arg);
    if (!file_read(path, POLICYFILE_MAX, &file, error)) {
        snprintf(message, sizeof(message), "%.1000s: %s", path, error);
        if (report)
            report(arg, true, message);
        return NULL;
    }
    s = read_whole(path, &file, report, arg);
    free(file.text);
    return s;
}

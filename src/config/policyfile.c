/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policyfile: the interface of this room. The steps are prepass, scan, libconfuse, fields, policies, checks.
 * Returns settings only when nothing was wrong, and reports everything that was found wrong on the way.
 */
#include "policyfile.h"

#include <stdio.h>
#include <stdlib.h>

#include "file.h"
#include "prepass.h"
#include "reading.h"

static void read_names(struct reading *rd)
{
    const struct names_settings *names = &rd->settings->names;
    unsigned block = fields_block(rd, SECTION_NAMES, 0, NULL);
    char error[256] = "no memory";

    rd->settings->name_data =
        name_data_new(names->psl_file[0] ? names->psl_file : NULL, names->token_files, error, sizeof(error));
    if (!rd->settings->name_data)
        problems_error(&rd->problems, fields_line(rd, block, names->token_files[0] ? "token_files" : "psl_file"),
                       "names: %s", error);
}

/* Returns "FILE:LINE: OPTION", never NULL. */
static const char *place_of(struct reading *rd, enum section section, const char *option)
{
    char place[PROBLEM_PLACE_SIZE], text[PROBLEM_PLACE_SIZE + 32];
    const char *kept;

    problems_place(&rd->problems, fields_line(rd, fields_block(rd, section, 0, NULL), option), place);
    snprintf(text, sizeof(text), "%s: %s", place, option);
    kept = region_strdup(rd->region, text);
    return kept ? kept : option;
}

static void read_sections(struct reading *rd)
{
    for (int i = SECTION_ROOT + 1; i < SECTION_COUNT; i++) {
        enum section section = (enum section)i;
        if (sections[i].parent == SECTION_ROOT && section != SECTION_POLICY)
            fields_read(rd, section, fields_block(rd, section, 0, NULL), rd->settings);
    }
    rd->settings->is_empty = rd->scan.assignment_count == 0 && rd->scan.block_count == 1;
    rd->settings->places = (struct settings_places){
        .user = place_of(rd, SECTION_SERVER, "user"),
        .group = place_of(rd, SECTION_SERVER, "group"),
        .socket_owner = place_of(rd, SECTION_SERVER, "socket_owner"),
        .socket_group = place_of(rd, SECTION_SERVER, "socket_group"),
        .status_socket_group = place_of(rd, SECTION_STATUS, "socket_group"),
    };
}

/* The steps in order. Each reports its problems and lets the next run, so that the admin sees all mistakes at once. */
static void (*const steps[])(struct reading *rd) = {
    read_sections, read_names, local_read, allow_read, exempt_read, policies_read, check_run,
};

/* Warns of a secret in a file that everybody may read. */
static void check_secret(struct reading *rd, const char *option)
{
    const struct assignment *a = NULL;
    unsigned block = fields_block(rd, SECTION_HISTORY, 0, NULL);

    if (block != NO_BLOCK)
        a = scan_find(&rd->scan, block, option);
    if (a && a->value_count > 0 && rd->world_readable[a->file])
        problems_warning(&rd->problems, rd->problems.files[a->file].base, "holds a password and everybody may read it");
}

/* For documentation checks and `helod -V`. */
static void list_files(struct reading *rd)
{
    const char **list = region_alloc(rd->region, (rd->problems.file_count + 1) * sizeof(*list));

    if (!list)
        return;
    for (unsigned i = 0; i < rd->problems.file_count; i++)
        list[i] = rd->problems.files[i].name;
    list[rd->problems.file_count] = NULL;
    rd->settings->files = list;
}

static void read_text(struct reading *rd, const struct file_text *file)
{
    rd->whole = true;
    include_text(rd, file);
    if (rd->whole)
        include_files(rd);
    if (!rd->whole)
        return;
    list_files(rd);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !region_failed(rd->region); i++)
        steps[i](rd);
    if (region_failed(rd->region))
        problems_error(&rd->problems, 0, "no memory for the policy file");
    else if (rd->settings->history.redis_password[0])
        check_secret(rd, "redis_password");
    else if (rd->settings->history.hash_key[0])
        check_secret(rd, "hash_key");
}

static struct settings *read_file(const char *name, const struct file_text *file, bool early, policyfile_report *report,
                                  void *arg)
{
    struct owned_settings *owned = settings_new();
    struct reading rd = {.early = early, .scan = {.block_count = 1, .blocks = NULL}};

    if (!owned) {
        if (report)
            report(arg, true, "no memory for the policy file");
        return NULL;
    }
    rd.settings = &owned->settings;
    rd.region = owned->region;
    rd.settings->file = region_strdup(rd.region, name);
    problems_init(&rd.problems, rd.settings->file ? rd.settings->file : "policy file", rd.region);
    rd.host = local_host_name(rd.region);
    read_text(&rd, file);
    problems_tell(&rd.problems, report, arg);
    if (rd.problems.errors == 0)
        return rd.settings;
    settings_unref(rd.settings);
    return NULL;
}

struct settings *policyfile_read_text(const char *name, const char *text, size_t n, policyfile_report *report,
                                      void *arg)
{
    /* These are only read. struct file_text is not const because file_read() hands its bytes over. */
    return read_file(name, &(struct file_text){.text = (char *)(uintptr_t)text, .n = n}, false, report, arg);
}

static struct settings *read_path(const char *path, bool early, policyfile_report *report, void *arg)
{
    char error[FILE_ERROR_SIZE], message[FILE_ERROR_SIZE + 1024];
    struct file_text file;
    struct settings *s;

    if (!path)
        return policyfile_read_text("defaults", "", 0, report, arg);
    if (!file_read(path, POLICYFILE_MAX, &file, error)) {
        snprintf(message, sizeof(message), "%.1000s: %s", path, error);
        if (report)
            report(arg, true, message);
        return NULL;
    }
    s = read_file(path, &file, early, report, arg);
    free(file.text);
    return s;
}

struct settings *policyfile_read(const char *path, policyfile_report *report, void *arg)
{
    return read_path(path, false, report, arg);
}

struct settings *policyfile_read_early(const char *path, policyfile_report *report, void *arg)
{
    return read_path(path, true, report, arg);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policyfile: the door of the room. bytes -> prepass -> scan -> libconfuse -> fields -> policies, sets -> checks.
 * Promises settings that are whole or none at all, and a report of everything that was found wrong on the way; and the
 * same of a file that is read in slices as of one that is read at once, because it is the same reading.
 */
#include "policyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "prepass.h"
#include "reading.h"

/* One reading, from the bytes to settings that nobody has seen yet. */
struct policyfile_load {
    struct owned_settings *owned; /* NULL once they are given out */
    struct reading rd;
    struct file_text file;
    bool owns_text;
    size_t step;
    policyfile_report *report;
    void *arg;
};

/* The shape of the text. */
static enum work take_shape(struct policyfile_load *load, const struct slice *slice)
{
    struct reading *rd = &load->rd;
    size_t n = 0;
    char *clean = prepass(load->file.text, load->file.n, &rd->problems, &n);

    (void)slice;
    if (clean && scan_text(&rd->scan, clean, n, &rd->problems)) {
        rd->clean = clean;
        rd->clean_n = n;
    }
    return WORK_DONE;
}

/* Its values. */
static enum work take_tree(struct policyfile_load *load, const struct slice *slice)
{
    struct reading *rd = &load->rd;

    (void)slice;
    if (rd->clean)
        rd->tree = tree_parse(rd->clean, rd->clean_n, &rd->scan, &rd->problems);
    if (!rd->tree && rd->problems.errors == 0)
        problems_error(&rd->problems, 0, "no memory for the policy file");
    return rd->tree ? WORK_DONE : WORK_FAILED;
}

/* The names room opens these itself. */
static void check_name_file(struct reading *rd, const char *option, unsigned i, const char *path)
{
    unsigned block = reading_block(rd, SECTION_NAMES, 0, NULL);
    char error[FILE_ERROR_SIZE];

    if (!file_is_safe(path, error))
        problems_error(&rd->problems, reading_value_line(rd, block, option, i), "names: %s: %s", path, error);
}

static void check_name_files(struct reading *rd)
{
    const struct names_settings *names = &rd->settings->names;

    if (names->psl_file[0])
        check_name_file(rd, "psl_file", 0, names->psl_file);
    for (unsigned i = 0; names->token_files[i]; i++)
        check_name_file(rd, "token_files", i, names->token_files[i]);
}

static enum work take_names(struct policyfile_load *load, const struct slice *slice)
{
    struct reading *rd = &load->rd;
    const struct names_settings *names = &rd->settings->names;
    unsigned block = reading_block(rd, SECTION_NAMES, 0, NULL);
    char error[256] = "no memory";
    enum work work = WORK_FAILED;

    if (!rd->name_data) {
        check_name_files(rd);
        rd->name_data = name_data_begin(names->psl_file[0] ? names->psl_file : NULL, names->token_files, rd->same_as);
    }
    if (rd->name_data)
        work = name_data_go_on(rd->name_data, slice, error, sizeof(error));
    if (work == WORK_LEFT)
        return WORK_LEFT;
    if (work == WORK_DONE)
        rd->settings->name_data = rd->name_data;
    else
        problems_error(&rd->problems, reading_line(rd, block, names->token_files[0] ? "token_files" : "psl_file"),
                       "names: %s", error);
    return WORK_DONE;
}

static enum work take_sections(struct policyfile_load *load, const struct slice *slice)
{
    struct reading *rd = &load->rd;

    (void)slice;
    for (int i = SECTION_ROOT + 1; i < SECTION_COUNT; i++) {
        enum section section = (enum section)i;
        if (sections[i].parent == SECTION_ROOT && section != SECTION_POLICY)
            reading_fields(rd, section, reading_block(rd, section, 0, NULL), rd->settings);
    }
    rd->settings->server.user_line = reading_line(rd, reading_block(rd, SECTION_SERVER, 0, NULL), "user");
    rd->settings->server.group_line = reading_line(rd, reading_block(rd, SECTION_SERVER, 0, NULL), "group");
    return WORK_DONE;
}

static enum work take_local(struct policyfile_load *load, const struct slice *slice)
{
    (void)slice;
    reading_local(&load->rd);
    return WORK_DONE;
}

static enum work take_exempt(struct policyfile_load *load, const struct slice *slice)
{
    return reading_exempt(&load->rd, slice);
}

static enum work take_policies(struct policyfile_load *load, const struct slice *slice)
{
    (void)slice;
    reading_policies(&load->rd);
    return WORK_DONE;
}

static enum work take_checks(struct policyfile_load *load, const struct slice *slice)
{
    (void)slice;
    reading_check(&load->rd);
    return WORK_DONE;
}

/*
 * In this order. What may grow with files beside the policy file asks for its slice; the others are bounded by the
 * policy file's own size. WORK_FAILED: nothing of what follows could be read.
 */
static enum work (*const steps[])(struct policyfile_load *load, const struct slice *slice) = {
    take_shape, take_tree, take_sections, take_names, take_local, take_exempt, take_policies, take_checks,
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static bool holds_secrets(const struct history_settings *history)
{
    return (history->redis_password && history->redis_password[0]) || (history->hash_key && history->hash_key[0]);
}

/* What was found is told; the settings stay where nothing was wrong. */
static enum work finish(struct policyfile_load *load)
{
    struct reading *rd = &load->rd;

    if (load->file.world_readable && holds_secrets(&rd->settings->history))
        problems_warning(&rd->problems, 0, "holds a password and everybody may read it");
    problems_tell(&rd->problems, load->report, load->arg);
    return rd->problems.errors == 0 ? WORK_DONE : WORK_FAILED;
}

enum work policyfile_load_go_on(struct policyfile_load *load, const struct slice *slice)
{
    while (load->step < STEPS) {
        enum work work = steps[load->step](load, slice);
        if (region_failed(load->rd.region)) {
            problems_error(&load->rd.problems, 0, "no memory for the policy file");
            work = WORK_FAILED;
        }
        if (work == WORK_DONE)
            load->step++;
        else if (work == WORK_FAILED)
            load->step = STEPS;
        if (slice_is_over(slice))
            return WORK_LEFT;
    }
    return finish(load);
}

static struct policyfile_load *load_new(const char *name, policyfile_report *report, void *arg)
{
    struct policyfile_load *load = calloc(1, sizeof(*load));

    if (load)
        load->owned = owned_settings_new();
    if (!load || !load->owned) {
        free(load);
        if (report)
            report(arg, true, "no memory for the policy file");
        return NULL;
    }
    load->report = report;
    load->arg = arg;
    load->rd =
        (struct reading){.settings = &load->owned->settings, .region = load->owned->region, .scan = {.block_count = 1}};
    load->rd.settings->file = region_strdup(load->rd.region, name);
    problems_init(&load->rd.problems, load->rd.settings->file ? load->rd.settings->file : "policy file",
                  load->rd.region);
    load->rd.host = reading_host_name(load->rd.region);
    return load;
}

struct policyfile_load *policyfile_load_new(const char *path, const struct settings *in_force,
                                            policyfile_report *report, void *arg)
{
    struct policyfile_load *load;
    struct file_text file = {.text = NULL};
    char error[FILE_ERROR_SIZE], message[FILE_ERROR_SIZE + 1024];

    if (path && !file_read(path, POLICYFILE_MAX, &file, error)) {
        snprintf(message, sizeof(message), "%.1000s: %s", path, error);
        if (report)
            report(arg, true, message);
        return NULL;
    }
    load = load_new(path ? path : "defaults", report, arg);
    if (!load) {
        free(file.text);
        return NULL;
    }
    load->file = path ? file : (struct file_text){.text = (char *)(uintptr_t) ""};
    load->owns_text = path != NULL;
    load->rd.same_as = in_force ? in_force->name_data : NULL;
    return load;
}

struct settings *policyfile_load_take(struct policyfile_load *load)
{
    struct settings *s = &load->owned->settings;

    reading_exempt_close(&load->rd);
    load->owned = NULL;
    return s;
}

void policyfile_load_free(struct policyfile_load *load)
{
    if (!load)
        return;
    tree_free(load->rd.tree);
    if (load->owned) {
        reading_exempt_close(&load->rd);
        load->owned->settings.name_data = NULL;
        name_data_free(load->rd.name_data);
        settings_unref(&load->owned->settings);
    }
    if (load->owns_text)
        free(load->file.text);
    free(load);
}

static struct settings *read_at_once(struct policyfile_load *load)
{
    struct settings *s = NULL;

    if (load && policyfile_load_go_on(load, NULL) == WORK_DONE)
        s = policyfile_load_take(load);
    policyfile_load_free(load);
    return s;
}

struct settings *policyfile_read_text(const char *name, const char *text, size_t n, policyfile_report *report,
                                      void *arg)
{
    struct policyfile_load *load = load_new(name, report, arg);

    /* Only read: struct file_text is not const because file_read() gives its bytes away. */
    if (load)
        load->file = (struct file_text){.text = (char *)(uintptr_t)text, .n = n};
    return read_at_once(load);
}

struct settings *policyfile_read(const char *path, policyfile_report *report, void *arg)
{
    return read_at_once(policyfile_load_new(path, NULL, report, arg));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * include: finds and reads the files that include() names. libconfuse's own include() leaks after an error, so that
 * after several reloads it would fail permanently. This one works before libconfuse sees the text. The files of a
 * pattern are read in the order of their names, compared byte by byte in every locale.
 */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "prepass.h"
#include "reading.h"
#include "tree.h"

enum { INCLUDE_PATH_SIZE = 1024 };

void include_text(struct reading *rd, const struct file_text *file)
{
    bool whole = false;
    size_t clean_n = 0;
    char *clean = prepass(file->text, file->n, &rd->problems, &clean_n);

    rd->world_readable[rd->problems.file_count - 1] = file->world_readable;
    rd->bytes += file->n;
    problems_count_lines(&rd->problems, file->text, file->n);
    if (clean && scan_text(&rd->scan, clean, clean_n, &rd->problems))
        whole = tree_read(clean, clean_n, &rd->scan, &rd->problems);
    if (!whole && rd->problems.errors == 0)
        problems_error(&rd->problems, problems_base(&rd->problems), "no memory for the policy file");
    rd->whole = rd->whole && whole;
}

/* Splits a pattern into directory and name pattern. A relative directory is relative to the policy file. */
static bool split(const struct reading *rd, const char *given, char folder[INCLUDE_PATH_SIZE], const char **names)
{
    const char *policy = rd->settings->file, *slash = strrchr(policy, '/');
    int n = given[0] == '/' ? snprintf(folder, INCLUDE_PATH_SIZE, "%s", given)
                            : snprintf(folder, INCLUDE_PATH_SIZE, "%.*s%s", slash ? (int)(slash - policy + 1) : 0,
                                       slash ? policy : "", given);
    char *last = strrchr(folder, '/');

    if (n < 0 || n >= INCLUDE_PATH_SIZE)
        return false;
    *names = strrchr(given, '/') ? strrchr(given, '/') + 1 : given;
    if (last)
        *(last == folder ? last + 1 : last) = '\0';
    else
        snprintf(folder, INCLUDE_PATH_SIZE, ".");
    return strpbrk(folder, "*?[") == NULL && (*names)[0] != '\0';
}

static const char *wanted; /* scandir() passes no argument to its filter */

static int is_wanted(const struct dirent *entry)
{
    return fnmatch(wanted, entry->d_name, FNM_PERIOD) == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Anyone who can create a file in this directory can change the policy. */
static bool is_safe_folder(const char *folder, char error[FILE_ERROR_SIZE])
{
    struct stat st;

    if (stat(folder, &st) != 0 || (st.st_mode & S_IWOTH) == 0)
        return true;
    snprintf(error, FILE_ERROR_SIZE, "everybody may create files there; allow only its owner (chmod o-w)");
    return false;
}

static void read_one(struct reading *rd, const struct include *include, const char *path)
{
    struct file_text file;
    char error[FILE_ERROR_SIZE];
    size_t room = POLICYFILE_MAX - (rd->bytes < POLICYFILE_MAX ? rd->bytes : POLICYFILE_MAX);

    if (!file_read(path, room, &file, error)) {
        problems_error(&rd->problems, include->line, "include: %s: %s", path, error);
        return;
    }
    if (!problems_next_file(&rd->problems, path))
        problems_error(&rd->problems, include->line, "include: more than %d files", PROBLEM_FILES_MAX - 1);
    else
        include_text(rd, &file);
    free(file.text);
}

static void read_pattern(struct reading *rd, const struct include *include)
{
    char folder[INCLUDE_PATH_SIZE], path[INCLUDE_PATH_SIZE + 257], error[FILE_ERROR_SIZE];
    const char *names;
    struct dirent **found;
    int n;

    if (!split(rd, include->pattern, folder, &names)) {
        problems_error(&rd->problems, include->line,
                       "include: \"%.200s\": only the last part of a path may contain * ? and [", include->pattern);
        return;
    }
    if (!is_safe_folder(folder, error)) {
        problems_error(&rd->problems, include->line, "include: %s: %s", folder, error);
        return;
    }
    wanted = names;
    n = scandir(folder, &found, is_wanted, by_name);
    if (n < 0 && errno == ENOENT && strpbrk(names, "*?["))
        problems_warning(&rd->problems, include->line, "include: there is no directory %s", folder);
    else if (n < 0 || (n == 0 && strpbrk(names, "*?[") == NULL))
        problems_error(&rd->problems, include->line, "include: %s: %s", include->pattern,
                       strerror(n < 0 ? errno : ENOENT));
    for (int i = 0; i < n; i++) {
        const char *kept;
        snprintf(path, sizeof(path), "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, found[i]->d_name);
        kept = region_strdup(rd->region, path);
        if (kept)
            read_one(rd, include, kept);
        free(found[i]);
    }
    if (n >= 0)
        free(found);
}

void include_files(struct reading *rd)
{
    for (unsigned i = 0; i < rd->scan.include_count; i++)
        read_pattern(rd, &rd->scan.includes[i]);
}

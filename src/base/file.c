/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file: reads configuration files safely. Anyone who can write helod's files can make it lose mail. So a file that
 * everybody may write is rejected. A file that a group may write is rejected, too, unless the group is root's, our
 * own, or the primary group of the file's owner, which a umask of 002 causes.
 *
 * The event loop pauses while a file is read. So only regular files are read, and their size is checked first: a
 * pipe may never get a writer, and a device or a sparse file may never end.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_trusted_group(const struct stat *st)
{
    const struct passwd *owner;

    if (st->st_gid == 0 || st->st_gid == getegid())
        return true;
    owner = getpwuid(st->st_uid);
    return owner != NULL && owner->pw_gid == st->st_gid;
}

static const char *kind_of(const struct stat *st)
{
    return S_ISDIR(st->st_mode) ? "directory" : S_ISFIFO(st->st_mode) ? "pipe" : "device or socket";
}

static bool is_safe(const struct stat *st, size_t limit, char error[FILE_ERROR_SIZE])
{
    if (!S_ISREG(st->st_mode)) {
        snprintf(error, FILE_ERROR_SIZE, "is a %s, expected a file", kind_of(st));
        return false;
    }
    if ((st->st_mode & S_IWOTH) != 0) {
        snprintf(error, FILE_ERROR_SIZE, "everybody may write to it; allow only its owner (chmod o-w)");
        return false;
    }
    if ((st->st_mode & S_IWGRP) != 0 && !is_trusted_group(st)) {
        snprintf(error, FILE_ERROR_SIZE, "group %lu may write to it; allow only its owner (chmod g-w)",
                 (unsigned long)st->st_gid);
        return false;
    }
    if ((unsigned long long)st->st_size > limit) {
        snprintf(error, FILE_ERROR_SIZE, "larger than %zu bytes", limit);
        return false;
    }
    return true;
}

static bool has_changed(int fd, const struct stat *before)
{
    struct stat now;

    return fstat(fd, &now) != 0 || now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
           now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
}

/* Reads at most as many bytes as the file had when it was opened, so a growing file cannot keep us reading. */
static bool read_all(int fd, const struct stat *st, struct file_text *out, char error[FILE_ERROR_SIZE])
{
    size_t size = (size_t)st->st_size;
    ssize_t got = 1;

    out->text = malloc(size + 1);
    if (out->text == NULL) {
        snprintf(error, FILE_ERROR_SIZE, "no memory to read it");
        return false;
    }
    while (got > 0 && out->n < size) {
        got = read(fd, out->text + out->n, size - out->n);
        if (got > 0)
            out->n += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    out->text[out->n] = '\0';
    if (got < 0) {
        snprintf(error, FILE_ERROR_SIZE, "%s", strerror(errno));
        return false;
    }
    if (has_changed(fd, st)) {
        snprintf(error, FILE_ERROR_SIZE, "was written to while it was read; replace the file with mv instead");
        return false;
    }
    return true;
}

bool file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE])
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    bool done = false;

    *out = (struct file_text){.text = NULL};
    if (fd < 0 || fstat(fd, &st) != 0)
        snprintf(error, FILE_ERROR_SIZE, "%s", strerror(errno));
    else if (is_safe(&st, limit, error))
        done = read_all(fd, &st, out, error);
    if (fd >= 0)
        close(fd);
    if (!done) {
        free(out->text);
        *out = (struct file_text){.text = NULL};
        return false;
    }
    out->world_readable = (st.st_mode & S_IROTH) != 0;
    return true;
}

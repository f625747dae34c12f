/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: whoever can write the policy decides which mail is lost. A file that everybody may write is refused, and so is
 * one that a group may write, unless it is root's, our own or the primary group of its owner (a umask of 002).
 */
#include "files.h"

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
    return owner && owner->pw_gid == st->st_gid;
}

static bool is_safe(const struct stat *st, char error[FILE_ERROR_SIZE])
{
    if (S_ISDIR(st->st_mode)) {
        snprintf(error, FILE_ERROR_SIZE, "is a directory, expected a file");
        return false;
    }
    if (!S_ISREG(st->st_mode))
        return true;
    if (st->st_mode & S_IWOTH) {
        snprintf(error, FILE_ERROR_SIZE, "everybody may write it, expected at most its owner (chmod o-w)");
        return false;
    }
    if ((st->st_mode & S_IWGRP) && !is_trusted_group(st)) {
        snprintf(error, FILE_ERROR_SIZE, "group %lu may write it, expected at most its owner (chmod g-w)",
                 (unsigned long)st->st_gid);
        return false;
    }
    return true;
}

static bool read_all(int fd, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE])
{
    size_t room = 0;
    ssize_t got = 1;

    while (got > 0 && out->n <= limit) {
        if (out->n + 1 >= room) {
            char *larger = realloc(out->text, room = room ? room * 2 : 8192);
            if (!larger) {
                snprintf(error, FILE_ERROR_SIZE, "no memory to read it");
                return false;
            }
            out->text = larger;
        }
        got = read(fd, out->text + out->n, room - out->n - 1);
        if (got > 0)
            out->n += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    if (got < 0) {
        snprintf(error, FILE_ERROR_SIZE, "%s", strerror(errno));
        return false;
    }
    if (out->n > limit) {
        snprintf(error, FILE_ERROR_SIZE, "larger than %zu bytes", limit);
        return false;
    }
    out->text[out->n] = '\0';
    return true;
}

bool file_is_safe(const char *path, char error[FILE_ERROR_SIZE])
{
    struct stat st;

    return stat(path, &st) != 0 || is_safe(&st, error);
}

bool file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    bool done;

    *out = (struct file_text){ .text = NULL };
    if (fd < 0 || fstat(fd, &st) != 0) {
        snprintf(error, FILE_ERROR_SIZE, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return false;
    }
    out->world_readable = S_ISREG(st.st_mode) && (st.st_mode & S_IROTH);
    done = is_safe(&st, error) && read_all(fd, limit, out, error);
    close(fd);
    if (!done) {
        free(out->text);
        out->text = NULL;
    }
    return done;
}

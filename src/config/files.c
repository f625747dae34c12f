/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * files: whoever can write the policy decides which mail is lost. A file that everybody may write is refused, and so is
 * one that a group may write, unless it is root's, our own or the primary group of its owner (a umask of 002). So is a
 * pipe: we would wait for who writes to it, and every question with us.
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

enum { PIECE = 16384 };

struct file_lines {
    int fd;
    struct stat opened;
    size_t limit, total;
    size_t begin, end; /* of what no one has taken yet */
    bool ended;
    char bytes[PIECE];
};

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
    if (S_ISFIFO(st->st_mode)) {
        snprintf(error, FILE_ERROR_SIZE, "is a pipe, expected a file");
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

/* A descriptor, and what it is of; -1 with a text in error. */
static int open_safely(const char *path, struct stat *st, char error[FILE_ERROR_SIZE])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, st) != 0)
        snprintf(error, FILE_ERROR_SIZE, "%s", strerror(errno));
    else if (is_safe(st, error))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool file_read(const char *path, size_t limit, struct file_text *out, char error[FILE_ERROR_SIZE])
{
    struct stat st;
    int fd = open_safely(path, &st, error);
    bool done;

    *out = (struct file_text){.text = NULL};
    if (fd < 0)
        return false;
    out->world_readable = S_ISREG(st.st_mode) && (st.st_mode & S_IROTH);
    done = read_all(fd, limit, out, error);
    close(fd);
    if (!done) {
        free(out->text);
        out->text = NULL;
    }
    return done;
}

struct file_lines *file_lines_open(const char *path, size_t limit, char error[FILE_ERROR_SIZE])
{
    struct stat st;
    int fd = open_safely(path, &st, error);
    struct file_lines *f = fd < 0 ? NULL : malloc(sizeof(*f));

    if (f) {
        f->fd = fd;
        f->opened = st;
        f->limit = limit;
        f->total = f->begin = f->end = 0;
        f->ended = false;
    } else if (fd >= 0) {
        snprintf(error, FILE_ERROR_SIZE, "no memory to read it");
        close(fd);
    }
    return f;
}

static bool has_changed(const struct file_lines *f)
{
    struct stat now;

    return S_ISREG(f->opened.st_mode) &&
           (fstat(f->fd, &now) != 0 || now.st_size != f->opened.st_size ||
            now.st_mtim.tv_sec != f->opened.st_mtim.tv_sec || now.st_mtim.tv_nsec != f->opened.st_mtim.tv_nsec);
}

/* Fills the room behind what is left of the last piece. */
static bool fill(struct file_lines *f, char error[FILE_ERROR_SIZE])
{
    ssize_t got;

    f->end -= f->begin;
    memmove(f->bytes, f->bytes + f->begin, f->end);
    f->begin = 0;
    if (f->end == PIECE) /* one line, and far too long: of its middle nothing is needed */
        f->end = PIECE / 2;
    do
        got = read(f->fd, f->bytes + f->end, PIECE - f->end);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        snprintf(error, FILE_ERROR_SIZE, "%s", strerror(errno));
        return false;
    }
    f->ended = got == 0;
    f->end += (size_t)got;
    f->total += (size_t)got;
    if (f->total > f->limit) {
        snprintf(error, FILE_ERROR_SIZE, "larger than %zu bytes", f->limit);
        return false;
    }
    if (f->ended && has_changed(f)) {
        snprintf(error, FILE_ERROR_SIZE, "was written to while it was read, expected a new file under its name (mv)");
        return false;
    }
    return true;
}

enum work file_lines_next(struct file_lines *f, const char **text, size_t *n, char error[FILE_ERROR_SIZE])
{
    const char *last;

    if (f->ended)
        return WORK_DONE;
    if (!fill(f, error))
        return WORK_FAILED;
    last = f->ended ? f->bytes + f->end : memrchr(f->bytes, '\n', f->end);
    *text = f->bytes;
    *n = last == NULL ? 0 : (size_t)(last - f->bytes) + !f->ended;
    f->begin = *n;
    return WORK_LEFT;
}

void file_lines_close(struct file_lines *f)
{
    if (!f)
        return;
    close(f->fd);
    free(f);
}

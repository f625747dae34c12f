/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lines: reads files through zlib, which passes plain ones on as they are.
 */
#include "lines.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "progress.h"

enum {
    BUFFER_SIZE = 256 << 10, /* the longest line, too */
    PROGRESS_LINES = 4096,
};

struct lines {
    const struct ctl *ctl;
    char **files, *only; /* only: of lines_open_file(), where files points to it */
    int count, at;       /* at: the next file */
    pid_t journal;       /* of journalctl; 0: not used */
    gzFile in;
    size_t begin, end;
    bool at_end, skipping; /* the end of the file was read; the rest of a line that is too long is being skipped */
    int status;
    uint64_t lines, too_long; /* too_long: lines that were skipped */
    const char *held;         /* a line that was read, but not returned yet; NULL: none */
    size_t held_n;
    size_t skipped;           /* bytes of the line that is being skipped */
    struct progress progress; /* in bytes of the files as they are stored, compressed or not */
    off_t bytes_before;
    char buffer[BUFFER_SIZE];
};

/* Nobody knows how much will come through a pipe, so there is no bar then. */
static void measure(struct lines *l)
{
    struct stat st;
    uint64_t total = 0;

    for (int i = 0; i < l->count; i++)
        if (stat(l->files[i], &st) == 0 && S_ISREG(st.st_mode))
            total += (uint64_t)st.st_size;
    progress_begin(&l->progress, "logs", total);
    if (total == 0)
        progress_end(&l->progress);
}

struct lines *lines_open(const struct ctl *ctl, char **files, int count)
{
    struct lines *l = sure(calloc(1, sizeof(*l)));

    l->ctl = ctl;
    l->files = files;
    l->count = count;
    measure(l);
    return l;
}

struct lines *lines_open_file(const struct ctl *ctl, const char *file)
{
    struct lines *l = sure(calloc(1, sizeof(*l)));

    l->ctl = ctl;
    l->only = (char *)(uintptr_t)file; /* it is only read */
    l->files = &l->only;
    l->count = 1;
    return l;
}

/* NULL with errno. */
static gzFile open_file(const char *file)
{
    struct stat st;

    if (strcmp(file, "-") == 0)
        return gzdopen(dup(STDIN_FILENO), "rb");
    if (stat(file, &st) == 0 && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return NULL;
    }
    return gzopen(file, "rb");
}

/* The lines of helod that journalctl prints. NULL: it could not be started, which lines_close() reports. */
static gzFile open_journal(struct lines *l)
{
    char *const words[] = {"journalctl", "--quiet", "--no-pager", "--output=short-iso", "--identifier=helod", NULL};
    posix_spawn_file_actions_t actions;
    gzFile in = NULL;
    int ends[2];

    l->journal = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    if (posix_spawn_file_actions_init(&actions) == 0) {
        if (posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0 ||
            posix_spawnp(&l->journal, words[0], &actions, NULL, words, environ) != 0)
            l->journal = -1;
        posix_spawn_file_actions_destroy(&actions);
    }
    close(ends[1]);
    if (l->journal > 0)
        in = gzdopen(ends[0], "rb");
    if (!in)
        close(ends[0]);
    return in;
}

static bool open_next(struct lines *l)
{
    bool journal = l->count == 0 && l->journal == 0;

    while (journal || l->at < l->count) {
        const char *file = journal ? "the journal" : l->files[l->at++];

        errno = 0;
        l->in = journal ? open_journal(l) : open_file(file);
        l->begin = l->end = 0;
        l->at_end = l->skipping = false;
        if (l->in && gzbuffer(l->in, BUFFER_SIZE / 2) == 0)
            return true;
        if (journal)
            return false;
        l->status = ctl_fail(l->ctl, CTL_NO_INPUT, "%s: cannot be read: %s", file, strerror(errno ? errno : ENOMEM));
    }
    return false;
}

static void close_file(struct lines *l)
{
    l->bytes_before += (off_t)gzoffset(l->in);
    gzclose_r(l->in);
    l->in = NULL;
}

static const char *name_of(const struct lines *l)
{
    return l->at > 0 ? l->files[l->at - 1] : "the journal";
}

/* Moves what is left in the buffer to its start, and reads more after it. */
static void fill(struct lines *l)
{
    int n, code;

    memmove(l->buffer, l->buffer + l->begin, l->end - l->begin);
    l->end -= l->begin;
    l->begin = 0;
    n = gzread(l->in, l->buffer + l->end, (unsigned)(BUFFER_SIZE - l->end));
    if (n > 0) {
        l->end += (size_t)n;
        return;
    }
    l->at_end = true;
    gzerror(l->in, &code);
    if (n < 0 && code == Z_ERRNO)
        l->status = ctl_fail(l->ctl, CTL_NO_INPUT, "%s: cannot be read: %s", name_of(l), strerror(errno));
    else if (n < 0 || code != Z_OK)
        l->status = ctl_fail(l->ctl, CTL_DATA, "%s: damaged or cut short", name_of(l));
}

/* Drops what the buffer has of a line that is too long for it. False: the line has no end, so the file is no text. */
static bool skip(struct lines *l)
{
    if (!l->skipping) {
        l->skipping = true;
        l->skipped = 0;
        l->too_long++;
    }
    l->skipped += l->end - l->begin;
    l->begin = l->end;
    if (l->skipped <= LINES_LONGEST)
        return true;
    l->status =
        ctl_fail(l->ctl, CTL_DATA, "%s: not a text file: a line has more than %d MB", name_of(l), LINES_LONGEST >> 20);
    return false;
}

/* One line without its end; false at the end of the file. */
static bool file_line(struct lines *l, const char **line, size_t *n)
{
    for (;;) {
        char *start = l->buffer + l->begin, *newline = memchr(start, '\n', l->end - l->begin);
        bool skipped = l->skipping, whole = newline || (l->at_end && l->end > l->begin);

        if (whole) {
            *line = start;
            *n = newline ? (size_t)(newline - start) : l->end - l->begin;
            l->begin += *n + (newline != NULL);
            l->skipping = false;
            l->lines++;
            if (!skipped)
                return true;
        } else if (l->at_end) {
            return false;
        } else {
            if ((l->skipping || l->end - l->begin == BUFFER_SIZE) && !skip(l))
                return false;
            fill(l);
        }
    }
}

bool lines_next(struct lines *l, const char **line, size_t *n)
{
    while (l->in || open_next(l)) {
        if (l->lines % PROGRESS_LINES == 0)
            progress_set(&l->progress, (uint64_t)(l->bytes_before + (off_t)gzoffset(l->in)));
        if (file_line(l, line, n))
            return true;
        close_file(l);
    }
    return false;
}

bool lines_next_text(struct lines *l, char *out, size_t size, const char **wrong)
{
    uint64_t too_long = l->too_long;
    const char *line = "";
    size_t n = 0;

    *wrong = NULL;
    if (l->held) {
        line = l->held;
        n = l->held_n;
        l->held = NULL;
    } else if (lines_next(l, &line, &n)) {
        if (l->too_long > too_long) { /* lines_next() has skipped a line: that one is reported first */
            l->held = line;
            l->held_n = n;
        }
    } else if (l->too_long == too_long || l->status != CTL_OK) {
        return false;
    }
    if (l->too_long > too_long || n >= size)
        *wrong = "the line is too long";
    else if (memchr(line, '\0', n))
        *wrong = "the line has a NUL byte; expected a text file";
    n = *wrong ? 0 : n;
    memcpy(out, line, n);
    out[n] = '\0';
    return true;
}

uint64_t lines_count(const struct lines *l)
{
    return l->lines;
}

int lines_close(struct lines *l)
{
    int status = l->status, ended;

    progress_end(&l->progress);
    if (l->in)
        gzclose_r(l->in);
    if (l->journal != 0 && (l->journal < 0 || waitpid(l->journal, &ended, 0) != l->journal || !WIFEXITED(ended) ||
                            WEXITSTATUS(ended) != 0))
        status = ctl_fail(l->ctl, CTL_NO_INPUT, "the journal cannot be read: name the log files");
    free(l);
    return status;
}

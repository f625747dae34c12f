/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * saver: reads the snapshot file at start, and writes it every `snapshot` and at exit. A new snapshot is written beside
 * the old one, synced, then renamed over it.
 *
 * A child process is used because it keeps the records as they were at the fork while the event loop continues to
 * change them. The loop pays only for the fork, which copies page tables: about a millisecond for 64 MiB. Records
 * need no extra fields for the snapshot. The child only writes and leaves by _exit(). It reports errors through a
 * pipe, and the pipe's end shows that the child has finished, so SIGCHLD is not needed.
 *
 * Promises: an unusable file is renamed to FILE.unusable and reported once. A device, directory or socket in the
 * snapshot's place is neither renamed nor replaced. A history that cannot be saved is reported at start, not only when
 * the first snapshot is due. None of this causes a crash, and helod always starts.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "saver.h"
#include "snapshot.h"
#include "text.h"

enum { ERROR_SIZE = 300, PATH_SIZE = 4096, MODE = 0600, NICE = 10 };

struct saver {
    struct records *records;
    struct store_context context;
    struct event *timer, *done; /* done: the child's end of the pipe; NULL without a child */
    pid_t child;
    int pipe;
    uint64_t saved; /* of records->changes */
    bool failing;   /* has been reported */
};

static void report(const struct saver *s, bool is_error, const char *format, const char *what)
{
    char message[PATH_SIZE + ERROR_SIZE];
    struct text t;

    text_init(&t, message, sizeof(message));
    text_addf(&t, "history %s: ", s->context.settings->file);
    text_add(&t, format);
    text_add(&t, what);
    s->context.report(s->context.report_arg, is_error, message);
}

static const char *beside(const struct saver *s, const char *ending, char out[PATH_SIZE])
{
    struct text t;

    text_init(&t, out, PATH_SIZE);
    text_add(&t, s->context.settings->file);
    text_add(&t, ending);
    return out;
}

static bool fail(char *error, size_t error_size, const char *what)
{
    snprintf(error, error_size, "%s: %s", what, strerror(errno));
    return false;
}

/*
 * Without server.user helod may be root, which could rename and replace anything: /dev/null, the directory that
 * somebody named instead of a file in it, or the socket of another program.
 */
static bool is_no_file(const struct saver *s)
{
    struct stat st;

    return stat(s->context.settings->file, &st) == 0 && !S_ISREG(st.st_mode);
}

static bool fail_if_no_file(const struct saver *s, char *error, size_t error_size)
{
    if (!is_no_file(s))
        return false;
    snprintf(error, error_size, "cannot be written: there is a directory, device, pipe or socket, expected a file");
    return true;
}

/* Whatever has that name already is removed first: it could be a link, or a pipe that would block us. */
static int create(const char *path)
{
    unlink(path);
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
}

/* Each step that can fail has a name for the error report. */
static bool write_file(const struct saver *s, char *error, size_t error_size)
{
    char path[PATH_SIZE];
    FILE *out;
    bool whole;
    int fd;

    if (fail_if_no_file(s, error, error_size))
        return false;
    fd = create(beside(s, ".new", path));
    out = fd < 0 ? NULL : fdopen(fd, "wb");
    if (out == NULL) {
        fail(error, error_size, "cannot be created");
        if (fd >= 0)
            close(fd);
        return false;
    }
    whole = snapshot_write(s->records, out) && fflush(out) == 0 && fsync(fd) == 0;
    if (!whole)
        fail(error, error_size, "cannot be written");
    if (fclose(out) != 0 && whole)
        whole = fail(error, error_size, "cannot be written");
    if (whole && rename(path, s->context.settings->file) != 0)
        whole = fail(error, error_size, "cannot be renamed");
    if (!whole)
        unlink(path);
    return whole;
}

static void tell_outcome(struct saver *s, const char *error)
{
    if (error[0] != '\0' && !s->failing)
        report(s, true, "the snapshot ", error);
    else if (error[0] == '\0' && s->failing)
        report(s, false, "", "snapshots are written again");
    s->failing = error[0] != '\0';
    if (s->failing)
        s->saved = s->records->changes - 1; /* the next time again */
}

/* An administrator who names a path that helod cannot write to must learn it now, not when the history is lost. */
static void try_path(struct saver *s)
{
    char path[PATH_SIZE], error[ERROR_SIZE] = "";
    int fd = -1;

    if (!fail_if_no_file(s, error, sizeof(error)) && (fd = create(beside(s, ".new", path))) < 0)
        fail(error, sizeof(error), "cannot be created");
    if (fd >= 0)
        close(fd);
    tell_outcome(s, error);
    if (fd >= 0)
        unlink(path);
}

static void reap(struct saver *s)
{
    int status = 0;

    while (waitpid(s->child, &status, 0) < 0 && errno == EINTR)
        ;
    event_free(s->done);
    close(s->pipe);
    s->done = NULL;
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    struct saver *s = arg;
    char error[ERROR_SIZE] = "";
    ssize_t n = read((int)fd, error, sizeof(error) - 1);

    (void)what;
    error[n > 0 ? n : 0] = '\0';
    reap(s);
    /* The child's last byte is a full stop. If it is missing, the child did not finish. */
    if (n <= 0)
        snprintf(error, sizeof(error), "was not finished: its process died");
    else
        error[n - 1] = '\0';
    tell_outcome(s, error);
}

/*
 * The child closes all our sockets and exits when we do, because otherwise they could still be in use when the next
 * helod starts. Without a pipe it must not run: it could not report anything, and closing every descriptor above -1
 * would close the file that it has to write.
 */
static void child(const struct saver *s, int pipe_end)
{
    char error[ERROR_SIZE] = "";
    int out = dup2(pipe_end, STDERR_FILENO + 1);
    size_t n;

    if (out < 0)
        _exit(1);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close_range((unsigned)out + 1, ~0u, 0);
    setpriority(PRIO_PROCESS, 0, NICE);
    write_file(s, error, sizeof(error) - 1);
    n = strlen(error);
    error[n] = '.';
    _exit(write(out, error, n + 1) == (ssize_t)n + 1 ? 0 : 1);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct saver *s = arg;
    char error[ERROR_SIZE];
    int ends[2];

    (void)fd;
    (void)what;
    if (s->done != NULL || s->saved == s->records->changes)
        return;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        fail(error, sizeof(error), "cannot be begun");
        tell_outcome(s, error);
        return;
    }
    s->saved = s->records->changes;
    s->child = fork();
    if (s->child == 0)
        child(s, ends[1]);
    close(ends[1]);
    s->pipe = ends[0];
    s->done = s->child < 0 ? NULL : event_new(s->context.base, ends[0], EV_READ, on_done, s);
    if (s->done != NULL && event_add(s->done, NULL) == 0)
        return;
    tell_outcome(s, "cannot be begun: no process could be started");
    if (s->done != NULL)
        reap(s);
    else
        close(ends[0]);
}

/* The whole file; NULL with *wrong, which stays NULL when there is none. Opening waits for nobody, as a pipe would. */
static uint8_t *read_file(const struct saver *s, size_t *n, const char **wrong)
{
    int fd = open(s->context.settings->file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    FILE *in = fd < 0 ? NULL : fdopen(fd, "rb");
    uint8_t *bytes = NULL;
    struct stat st;

    if (in == NULL) {
        *wrong = errno == ENOENT ? NULL : strerror(errno);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    *wrong = "it is not a file";
    if (fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode)) {
        *wrong = "it is larger than any snapshot";
        if ((uint64_t)st.st_size <= 4 * s->context.settings->bytes)
            bytes = malloc((size_t)st.st_size + 1);
    }
    if (bytes != NULL) {
        *n = fread(bytes, 1, (size_t)st.st_size + 1, in);
        *wrong = NULL;
    }
    fclose(in);
    return bytes;
}

static void load(struct saver *s)
{
    const char *wrong = NULL;
    char aside[PATH_SIZE];
    size_t n = 0;
    uint8_t *bytes = read_file(s, &n, &wrong);

    if (bytes != NULL)
        wrong = snapshot_read(s->records, bytes, n);
    free(bytes);
    s->saved = s->records->changes;
    if (wrong == NULL)
        return;
    report(s, true, "the snapshot cannot be used: ", wrong);
    if (!s->context.read_only && !is_no_file(s) &&
        rename(s->context.settings->file, beside(s, ".unusable", aside)) == 0)
        report(s, false, "it is set aside as ", aside);
}

struct saver *saver_new(struct records *m, const struct store_context *context)
{
    struct saver *s = calloc(1, sizeof(*s));
    struct timeval every = clock_timeval(context->settings->snapshot_ms);

    if (s == NULL)
        return NULL;
    s->records = m;
    s->context = *context;
    load(s);
    if (context->read_only)
        return s;
    try_path(s);
    s->timer = event_new(context->base, -1, EV_PERSIST, on_timer, s);
    if (s->timer == NULL || event_add(s->timer, &every) != 0) {
        saver_free(s);
        return NULL;
    }
    return s;
}

void saver_free(struct saver *s)
{
    if (s == NULL)
        return;
    if (s->done != NULL)
        reap(s);
    if (s->timer != NULL)
        event_free(s->timer);
    free(s);
}

bool saver_save(struct saver *s, char *error, size_t error_size)
{
    if (s->done != NULL)
        reap(s);
    else if (s->saved == s->records->changes)
        return true;
    if (!write_file(s, error, error_size))
        return false;
    s->saved = s->records->changes;
    return true;
}

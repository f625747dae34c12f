/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process: background and PID file. Promises that the exit status of the parent says whether helod started, and
 * that the PID file is never written through a link or over that of another daemon.
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

bool process_fork(int *ready)
{
    int ends[2];
    char word = 0;
    ssize_t n;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    switch (fork()) {
    case -1:
        close(ends[0]);
        close(ends[1]);
        return false;
    case 0:
        close(ends[0]);
        setsid();
        *ready = ends[1];
        return true;
    default:
        close(ends[1]);
        do
            n = read(ends[0], &word, 1);
        while (n < 0 && errno == EINTR);
        _exit(n == 1 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
}

void process_ready(int ready)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null >= 0) {
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
            (void)dup2(null, fd);
        close(null);
    }
    (void)!write(ready, "", 1);
    close(ready);
    (void)!chdir("/");
}

static int create(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
}

/*
 * Whether the file names no running process. An empty file may belong to a daemon that ended or that is still
 * starting; it counts as ended.
 */
static bool is_stale(const char *path)
{
    char digits[32] = "";
    struct stat st;
    ssize_t n;
    long pid;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return false;
    n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, digits, sizeof(digits) - 1) : -1;
    close(fd);
    if (n < 0)
        return false;
    pid = strtol(digits, NULL, 10);
    return pid <= 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH);
}

bool process_pid_open(struct process_pid *file, const char *path, char *error, size_t error_size)
{
    *file = (struct process_pid){.fd = -1};
    if (path[0] == '\0')
        return true;
    file->path = strdup(path);
    if (file->path == NULL)
        return text_error(error, error_size, path, strerror(errno));
    file->fd = create(path);
    if (file->fd < 0 && errno == EEXIST) {
        if (!is_stale(path))
            return text_error(error, error_size, path, "exists, and belongs to a running process or is not a PID file");
        if (unlink(path) == 0)
            file->fd = create(path);
    }
    return file->fd >= 0 || text_error(error, error_size, path, strerror(errno));
}

bool process_pid_write(const struct process_pid *file)
{
    return file->fd < 0 || dprintf(file->fd, "%ld\n", (long)getpid()) > 0;
}

void process_pid_close(struct process_pid *file)
{
    if (file->fd >= 0) {
        if (unlink(file->path) != 0)
            (void)!ftruncate(file->fd, 0);
        close(file->fd);
    }
    free(file->path);
    *file = (struct process_pid){.fd = -1};
}

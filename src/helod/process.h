/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process: going into the background, and the PID file that only a daemon in the background has.
 */
#ifndef HELOD_PROCESS_H
#define HELOD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Forks. The parent never returns: it exits 0 once the child calls process_ready(), 1 when the child ends before. The
 * child returns true, in a session of its own, still with the terminal's stderr. False: could not fork.
 */
bool process_fork(int *ready);
/* Lets go of the terminal, and of the parent. */
void process_ready(int ready);

struct pid_file {
    int fd;     /* -1: none */
    char *path; /* a copy: the settings that name it may be replaced */
};

/* Makes the file, empty; one of a process that is gone is replaced. `path` "": none. False with a text in error. */
bool pid_file_open(struct pid_file *file, const char *path, char *error, size_t error_size);
bool pid_file_write(const struct pid_file *file);
/* Removes it; where that is no longer allowed it is emptied. Also after pid_file_open() failed. */
void pid_file_close(struct pid_file *file);

#endif

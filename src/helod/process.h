/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process: forks into the background, and keeps the PID file, which only a background daemon has.
 */
#ifndef HELOD_PROCESS_H
#define HELOD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Forks. The parent never returns: it exits with 0 once the child calls process_ready(), or with 1 if the child ends
 * before. The child returns true, in a session of its own, still with the terminal's stderr. False: could not fork.
 */
bool process_fork(int *ready);
/* Releases the terminal, and lets the parent exit with 0. */
void process_ready(int ready);

struct process_pid {
    int fd;     /* -1: none */
    char *path; /* a copy: the settings that name it may be replaced */
};

/*
 * Creates an empty file, and replaces that of a process that no longer runs. `path` "": none. False with a text in
 * error.
 */
bool process_pid_open(struct process_pid *file, const char *path, char *error, size_t error_size);
bool process_pid_write(const struct process_pid *file);
/* Removes the file, or empties it if removing is no longer permitted. May be called after process_pid_open() failed. */
void process_pid_close(struct process_pid *file);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reading: policy texts and files for the tests of what is read from them. What the reader said is in `messages`.
 */
#ifndef TEST_READING_H
#define TEST_READING_H

#include <stdbool.h>

#include "policyfile.h"

enum { NOVEMBER_1 = 1793491200, DAY = 86400, MESSAGES_SIZE = 16384 };

extern char messages[MESSAGES_SIZE];
extern char folder[]; /* of the files, from make_folder() to remove_folder() */

/* A policyfile_report: adds to `messages`, a line each. */
void keep(void *arg, bool is_error, const char *message);
/* The policy in this text, which the messages call "t"; `messages` is emptied first. NULL: it has mistakes. */
struct settings *read_text(const char *text);
/* The same; the test fails when there are mistakes. */
struct settings *read_good(const char *text);
struct address client(const char *text);
/* Writes a file into the folder; the path stays valid until the next call. */
const char *write_file(const char *name, const char *text);
/* Group setup and teardown. The clock stands at NOVEMBER_1. */
int make_folder(void **state);
int remove_folder(void **state);

#endif

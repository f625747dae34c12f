/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prepass: the bytes of a policy file made safe and plain before anybody parses them.
 */
#ifndef HELOD_CONFIG_PREPASS_H
#define HELOD_CONFIG_PREPASS_H

#include "problems.h"

enum { POLICYFILE_MAX = 1024 * 1024 };

/*
 * A copy of the text, same length of lines, with comments blanked and braces in balance, ended by a line end and NUL;
 * *clean_n is its length. NULL when nothing after it could be understood. What was wrong is in `p`.
 */
char *prepass(const char *text, size_t n, struct problems *p, size_t *clean_n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prepass: makes the bytes of a policy file safe to parse.
 */
#ifndef HELOD_CONFIG_PREPASS_H
#define HELOD_CONFIG_PREPASS_H

#include "problems.h"

enum { POLICYFILE_MAX = 1024 * 1024 };

/*
 * Returns a copy of the text with lines of the same length, comments replaced by spaces, balanced braces, and a final
 * line end and NUL. *clean_n is its length. Returns NULL when the text cannot be parsed any further. Problems are
 * reported to `p`.
 */
char *prepass(const char *text, size_t n, struct problems *p, size_t *clean_n);

#endif

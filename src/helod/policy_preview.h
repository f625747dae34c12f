/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * policy_preview: what a policy would do to typical greetings, in plain words, for `helod -t`.
 */
#ifndef HELOD_POLICY_PREVIEW_H
#define HELOD_POLICY_PREVIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "settings.h"

enum { POLICY_PREVIEW_GREETINGS = 13 };

/* Every policy of the file, every greeting a line; lines begin with '#', so that they may follow a policy file. False
 * without memory. */
bool policy_preview_print(const struct settings *s, FILE *out);

#endif

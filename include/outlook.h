/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outlook: what a policy would do to ten typical greetings, in plain words, for `helod -t`.
 */
#ifndef HELOD_OUTLOOK_H
#define HELOD_OUTLOOK_H

#include <stdbool.h>
#include <stdio.h>

#include "settings.h"

enum { OUTLOOK_GREETINGS = 10 };

/* Every policy of the file, every greeting a line; lines begin with '#', so that they may follow a policy file. False
 * without memory. */
bool outlook_print(const struct settings *s, FILE *out);

#endif

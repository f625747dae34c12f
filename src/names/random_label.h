/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_label: whether a label looks as if neither a language nor a numbering scheme had produced it. See
 * random_table.py.
 */
#ifndef HELOD_RANDOM_LABEL_H
#define HELOD_RANDOM_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* `label` in lower case: letters, digits, hyphens, underscores. */
bool random_label(const char *label, size_t n);

#endif

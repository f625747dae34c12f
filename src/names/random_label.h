/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_label: does a label look as if no language and no numbering scheme had made it? See random_table.py.
 */
#ifndef HELOD_RANDOM_LABEL_H
#define HELOD_RANDOM_LABEL_H

#include <stdbool.h>
#include <stddef.h>

/* `label` in lower case: letters, digits, hyphens, underscores. */
bool random_label(const char *label, size_t n);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * values: from the text of an option to its field and back, a row per type.
 */
#ifndef HELOD_CONFIG_VALUES_H
#define HELOD_CONFIG_VALUES_H

#include "options.h"
#include "region.h"

enum { VALUE_ERROR_SIZE = 256, VALUE_TEXT_SIZE = 64 };

/*
 * Checks one value (of a list: one element) and, of a type that is no list, stores it at the row's offset into base.
 * Texts are copied into the region. False with "what is wrong, expected what" in error. No text (NULL) is "no memory".
 */
bool value_read(const struct option *option, const char *text, void *base, struct region *r,
                char error[VALUE_ERROR_SIZE]);
/* A whole number as the points of a rule or the cap of a family. */
bool value_number(const char *text, int64_t min, int64_t max, int64_t *out, char error[VALUE_ERROR_SIZE]);
/* The text of a field that is no list, unquoted; it may point into `room`. */
const char *value_text(const struct option *option, const void *base, char room[VALUE_TEXT_SIZE]);
/* How much to show of an unknown macro, which runs to the end of its text. */
int value_macro_length(const char *macro);
/* True when the type is written without quotes. */
bool value_is_bare(const struct option *option);
/* The list in a field. */
const char *const *value_list(const struct option *option, const void *base);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * values: converts the text of an option to its field and back, with a row per type.
 */
#ifndef HELOD_CONFIG_VALUES_H
#define HELOD_CONFIG_VALUES_H

#include "options.h"
#include "region.h"

enum { VALUE_ERROR_SIZE = 256, VALUE_TEXT_SIZE = 64 };

/*
 * Checks one value, or one element of a list. If the type is not a list, stores it at the row's offset into base, with
 * texts copied into the region. Returns false with "what is wrong, expected what" in error. A NULL text reports "no
 * memory".
 */
bool value_read(const struct option *option, const char *text, void *base, struct region *r,
                char error[VALUE_ERROR_SIZE]);
/* Parses a whole number: the points of a rule or the cap of a family. */
bool value_number(const char *text, int64_t min, int64_t max, int64_t *out, char error[VALUE_ERROR_SIZE]);
/* Formats a field that is not a list, without quotes. The result may point into `room`. */
const char *value_text(const struct option *option, const void *base, char room[VALUE_TEXT_SIZE]);
/* True when each label has 1 to 63 letters, digits, hyphens or underscores. */
bool value_is_host(const char *text);
/* Length of an unknown macro to show in a message. */
int value_macro_length(const char *macro);
/* True when values of the type are written without quotes. */
bool value_is_bare(const struct option *option);
/* Returns the list in a field. */
const char *const *value_list(const struct option *option, const void *base);

#endif

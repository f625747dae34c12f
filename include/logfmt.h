/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logfmt: the pairs of a line that was written with TEXT_LOGFMT, one after the other.
 */
#ifndef HELOD_LOGFMT_H
#define HELOD_LOGFMT_H

#include <stdbool.h>
#include <stddef.h>

#include "json.h"

enum { LOGFMT_KEY_SIZE = 32, LOGFMT_VALUE_SIZE = 1024 };

struct logfmt {
    const char *at, *end;
    char key[LOGFMT_KEY_SIZE];
    char value[LOGFMT_VALUE_SIZE]; /* without quotes and escapes; ends at its first NUL */
    size_t size;                   /* of the value */
};

void logfmt_init(struct logfmt *l, const char *line, size_t n);
/* The next key and value; false at the end. Words without '=' are passed over, values that are too long are cut. */
bool logfmt_next(struct logfmt *l);
/* Is the value under this key a whole number? `numbers` are such keys, ended by NULL. */
bool logfmt_is_number(const char *const *numbers, const char *key);
/* Every pair as a member of the object that is open: a number where `numbers` has the key. */
void logfmt_json(const char *line, size_t n, const char *const *numbers, struct json *j);

#endif

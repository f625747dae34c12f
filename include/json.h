/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: writes JSON that stays well-formed whatever bytes the texts contain. It adds the commas itself.
 */
#ifndef HELOD_JSON_H
#define HELOD_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
    FILE *out;
    unsigned depth;
    bool filled[16]; /* by depth: has a member already, so the next one needs a comma */
};

void json_init(struct json *j, FILE *out);
/* `name` is a trusted constant inside an object, and NULL inside an array or at the top level. */
void json_open(struct json *j, const char *name, char bracket);        /* '{' or '[' */
void json_close(struct json *j, char bracket);                         /* '}' or ']' */
void json_text(struct json *j, const char *name, const char *foreign); /* NULL becomes null */
void json_number(struct json *j, const char *name, long long n);
void json_bool(struct json *j, const char *name, bool b);
void json_end(struct json *j); /* writes the final newline */

#endif

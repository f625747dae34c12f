/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json: a writer that cannot produce malformed JSON from foreign bytes. Commas are its own business.
 */
#ifndef HELOD_JSON_H
#define HELOD_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
    FILE *out;
    unsigned depth;
    bool filled[16]; /* by depth: something was written there already */
};

void json_init(struct json *j, FILE *out);
/* `name` is a constant of ours inside an object, NULL inside an array or at the top. */
void json_open(struct json *j, const char *name, char bracket);        /* '{' or '[' */
void json_close(struct json *j, char bracket);                         /* '}' or ']' */
void json_text(struct json *j, const char *name, const char *foreign); /* NULL becomes null */
void json_number(struct json *j, const char *name, long long n);
void json_bool(struct json *j, const char *name, bool b);
void json_end(struct json *j); /* the last line end */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json_fields: what the verbs print with --json, one row for each field.
 */
#ifndef HELOD_JSON_FIELDS_H
#define HELOD_JSON_FIELDS_H

struct json_field {
    const char *verb;
    const char *path; /* "findings[].rule": of each member of an array; "*" stands for any name */
    const char *meaning;
};
extern const struct json_field json_fields[]; /* ended by a NULL verb */

#endif

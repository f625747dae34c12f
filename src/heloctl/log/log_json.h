/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_json: decision lines inside JSON lines.
 */
#ifndef HELOD_LOG_JSON_H
#define HELOD_LOG_JSON_H

#include <stddef.h>

/* The inside of a JSON string up to its closing quote. Returns its length in out, 0 when it is none or too long. */
size_t log_json_string(const char *p, const char *end, char *out, size_t size);
/*
 * A decision in helod's own JSON lines, {"time":"...","level":"info","v":1,...}, back to the line that it was made of.
 * Returns its length in out; 0 when it is none.
 */
size_t log_json_decision(const char *line, size_t n, char *out, size_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_json: decision lines inside JSON lines.
 */
#ifndef HELOD_LOG_JSON_H
#define HELOD_LOG_JSON_H

#include <stddef.h>

/* Decodes a JSON string from after its opening quote. Returns the length in `out`; 0 if it is invalid or too long. */
size_t log_json_string(const char *p, const char *end, char *out, size_t size);
/*
 * Turns a decision in helod's own JSON lines, {"time":"...","level":"info","v":1,...}, back into a decision line.
 * Returns the length in `out`; 0 if it is no decision.
 */
size_t log_json_decision(const char *line, size_t n, char *out, size_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exposition: writes the metrics in the Prometheus text format and as JSON.
 */
#ifndef HELOD_EXPOSITION_H
#define HELOD_EXPOSITION_H

#include <stdio.h>

#include "json.h"
#include "metrics.h"

/* Text format 0.0.4. */
#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"
void exposition_write(const struct metrics *m, FILE *out);
/*
 * Adds the metrics as members of the object that is open. A member's name is the metric's without "helod_". Its value
 * is a number; or {label: number} by the first label, summed over the second; or, for a histogram, {count, sum, bounds,
 * buckets}.
 */
void exposition_json(const struct metrics *m, struct json *j);

#endif

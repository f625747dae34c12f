/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exposition: the metrics as text that Prometheus reads, and as JSON.
 */
#ifndef HELOD_EXPOSITION_H
#define HELOD_EXPOSITION_H

#include <stdio.h>

#include "json.h"
#include "metrics.h"

/* Text format 0.0.4. */
#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"
void exposition_write(const struct metrics *m, FILE *out);
/* Members of the object that is open: name without "helod_": number, or {label: number} (the first label, summed up
 * over the second), or {count, sum, bounds, buckets}. */
void exposition_json(const struct metrics *m, struct json *j);

#endif

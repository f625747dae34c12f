/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot: the records of the memory store as bytes.
 */
#ifndef HELOD_HISTORY_SNAPSHOT_H
#define HELOD_HISTORY_SNAPSHOT_H

#include <stdio.h>

#include "records.h"

/* Writes all records; false when the stream failed. */
bool snapshot_write(const struct records *m, FILE *out);
/* Reads into empty records. Returns NULL, or an error text; then they are empty again. */
const char *snapshot_read(struct records *m, const uint8_t *bytes, size_t n);
/* The checksum that ends a snapshot of these bytes. */
uint64_t snapshot_checksum(uint64_t so_far, const uint8_t *bytes, size_t n);
enum { SNAPSHOT_CHECKSUM_SIZE = 8 };

#endif

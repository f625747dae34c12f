/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * saver: when and where the records of the memory store are saved.
 */
#ifndef HELOD_HISTORY_SAVER_H
#define HELOD_HISTORY_SAVER_H

#include "records.h"

struct saver;
/* Reads the snapshot, too. NULL: no memory. */
struct saver *saver_new(struct records *m, const struct store_context *context);
void saver_free(struct saver *s); /* does not save */
/* Saves now, and waits until it is done. */
bool saver_save(struct saver *s, char *error, size_t error_size);

#endif

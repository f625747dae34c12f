/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exemption_hits: counts how often each exemption applied, so that unused ones are easy to find. The counts survive a
 * reload.
 */
#ifndef HELOD_EXEMPTION_HITS_H
#define HELOD_EXEMPTION_HITS_H

#include <stdint.h>

#include "settings.h"

struct table;

struct table *exemption_hits_new(void); /* NULL: no memory, no randomness. table_free() frees it. */
/* Counts one use of an exemption. If there is no memory, it is not counted. */
void exemption_hits_add(struct table *hits, const struct exemption *entry);
uint64_t exemption_hits_get(const struct table *hits, const struct exemption *entry);

#endif

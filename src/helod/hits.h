/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hits: how often each exemption counted, so that stale ones show. The counts survive a reload.
 */
#ifndef HELOD_HITS_H
#define HELOD_HITS_H

#include <stddef.h>
#include <stdint.h>

#include "settings.h"

struct hits;

struct hits *hits_new(void); /* NULL: no memory */
void hits_free(struct hits *h);
/* An exemption was used. Without memory it goes uncounted. */
void hits_add(struct hits *h, const struct exemption *entry);
uint64_t hits_get(const struct hits *h, const struct exemption *entry);

#endif

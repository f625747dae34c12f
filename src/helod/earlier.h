/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * earlier: what was decided within the last minute, by policy, client, HELO name, sender, client_name and encryption. A
 * client that exceeds its limit is answered from it, so that it never gets a better answer than before.
 */
#ifndef HELOD_EARLIER_H
#define HELOD_EARLIER_H

#include <stddef.h>
#include <stdint.h>

#include "evidence.h"
#include "region.h"
#include "verdict.h"

struct earlier;

struct earlier *earlier_new(size_t max); /* the most verdicts that it keeps; NULL: no memory, no randomness */
void earlier_free(struct earlier *all);
/*
 * Keeps the verdict if it cost lookups. If the client's own limit forbade lookups, the verdict kept for the same
 * greeting may replace this one: always if this is a deferral only because of the limit, otherwise only if the kept
 * one is worse.
 */
void earlier_apply(struct earlier *all, const struct evidence *e, uint64_t now_ms, struct region *r, struct verdict *v);

#endif

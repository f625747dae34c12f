/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * header: the header that PREPEND writes. Private to the room.
 */
#ifndef HELOD_HEADER_H
#define HELOD_HEADER_H

#include "decision.h"

/* "Name: value" by policy->header, at most REPLY_HEADER_MAX bytes, in the region; NULL without memory. */
const char *header_make(const struct verdict *v, const struct evidence *e, struct region *r);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * series: how the names of a pool are numbered (mail01, mail02, …), and which of them do not fit. Pure.
 */
#ifndef HELOD_SERIES_H
#define HELOD_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "region.h"

struct series_name {
    const char *name;   /* a host name in lower case */
    const char *domain; /* its registrable domain, the end of `name`; NULL: none */
    const char *odd;    /* set: why it does not fit, in the region; NULL: it does */
};

struct series;

/*
 * Three or more names of one domain that differ only in their last number are a series. A name is odd when
 * - series hold more than half of its domain's names, and it is in none;
 * - another domain holds nine tenths of ten or more names;
 * - its number is padded in another way than most of its series;
 * - it is written with other hyphens than more names that are otherwise alike.
 * A name that is given twice counts once. Sets `odd` of all; NULL: no memory. The region holds the result.
 */
struct series *series_judge(struct series_name *names, size_t count, struct region *r);

/*
 * A name for one more host: the lowest number of the domain's largest series that is free and was not given before.
 * NULL: the domain (NULL: the one with most names) has no series, or there is no memory.
 */
const char *series_next(struct series *series, const char *domain, struct region *r);

#endif

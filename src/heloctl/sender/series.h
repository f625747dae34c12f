/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * series: how the names of a pool are numbered (mail01, mail02, …), and which are out of line. Pure.
 */
#ifndef HELOD_SERIES_H
#define HELOD_SERIES_H

#include <stdbool.h>
#include <stddef.h>

#include "region.h"

struct series_name {
    const char *name;   /* a host name in lower case */
    const char *domain; /* its registrable domain, the end of `name`; NULL: none */
    const char *odd;    /* set: why it is out of line, in the region; NULL: it is not */
};

struct series;

/*
 * Names of one domain that differ in their last number alone are a series when they are three or more. Where series
 * hold three quarters of a domain's names, the others of that domain are odd; where a domain holds nine tenths of ten
 * or more names, names of other domains are; and in a series padded with zeros, a number padded in another way.
 * Names given twice count once. Sets `odd` of all; NULL: no memory. The region holds the result.
 */
struct series *series_judge(struct series_name *names, size_t count, struct region *r);

/*
 * A name for one more host: the lowest number of the domain's largest series that is free and was not given before.
 * NULL: the domain (NULL: the one with most names) has no series, or there is no memory.
 */
const char *series_next(struct series *series, const char *domain, struct region *r);

#endif

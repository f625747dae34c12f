/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool: the greetings that the load generator uses, and in which order.
 */
#ifndef HELOD_BENCH_POOL_H
#define HELOD_BENCH_POOL_H

#include <stdint.h>

#include "greetings.h"
#include "load_options.h"

struct pool {
    struct greeting *greetings; /* NULL: made when needed */
    uint32_t count;
    double *zipf; /* cumulated shares */
};

/*
 * Reads or makes the greetings. Sets options->pool to the number of rows of a table; without any it ends the
 * program.
 */
void pool_fill(struct pool *pool, struct load_options *options);

/* The greeting of request `number`. It may be written to *scratch. */
const struct greeting *pool_pick(const struct pool *pool, const struct load_options *options, uint32_t number,
                                 struct greeting *scratch);

/* A random number from 0 to 1; the same sequence in each run. */
double pool_share(void);

#endif

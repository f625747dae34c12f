/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * histogram: latencies in buckets that are 1/64 of their value wide, from 1 ns on. The functions are inline because the
 * load generator calls them for every reply.
 */
#ifndef HELOD_BENCH_HISTOGRAM_H
#define HELOD_BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_FINE = 6, HISTOGRAM_BUCKETS = (64 - HISTOGRAM_FINE + 1) << HISTOGRAM_FINE };

struct histogram {
    uint64_t count, max;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline unsigned histogram_bucket(uint64_t ns)
{
    unsigned shift;

    if (ns < 1u << HISTOGRAM_FINE)
        return (unsigned)ns;
    shift = 63u - (unsigned)__builtin_clzll(ns) - HISTOGRAM_FINE;
    return ((shift + 1) << HISTOGRAM_FINE) + (unsigned)((ns >> shift) & ((1u << HISTOGRAM_FINE) - 1));
}

static inline void histogram_add(struct histogram *h, uint64_t ns)
{
    h->count++;
    h->max = ns > h->max ? ns : h->max;
    h->buckets[histogram_bucket(ns)]++;
}

/* The value below which `share` (0..1) of all values are, in microseconds. */
static inline double histogram_quantile(const struct histogram *h, double share)
{
    uint64_t wanted = (uint64_t)(share * (double)h->count), seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen > wanted) {
            unsigned shift = i >> HISTOGRAM_FINE;
            uint64_t low = i & ((1u << HISTOGRAM_FINE) - 1);

            if (shift > 0)
                low = (low + (1u << HISTOGRAM_FINE)) << (shift - 1);
            return (double)low / 1000;
        }
    }
    return (double)h->max / 1000;
}

#endif

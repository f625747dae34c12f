/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool: an array of greetings. Strangers, of whom there are as many as requests, are made one by one instead.
 */
#include "pool.h"

#include <stdlib.h>

enum { POOL_MAX = 65536 };

double pool_share(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) / 9007199254740992.0;
}

void pool_fill(struct pool *pool, struct load_options *o)
{
    size_t n = 0;
    double sum = 0;

    if (o->file != NULL) {
        pool->greetings = greetings_read(o->file, &n);
        o->pool = (uint32_t)n;
        if (n == 0)
            exit(EXIT_FAILURE);
    } else if (o->order != ORDER_UNIQUE && o->pool <= POOL_MAX) {
        pool->greetings = calloc(o->pool, sizeof(*pool->greetings));
        for (uint32_t i = 0; pool->greetings != NULL && i < o->pool; i++)
            greeting_make(&pool->greetings[i], o->population, o->first + i);
    }
    pool->count = o->pool;
    if (o->order != ORDER_ZIPF)
        return;
    pool->zipf = calloc(o->pool, sizeof(*pool->zipf));
    for (uint32_t i = 0; pool->zipf != NULL && i < o->pool; i++)
        pool->zipf[i] = sum += 1.0 / (i + 1);
}

static uint32_t pick_zipf(const struct pool *pool)
{
    double wanted = pool_share() * pool->zipf[pool->count - 1];
    uint32_t low = 0, high = pool->count - 1;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (pool->zipf[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct greeting *pool_pick(const struct pool *pool, const struct load_options *o, uint32_t number,
                                 struct greeting *scratch)
{
    uint32_t i = o->order == ORDER_ZIPF                ? pick_zipf(pool)
                 : o->order == ORDER_RANDOM            ? (uint32_t)(pool_share() * o->pool)
                 : o->order == ORDER_CYCLED || o->file ? number % o->pool
                                                       : number;

    if (pool->greetings != NULL)
        return &pool->greetings[i];
    greeting_make(scratch, o->population, o->first + i);
    return scratch;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load_options: the command line of the load generator.
 */
#ifndef HELOD_BENCH_LOAD_OPTIONS_H
#define HELOD_BENCH_LOAD_OPTIONS_H

#include <stdint.h>

#include "greetings.h"

/* In which order the greetings of a pool are used. */
enum order { ORDER_CYCLED, ORDER_ZIPF, ORDER_UNIQUE, ORDER_RANDOM, ORDERS };

struct load_options {
    const char *address, *file, *pids;
    unsigned connections;
    double seconds, warmup, rate;
    double slow;       /* with -C: replies that take longer than so many seconds are reported; 0: not checked */
    uint64_t requests; /* 0: until the time is over */
    enum population population;
    enum order order;
    uint32_t pool, first;
};

/* Ends the program with the usage when an option is wrong. */
struct load_options load_options_read(int argc, char **argv);

#endif

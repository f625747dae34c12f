/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load_options: one letter for each option.
 */
#include "load_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const order_names[ORDERS] = {"cycled", "zipf", "unique", "random"};

static unsigned row_of(const char *const names[], unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    fprintf(stderr, "load: what is %s?\n", name);
    exit(EXIT_FAILURE);
}

static void usage(void)
{
    fputs("usage: load [-c connections] [-t seconds] [-w warm-up seconds] [-r requests per second] [-q requests]\n"
          "            [-p pid,pid] [-f greetings.tsv | -g clean|judged|strangers] [-o cycled|zipf|unique|random]\n"
          "            [-n pool] [-1 first number] [-C seconds that a reply may take] inet:HOST:PORT|unix:PATH\n",
          stderr);
    exit(64);
}

struct load_options load_options_read(int argc, char **argv)
{
    struct load_options options, *o = &options;
    int letter;

    options = (struct load_options){.connections = 10, .seconds = 2, .pool = 1000, .order = ORDER_CYCLED};
    while ((letter = getopt(argc, argv, "c:t:w:r:q:p:f:g:o:n:1:C:")) != -1) {
        switch (letter) {
        case 'c':
            o->connections = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 't':
            o->seconds = strtod(optarg, NULL);
            break;
        case 'w':
            o->warmup = strtod(optarg, NULL);
            break;
        case 'r':
            o->rate = strtod(optarg, NULL);
            break;
        case 'q':
            o->requests = strtoull(optarg, NULL, 10);
            break;
        case 'C':
            o->slow = strtod(optarg, NULL);
            break;
        case 'p':
            o->pids = optarg;
            break;
        case 'f':
            o->file = optarg;
            break;
        case 'g':
            o->population = row_of(population_names, POPULATION_COUNT, optarg);
            break;
        case 'o':
            o->order = row_of(order_names, ORDERS, optarg);
            break;
        case 'n':
            o->pool = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case '1':
            o->first = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        default:
            usage();
        }
    }
    if (optind + 1 != argc || o->connections == 0 || o->pool == 0 || (o->slow > 0 && (!o->file || o->rate <= 0)))
        usage();
    o->address = argv[optind];
    return options;
}

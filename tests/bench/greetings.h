/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * greetings: who asks, for the load generator, and what the DNS says of it, for the DNS server beside it. A generated
 * client is a 32-bit number; its address, its names and its records all follow from it, so that both programs agree
 * without a word between them, and there are as many strangers as one likes.
 */
#ifndef HELOD_BENCH_GREETINGS_H
#define HELOD_BENCH_GREETINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GREETING_TEXT = 256 };

struct greeting {
    char client[48], client_name[GREETING_TEXT], reverse_name[GREETING_TEXT], helo[GREETING_TEXT];
};

enum population {
    POPULATION_CLEAN,     /* greets with the name that Postfix has confirmed: needs no DNS */
    POPULATION_JUDGED,    /* greets with a pool's name, not the host's: both names and their records are looked at */
    POPULATION_STRANGERS, /* a quarter each: judged; no reverse name; access line; a name Postfix could not confirm */
    POPULATION_COUNT
};

extern const char *const population_names[POPULATION_COUNT];

void greeting_make(struct greeting *out, enum population population, uint32_t number);

/* Rows of a TSV with columns ip, rdns, helo and fcrdns named in its first line. NULL with a message on stderr. */
struct greeting *greetings_read(const char *file, size_t *count);

/* For the DNS server: the client whose name this is; false when it is no generated name, or one without address. */
bool greeting_address_of(const char *name, size_t n, uint32_t *address);
/* The reverse name of an address; "" for none. */
void greeting_reverse_of(uint32_t address, char out[GREETING_TEXT]);

#endif

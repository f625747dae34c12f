/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * greetings: the clients of the load generator, and what DNS says about them, for the DNS server beside it. A generated
 * client is a 32-bit number. Its address, names and records all follow from that number, so both programs agree without
 * exchanging a word, and there can be any number of strangers.
 */
#ifndef HELOD_BENCH_GREETINGS_H
#define HELOD_BENCH_GREETINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GREETING_TEXT = 256, GREETING_WANT = 32 };

struct greeting {
    char client[48], client_name[GREETING_TEXT], reverse_name[GREETING_TEXT], helo[GREETING_TEXT];
    char want[GREETING_WANT]; /* of a table: actions that are right, "DUNNO,PREPEND,4"; a digit is any such code */
};

enum population {
    POPULATION_CLEAN,     /* greets with the name that Postfix has confirmed: needs no DNS */
    POPULATION_JUDGED,    /* greets with a pool's name instead of its own: helod looks up both names */
    POPULATION_STRANGERS, /* a quarter each: judged; no reverse name; dynamic address; name Postfix could not confirm */
    POPULATION_COUNT
};

extern const char *const population_names[POPULATION_COUNT];

void greeting_make(struct greeting *out, enum population population, uint32_t number);

/* Rows of a TSV whose first line names its columns: ip, rdns, helo, and possibly fcrdns and want. On failure NULL, with
 * a message on stderr. */
struct greeting *greetings_read(const char *file, size_t *count);

/* For the DNS server: the client that has this name. False if the name was not generated or has no address. */
bool greeting_address_of(const char *name, size_t n, uint32_t *address);
/* The reverse name of an address, or "". */
void greeting_reverse_of(uint32_t address, char out[GREETING_TEXT]);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* silent: reverse zones that have not answered for more than an hour while others did. */
#ifndef HELOD_DNS_SILENT_H
#define HELOD_DNS_SILENT_H

#include <stdbool.h>
#include <stdint.h>

#include "hash.h"

enum { SILENT_ZONES = 1 << 12, SILENT_MINUTES = 1 << 11 };

struct silent {
    struct hash_key key;
    struct {
        uint64_t zone;                /* its hash; 0: none */
        uint32_t first, last, failed; /* minutes of its failures that count, and how many */
    } zones[SILENT_ZONES];
    struct {
        uint32_t number;
        uint16_t answered, failed; /* zones, each once */
    } minutes[SILENT_MINUTES];
    uint32_t counted[SILENT_ZONES][2]; /* by zone and whether it failed: the minute that counted it */
};

/* `s` is zeroed. False: no randomness. */
bool silent_init(struct silent *s);
/* Records the end of a lookup. `name`: as it was queried, lower case; names outside reverse zones are ignored. */
void silent_count(struct silent *s, const char *name, bool failed, uint64_t now_ms);
/* Whether the zone of this reverse name has failed for an hour while the resolver worked; see silent.c. */
bool silent_is(const struct silent *s, const char *name, uint64_t now_ms);

#endif

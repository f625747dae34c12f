/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: a dns_answer as this room keeps it: one allocation with its records and texts, counted references, and the
 * table entry by which the cache finds it.
 */
#ifndef HELOD_DNS_ANSWER_H
#define HELOD_DNS_ANSWER_H

#include <stdint.h>

#include "dns.h"
#include "table.h"

/* What cache and look-ups in flight are keyed by: the type in two bytes, then the lower-case name without a NUL. */
enum { ANSWER_KEY_MAX = 2 + DNS_NAME_SIZE - 1 };

struct answer {
    struct table_entry entry; /* key: inside this block, the name in it is view.name; cost: bytes of the block */
    uint64_t expires_ms;
    unsigned references;
    struct dns_answer view;
};

/* What an answer is made of; everything is copied. Texts of the records are offsets into `texts` (see below). */
struct answer_parts {
    const char *name;      /* asked for, lower case */
    const char *canonical; /* NULL: the name itself */
    const char *why;       /* a constant */
    enum dns_status status;
    uint16_t type, left_out;
    uint32_t ttl;
    uint16_t count;
    const struct dns_record *records;
    const char *texts;
    size_t texts_size;
    const uint32_t *offsets; /* of each record's text in `texts`; unused for addresses */
};

/* With one reference. NULL: no memory. */
struct answer *answer_new(const struct answer_parts *parts);
/* One without records. */
struct answer *answer_empty(const char *name, uint16_t type, enum dns_status status, const char *why);
struct answer *answer_ref(struct answer *a);
void answer_unref(struct answer *a); /* NULL is allowed */

#endif

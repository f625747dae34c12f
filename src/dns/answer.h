/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * answer: a dns_answer in the form this room stores: one allocation with records and texts, a reference count, and
 * the table entry by which the cache finds it.
 */
#ifndef HELOD_DNS_ANSWER_H
#define HELOD_DNS_ANSWER_H

#include <stdint.h>

#include "dns.h"
#include "table.h"

/* The key of the cache and of lookups in flight: the type in two bytes, then the lower-case name without a NUL. */
enum { ANSWER_KEY_MAX = 2 + DNS_NAME_SIZE - 1 };

struct answer {
    struct table_entry entry; /* the key points into this block, its name is view.name; the cost is the block's size */
    uint64_t expires_ms;
    unsigned references;
    struct dns_answer view;
};

/* The parts of a new answer; answer_new() copies everything. Record texts are given as offsets into `texts`. */
struct answer_parts {
    const char *name;      /* the name asked for, in lower case */
    const char *canonical; /* NULL: same as name */
    const char *why;       /* a constant */
    enum dns_status status;
    uint16_t type, left_out;
    uint32_t ttl;
    uint16_t count;
    const struct dns_record *records;
    const char *texts;
    size_t texts_size;
    const uint32_t *offsets; /* offset of each record's text in `texts`; unused for addresses */
};

/* Returns an answer with one reference, or NULL when there is no memory. */
struct answer *answer_new(const struct answer_parts *parts);
/* The same for an answer without records. */
struct answer *answer_empty(const char *name, uint16_t type, enum dns_status status, const char *why);
struct answer *answer_ref(struct answer *a);
void answer_unref(struct answer *a); /* NULL is allowed */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instance: remembers the answer for a message. Postfix sends one request per recipient, with the same `instance`. All
 * recipients get the same answer, but PREPEND is sent only once, even over several connections.
 *
 * One recipient may get another answer: the first one in whose domain HELO claims to be. Otherwise a client could
 * name "postmaster" or an unrelated recipient first, and escape what such a claim means for the others. PREPEND is
 * still sent only once.
 */
#ifndef HELOD_INSTANCE_H
#define HELOD_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct table;

enum { INSTANCE_KEY_MAX = 256 }; /* Postfix never sends anything longer */

struct instance_key {
    size_t size;   /* 0: no message; nothing is stored or found under it */
    uint64_t hash; /* in the table that it was looked up in; 0: it was not */
    char bytes[INSTANCE_KEY_MAX];
};

/* Remembers at most `max` messages; the oldest are dropped first. NULL: no memory. table_free() frees it. */
struct table *instances_new(size_t max);
/* Builds the key once per request, for finding and storing. An `instance` of "", or too long, gives a key of size 0. */
void instances_key(const char *policy, const struct address *client, const char *instance, struct instance_key *out);
/* Whether HELO is the recipient's domain or lies under it, compared as text. */
bool instances_is_claimed(const char *helo, const char *recipient);
/* Makes it the key of the message's recipients whose domain HELO claims. False: it is one already, or of size 0. */
bool instances_key_of_claimed(struct instance_key *key);
/* The stored answer, in the protocol's form; NULL when there is none. Valid until the next call. */
const char *instances_find(struct table *t, struct instance_key *key, uint64_t now_ms, size_t *size);
/*
 * Stores the answer to later requests about the message, in the protocol's form. It replaces an earlier one. Without
 * memory nothing is stored, and the next recipient is judged again.
 */
void instances_keep(struct table *t, const struct instance_key *key, uint64_t until_ms, const char *answer,
                    size_t size);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instance: answers kept by message. Postfix asks once for every recipient, with the same `instance`: all get the
 * answer that the first one got, but a PREPEND is handed out once, over reconnects too.
 */
#ifndef HELOD_INSTANCE_H
#define HELOD_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"

struct instances;

enum { INSTANCE_KEY_MAX = 256 }; /* a longer key is no Postfix's */

/* Of one message, in one table. */
struct instance_key {
    uint64_t hash;
    uint16_t size; /* 0: nothing is kept or found */
    char bytes[INSTANCE_KEY_MAX];
};

/* At most `max` messages, the oldest go first; each for `ttl_ms`. NULL: no memory. */
struct instances *instances_new(size_t max, uint64_t ttl_ms);
void instances_free(struct instances *t);
void instances_set_ttl(struct instances *t, uint64_t ttl_ms);
/* Made once for a question, to find and to keep by. An `instance` of "" makes a key of nothing. */
void instances_key(const struct instances *t, const char *policy, const struct address *client, const char *instance,
                   struct instance_key *out);
/*
 * What to answer to this message, in the protocol's form; NULL when it was not asked about. Valid until the next
 * call.
 */
const char *instances_find(struct instances *t, const struct instance_key *key, uint64_t now_ms, size_t *size);
/*
 * Keeps what the message's later questions are to be answered, in the protocol's form. Without memory, or with a key
 * that is too long for any Postfix, nothing is kept: the next recipient is judged anew.
 */
void instances_keep(struct instances *t, const struct instance_key *key, uint64_t now_ms, const char *answer,
                    size_t size);
size_t instances_count(const struct instances *t);

#endif

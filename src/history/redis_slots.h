/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_slots: which slot of a cluster a key is in, and what its nodes say about who owns a slot. Pure.
 */
#ifndef HELOD_HISTORY_REDIS_SLOTS_H
#define HELOD_HISTORY_REDIS_SLOTS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "redis_place.h"

enum { REDIS_SLOTS = 16384 };

/* CRC16 of the key, or of its hash tag: what is between its first "{" and the next "}", unless that is empty. */
unsigned redis_slots_of(const char *key, size_t n);
/* The first argument of a command in the form of redisFormatCommand(). NULL: it has none. */
const char *redis_slots_key(const char *command, size_t n, size_t *key_n);

/* The location of a node as another node announced it. */
struct redis_announced {
    char address[REDIS_ADDRESS_SIZE]; /* "": not announced. Not checked */
    char name[REDIS_HOST_SIZE];       /* "": not announced. With neither, it is the host that was asked */
    int port;
};

/* "MOVED 3999 10.0.0.1:6379" or "ASK ...". */
struct redis_redirect {
    bool ask; /* for this command only */
    unsigned slot;
    struct redis_announced to;
};
/* False if the error is another one. */
bool redis_slots_redirect(const char *error, struct redis_redirect *out);

/* The reply to SENTINEL get-master-addr-by-name. False: it names none. */
bool redis_slots_master(const redisReply *reply, struct redis_announced *out);

/* One row of the reply to CLUSTER SLOTS: an owner and its slots, both ends included. */
struct redis_range {
    unsigned first, last;
    struct redis_announced owner;
};
/* False if it is malformed. */
bool redis_slots_range(const redisReply *row, struct redis_range *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_reply: what a Redis or Valkey server answered, read with suspicion: a reply of another kind or out of range is
 * as good as none. Pure.
 */
#ifndef HELOD_HISTORY_REDIS_REPLY_H
#define HELOD_HISTORY_REDIS_REPLY_H

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * Of one reply: nothing we ask for has more elements in an array (CLUSTER SLOTS has one for each slot at most), more
 * elements in all, or longer texts.
 */
enum { REDIS_ELEMENTS_MAX = 16384, REDIS_TOTAL_MAX = 1 << 19, REDIS_REPLY_MAX = 1 << 20 };

/* What a connection waits for. */
struct redis_expected {
    const redisAsyncContext *connection;
    const char *channel; /* after the last reply come messages of this channel; NULL: nothing may come */
    unsigned total;      /* elements of the current reply */
    bool unasked;        /* the server sent a reply or a push message that no command asked for */
};

/*
 * Makes two things an error of the connection: more elements than any reply that we ask for has, for which hiredis
 * would allocate memory, and a reply that no command waits for. `expected` lives as long as the reader; NULL
 * where the replies belong to no connection.
 */
void redis_reply_bound(redisReader *reader, struct redis_expected *expected);
/* More bytes wait for the rest of a reply than any that we ask for has. */
bool redis_reply_is_endless(const redisReader *reader);

/* The reply to ZCOUNT. False: it is none. */
bool redis_reply_count(const redisReply *reply, unsigned *out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_reply: reads replies of a Redis or Valkey server without trusting them. A reply of the wrong type or out of
 * range is treated like no reply. Pure.
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
 * Makes the reader fail, which closes the connection, on a reply that no command waits for and on one with more
 * elements than any reply to our commands, for which hiredis would allocate memory. `expected` must live as long as the
 * reader; NULL if the replies do not come from a connection.
 */
void redis_reply_bound(redisReader *reader, struct redis_expected *expected);
/* More bytes wait for the rest of a reply than any that we ask for has. */
bool redis_reply_is_endless(const redisReader *reader);

/* The reply to ZCOUNT. False: it is none. */
bool redis_reply_count(const redisReply *reply, unsigned *out);

#endif

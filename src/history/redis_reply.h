/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_reply: what a Redis or Valkey server answered, read with suspicion: a reply of another kind or length, or one
 * out of range, is as good as none. Pure.
 */
#ifndef HELOD_HISTORY_REDIS_REPLY_H
#define HELOD_HISTORY_REDIS_REPLY_H

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#include "store.h"

/* The commands of one question, in the order in which redis.c sends them. */
enum redis_ask {
    REDIS_ASK_TIMES,    /* HMGET first last */
    REDIS_ASK_DOMAINS,  /* ZCOUNT */
    REDIS_ASK_NAMES,    /* ZCOUNT */
    REDIS_ASK_NETWORKS, /* ZCOUNT */
    REDIS_ASK_LIVE,     /* the first two verified domains of the window */
    REDIS_ASK_TOP,      /* the verified domain with most greetings, with their number */
    REDIS_ASK_LAST,     /* ZSCORE of this domain: last time, number, first time */
    REDIS_ASK_COUNT,
    REDIS_ASK_FIRST,
    REDIS_ASK_MISFITS,     /* ZCOUNT */
    REDIS_ASK_MISFIT_DAYS, /* ZCOUNT */
    REDIS_ASK_ENCRYPTED,   /* ZCOUNT */
    REDIS_ASKS
};

/* Of one reply: nothing we ask for has more elements in an array, or more bytes in all. */
enum { REDIS_ELEMENTS_MAX = 4096, REDIS_REPLY_MAX = 1 << 20 };

/* What a connection waits for. */
struct redis_expected {
    const redisAsyncContext *connection;
    bool unasked; /* the server sent a reply or a push message that no command asked for */
};

/*
 * Makes two things an error of the connection: an array of more elements than any that we ask for has, for which
 * hiredis would allocate memory, and a reply that no command waits for. `expected` lives as long as the reader; NULL
 * where the replies belong to no connection.
 */
void redis_reply_bound(redisReader *reader, struct redis_expected *expected);
/* More bytes wait for the rest of a reply than any that we ask for has. */
bool redis_reply_is_endless(const redisReader *reader);

struct redis_question {
    char domain[STORE_KEY_SIZE];
    unsigned known_count;
    uint32_t since; /* begin of the window */
    struct history_facts facts;
    /* private, between the replies */
    char only[STORE_KEY_SIZE]; /* the one live domain; "" for none or several */
    uint32_t last, first, count;
};

/* Reply number `index` to the question. False when it is not what was asked for. */
bool redis_reply_fact(struct redis_question *q, unsigned index, const redisReply *reply);
/* After the last one: what follows from several. */
void redis_reply_conclude(struct redis_question *q);

/* The commands of a listing. */
enum redis_list {
    REDIS_LIST_TIMES,
    REDIS_LIST_COUNT,
    REDIS_LIST_SEEN,
    REDIS_LIST_NUMBERS,
    REDIS_LIST_FIRST,
    REDIS_LIST_MISFITS,     /* of the record itself, of no list */
    REDIS_LIST_MISFIT_DAYS, /* the same */
};
bool redis_reply_list(struct store_record *record, enum store_kind kind, enum redis_list what, const redisReply *reply);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_record: the records in Redis. Each is one sorted set, so that one command reads it and one command adds a
 * greeting to it. A member is a letter and a text, and its score is a time in seconds or a number. Of a network:
 *
 *     f           the first greeting
 *     r           the last verified greeting; misfits before it no longer count
 *     nNAME       an unverified name
 *     dDOMAIN     an unverified registrable domain
 *     mMINUTE     a misfit, by the minute of the wall clock
 *     vDOMAIN     a verified domain, by its last greeting
 *     wDOMAIN     the same, by its first greeting
 *     kDOMAIN     the same, by the number of its greetings
 *
 * Of a name or a policy, aNETWORK is a neighbourhood that used it.
 *
 * The time of a last greeting is stored as a negative number. Therefore ZADD with LT, which only lowers a score, keeps
 * the earliest first time and the latest last time in one command, whatever order the hosts write in. The order of the
 * set is that of its scores, so the last times come first, latest first. REDIS_RECORD_NAMES is added to the score of a
 * name, so that names come last: no rule counts them, and a query need not read them. Pure.
 */
#ifndef HELOD_HISTORY_REDIS_RECORD_H
#define HELOD_HISTORY_REDIS_RECORD_H

#include <hiredis/hiredis.h>

#include "store.h"

enum {
    REDIS_RECORD_READ = 1024, /* maximum number of members of a record that are read */
    REDIS_RECORD_VERIFIED = 32,
    REDIS_RECORD_MISFITS = 64,
};

/* The score of a name that was seen at the time 0. All other scores are below 2^32. */
#define REDIS_RECORD_NAMES ((long long)1 << 33)

/* The begin of the window, and how many a record keeps: of names and domains each, and of neighbourhoods. */
struct redis_record_bounds {
    uint32_t since;
    unsigned names, networks;
};

/*
 * These read the reply to ZRANGE or ZRANGEBYSCORE with WITHSCORES, REDIS_RECORD_READ members at most; false if it is
 * malformed. A record that does not exist, or of which nothing is in the window, leaves *facts or *out as it was.
 */
bool redis_record_facts(const redisReply *reply, uint32_t since, const struct store_keys *keys,
                        struct history_facts *facts);
bool redis_record_list(const redisReply *reply, const struct redis_record_bounds *bounds, enum store_subject subject,
                       struct store_record *out);

/*
 * The members of a network's record to remove: those that have left the window, and those beyond the bounds. Of names,
 * domains and misfits the oldest go first. Of verified domains those with the fewest greetings go first, so that what a
 * mail server has earned outlives the domains that bots behind the same NAT are verified for. The members point into
 * the reply.
 */
struct redis_record_excess {
    unsigned count;
    const char *members[REDIS_RECORD_READ];
    size_t sizes[REDIS_RECORD_READ];
};
bool redis_record_excess(const redisReply *reply, const struct redis_record_bounds *bounds,
                         struct redis_record_excess *out);

#endif

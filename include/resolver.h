/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver: asynchronous DNS lookups with a bounded cache, using c-ares on libevent.
 *
 * resolver_ask() never calls back before it returns. It calls back exactly once, or never if the query is cancelled.
 * Answers are borrowed: an answer is valid during the callback or, from resolver_cached() and resolver_get(), until
 * the next call of the resolver; copy what must live longer. Identical queries in flight share one lookup, and a
 * lookup whose queries were cancelled still fills the cache.
 *
 * A name that does not fit in a DNS message (an empty label, a label over 63 bytes, over 253 bytes in total) is
 * answered NXDOMAIN without a query. Every other name is sent byte for byte, because RFC 7208 macros build names
 * that are not host names; callers that want host names check first (names.h).
 */
#ifndef HELOD_RESOLVER_H
#define HELOD_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns.h"

struct event_base;
struct resolver;
struct resolver_query;

struct resolver_options {
    const char *const *servers; /* NULL-terminated: "address", "address:port", "[v6]:port"; empty: use resolv.conf */
    const char *resolv_conf;    /* file to watch when no servers are given; NULL: /etc/resolv.conf */
    uint64_t timeout_ms;        /* per try */
    unsigned tries;             /* at least 1 */
    size_t cache_entries;       /* 0: no cache */
    size_t in_flight;           /* concurrent lookups; further ones queue, up to ten times as many */
    uint32_t ttl_min, ttl_max, negative_ttl_max, failure_ttl; /* seconds */
    bool edns;
    uint64_t watch_ms; /* how often resolv.conf is checked for changes; 0: every 2 s */
};

struct resolver_stats {
    uint64_t asked;                          /* queries from callers */
    uint64_t hits;                           /* of these, answered from the cache */
    uint64_t shared;                         /* of these, joined to a lookup already in flight */
    uint64_t sent;                           /* lookups passed to c-ares */
    uint64_t refused;                        /* the queue was full: answered temperror at once */
    uint64_t by_status[DNS_TYPE_NUMBERS][4]; /* finished lookups, by dns_type_number() and enum dns_status */
    size_t in_flight, waiting, cached, cached_bytes;
};

typedef void resolver_done(void *arg, const struct dns_answer *answer, bool from_cache);

struct resolver_question {
    const char *name;
    enum dns_type type;
    struct address source; /* base of the client network that chose the name; ADDRESS_NONE: no client chose it */
    resolver_done *done;
    void *arg;
};

/* Returns NULL with a text in error when there is no memory, no resolver, or a malformed server address. */
struct resolver *resolver_new(struct event_base *base, const struct resolver_options *options, char *error,
                              size_t error_size);
/* Cancels everything without calling back. Must not be called from inside a callback. NULL is allowed. */
void resolver_free(struct resolver *r);
/*
 * Changes servers and limits. The cache is kept, and lookups in flight finish on the old channel. Returns false with
 * a text in error when nothing was changed. When no servers are configured this happens automatically whenever
 * resolv.conf is rewritten.
 */
bool resolver_reconfigure(struct resolver *r, const struct resolver_options *options, char *error, size_t error_size);

/* Returns NULL only when there is no memory; then there is no callback. */
struct resolver_query *resolver_ask(struct resolver *r, const char *name, enum dns_type type, resolver_done *done,
                                    void *arg);
/* Returns a cached answer at once and sets *query to NULL. Otherwise it returns NULL and asks like resolver_ask(). */
const struct dns_answer *resolver_get(struct resolver *r, const struct resolver_question *question,
                                      struct resolver_query **query);
void resolver_cancel(struct resolver_query *q);
/* Looks in the cache only. Returns NULL when the answer is not there. */
const struct dns_answer *resolver_cached(struct resolver *r, const char *name, enum dns_type type);
/* Counts `answers` queries that a caller answered from its own copy of cached answers, as asked and as hits. */
void resolver_count_hits(struct resolver *r, unsigned answers);

void resolver_stats(const struct resolver *r, struct resolver_stats *out);
/*
 * Percentage of the last minute's lookups that failed temporarily. One broken zone or one client must not dominate it:
 * each zone (registered domain, /24, /48) counts at most once as failed and once as answered, and each client network
 * adds at most four zones of either kind. Returns -1 while fewer than 20 were counted.
 */
int resolver_trouble(const struct resolver *r);
/*
 * Whether the zone of a reverse name has failed for more than an hour while the resolver worked. That takes three
 * failures with no answer in between, each at a time when other reverse zones answered.
 */
bool resolver_zone_is_silent(const struct resolver *r, const char *reverse_name);
/* Version of the c-ares library in use, such as "1.18.1", for -V and bug reports. */
const char *resolver_version(void);
/* A known problem of this c-ares version, for the log at start; NULL when there is none. */
const char *resolver_warning(struct resolver *r);
/* The servers in use, "127.0.0.1:53 …", for the log. Valid until the next call of this function. */
const char *resolver_servers(struct resolver *r);

#endif

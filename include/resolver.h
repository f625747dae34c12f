/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver: asynchronous look-ups with a bounded cache, over c-ares on libevent.
 *
 * resolver_ask() never calls back before it returns, and calls back exactly once unless the query is cancelled, then
 * never. An answer is borrowed: it is valid during the callback (or until the next call of the resolver, for
 * resolver_cached and resolver_get) and is copied by who keeps it. Identical questions in flight share one look-up; a
 * cancelled one still fills the cache. A name that cannot stand in a DNS message (an empty label, one over 63 bytes,
 * over 253 bytes in all) answers NXDOMAIN without being asked; any other is asked byte for byte, since RFC 7208 macros
 * build names that are no host names: callers that want host names look first (names.h). (c-ares 1.34 does not send
 * bytes that no host name has: there the answer is a temporary failure, "unasked".)
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
    const char *const *servers; /* NULL-terminated "address" or "address:port", "[v6]:port"; empty: resolv.conf */
    const char *resolv_conf;    /* path that is watched when there are no servers; NULL: /etc/resolv.conf */
    uint64_t timeout_ms;        /* of one try */
    unsigned tries;             /* at least 1 */
    size_t cache_entries;       /* 0: no cache */
    size_t in_flight;           /* look-ups at once; past it a question waits in line, up to ten times as many */
    uint32_t ttl_min, ttl_max, negative_ttl_max, failure_ttl; /* seconds */
    bool edns;
    uint64_t watch_ms; /* how often resolv.conf is looked at; 0: every 2 s */
};

struct resolver_stats {
    uint64_t asked;                          /* questions put to us */
    uint64_t hits;                           /* answered from the cache */
    uint64_t shared;                         /* joined one in flight */
    uint64_t sent;                           /* look-ups given to c-ares */
    uint64_t refused;                        /* over the bounds: answered temperror at once */
    uint64_t by_status[DNS_TYPE_NUMBERS][4]; /* look-ups that ended, by dns_type_number() and enum dns_status */
    size_t in_flight, waiting, cached, cached_bytes;
};

typedef void resolver_done(void *arg, const struct dns_answer *answer, bool from_cache);

struct resolver_question {
    const char *name;
    enum dns_type type;
    resolver_done *done;
    void *arg;
};

/* NULL with a text in error (no memory, no resolver found, a malformed server). */
struct resolver *resolver_new(struct event_base *base, const struct resolver_options *options, char *error,
                              size_t error_size);
/* Cancels all without calling back. Not from inside a callback. NULL is allowed. */
void resolver_free(struct resolver *r);
/* New servers and limits; the cache stays; look-ups in flight end on the old channel. False: nothing changed. Without
 * servers the same happens by itself when resolv.conf is rewritten. */
bool resolver_reconfigure(struct resolver *r, const struct resolver_options *options, char *error, size_t error_size);

/* NULL only when there is no memory: then nothing is called back. */
struct resolver_query *resolver_ask(struct resolver *r, const char *name, enum dns_type type, resolver_done *done,
                                    void *arg);
/* What the cache has comes back at once, borrowed, and *query is NULL. Else NULL, and *query is as resolver_ask()'s. */
const struct dns_answer *resolver_get(struct resolver *r, const struct resolver_question *question,
                                      struct resolver_query **query);
void resolver_cancel(struct resolver_query *q);
/* From the cache alone; NULL when it is not there. */
const struct dns_answer *resolver_cached(struct resolver *r, const char *name, enum dns_type type);
/* So many answers of the cache served again without being asked for: they count as asked, and as hits. */
void resolver_count_hits(struct resolver *r, unsigned answers);

void resolver_stats(const struct resolver *r, struct resolver_stats *out);
/*
 * Temporary failures of the last minute's look-ups in percent, each zone (registered domain, /24, /48) counted once as
 * failed and once as not; -1 while there are too few (under 20).
 */
int resolver_trouble(const struct resolver *r);
/* The c-ares library that runs, "1.18.1", for -V and bug reports. */
const char *resolver_version(void);
/* What is known against this c-ares, for the log at start; NULL: nothing. */
const char *resolver_warning(struct resolver *r);
/* The servers in use, "127.0.0.1:53 …", for the log. Valid until the next call. */
const char *resolver_servers(struct resolver *r);

#endif

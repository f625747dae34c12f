/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * asking: the resolver over sockets, c-ares and libevent as they are, against two of tests/lib/faultdns.py on loopback
 * with the same zone. What was asked is read from their query logs.
 */
#ifndef TEST_ASKING_H
#define TEST_ASKING_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "resolver.h"

enum {
    TIMEOUT_MS = 1000, /* far above what "slow" and "late" mean in the zone, and what a busy machine adds */
    TRIES = 2,
    BOUND_MS = TIMEOUT_MS * TRIES + 900, /* still under what a third try would take */
    PATIENCE_MS = 60000,                 /* what hangs must end */
    OUT_SIZE = 2048,
    ASKS = 256
};

struct server {
    pid_t pid;
    unsigned port;
    char text[32], log[64];
};

struct ask {
    char out[OUT_SIZE];
    enum dns_status status;
    int called;
    bool from_cache;
    uint64_t at_ms;
    const char *why;
};

extern char folder[]; /* for files of the tests */
extern struct server servers[2];
extern struct event_base *base;
extern struct resolver *resolver; /* asks servers[0] to begin with */
extern struct ask asks[ASKS];
extern int outstanding; /* questions without an answer */

/* The zone and more lines of this form, in both. Nonzero: they did not start. */
int servers_start(const char *more);
int servers_stop(void **state);
/* Queries for a name that the server has seen; of any type. */
int seen(const struct server *s, const char *name);

/* Of each test: `base`, `resolver` and empty `asks`. */
int setup(void **state);
int teardown(void **state);
struct resolver_options defaults(const char *const *list);
/* asks[n] becomes the answer. */
struct resolver_query *ask(int n, const char *name, enum dns_type type);
/* The same; what is cached comes back at once, and asks[n] stays empty. */
const struct dns_answer *get(int n, const char *name);
/* Until all are answered, or so long. */
void run(unsigned ms);
/* So long, whatever is answered. */
void run_out(unsigned ms);
/* Until the resolver asks these servers. */
void run_to_servers(const char *servers_wanted);
struct resolver_stats stats(void);

#endif

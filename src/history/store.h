/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store: the interface of a history store, a row of functions that take texts. history.c makes the texts (keys) of a
 * greeting, hashes them if the settings require it, and keeps the promises of history.h about callbacks. A store only
 * has to remember.
 */
#ifndef HELOD_HISTORY_STORE_H
#define HELOD_HISTORY_STORE_H

#include "hash.h"
#include "history.h"
#include "settings.h"

enum { STORE_KEY_SIZE = 256 };

/* A greeting in the store's terms. `domain` is "" if the name has none, `name` is "" if it is invalid. */
struct store_keys {
    char network[STORE_KEY_SIZE]; /* of the client */
    char near[STORE_KEY_SIZE];    /* its neighbourhood; set only for recording something unverified or encrypted */
    char name[STORE_KEY_SIZE];
    char domain[STORE_KEY_SIZE];
    const char *policy; /* "" if its encrypted networks are not wanted; valid during the call */
    unsigned known_count;
};

enum { STORE_LISTED_MAX = 32 };

/* A record for people to read. */
struct store_listed {
    char text[STORE_KEY_SIZE];
    uint32_t seen;
    uint32_t first, count; /* of verified domains */
};
struct store_list {
    unsigned total; /* distinct in the window, whether listed or not */
    bool at_least;  /* the store counts no further than `total` */
    unsigned count;
    struct store_listed items[STORE_LISTED_MAX];
};
enum store_kind { STORE_DOMAINS, STORE_NAMES, STORE_VERIFIED, STORE_NETWORKS, STORE_KINDS };
struct store_record {
    bool found;
    uint32_t first, last;
    unsigned misfits, misfit_days;
    struct store_list lists[STORE_KINDS];
};

struct store_context {
    struct event_base *base;
    const struct history_settings *settings; /* outlives the store; history.c's copy */
    bool read_only;
    history_report *report;
    void *report_arg;
};

/* A caller that waits for an asynchronous store, and sets `answer` to NULL if it stops waiting. */
struct store_waiter {
    void (*answered)(struct store_waiter *w); /* all of `facts` or `record` has come; the store no longer uses `w` */
    void *request;                            /* private to the store; NULL: the store has no request for this waiter */
    struct history_facts facts;
    struct store_record *record; /* of show; NULL: none is wanted */
    bool ok;                     /* of show and forget */
};

enum store_subject { STORE_NETWORK, STORE_NAME, STORE_POLICY, STORE_SUBJECTS };

struct store {
    const char *name;
    /* Checks the settings on which open() would fail. Returns an error that names the option, or NULL. */
    bool (*check)(const struct history_settings *settings, char *error, size_t error_size);
    void *(*open)(const struct store_context *context, char *error, size_t error_size);
    void (*close)(void *store); /* releases all waiters */
    /* True if the answer is in *out, without waiting. */
    bool (*at_once)(void *store, const struct store_keys *keys, struct history_facts *out);
    /* Sets w->request, or leaves it NULL if there is nothing to wait for. NULL if at_once() is always true. */
    void (*ask)(void *store, const struct store_keys *keys, struct store_waiter *w);
    void (*note)(void *store, const struct store_keys *keys, bool verified);
    void (*note_encrypted)(void *store, const struct store_keys *keys); /* of `policy` and `near` */
    /* Fills *w at once, or sets w->request. */
    void (*show)(void *store, enum store_subject subject, const char *key, struct store_waiter *w);
    void (*forget)(void *store, enum store_subject subject, const char *key, struct store_waiter *w);
    void (*cancel)(void *store, struct store_waiter *w); /* NULL where ask is */
    void (*stats)(const void *store, struct history_stats *out);
    bool (*save)(void *store, char *error, size_t error_size); /* NULL: nothing to save */
};

extern const struct store store_memory, store_redis; /* store_redis: only with HAVE_HIREDIS */

#endif

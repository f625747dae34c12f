/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: how clients have greeted before. One interface, two stores: memory and redis. Without a store there is no
 * struct history.
 *
 * Every greeting is recorded under its client network; an unverified one also under its HELO name. A network's record
 * has its unverified names and registrable domains in the window, and the domains it was verified for. A name's record
 * has the neighbourhoods that used it unverified. A neighbourhood is an IPv4 /16 or an IPv6 /32, so two of them are
 * unrelated networks. The caller decides whether a greeting is verified (evidence_verified()).
 *
 * history_ask() calls back exactly once, never before it returns, and never after a cancel. If the store fails, it
 * still calls back within the store's timeout, with `known` or `name_known` false. Such facts lead to no points.
 */
#ifndef HELOD_HISTORY_H
#define HELOD_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "address.h"
#include "text.h"

struct event_base;
struct history;
struct history_query;
struct history_settings;
struct name;

/* The counts from which the rules match, copied from the settings by gather. 0: never; without a store all are 0. */
struct history_limits {
    unsigned churn_domains, shared_networks, known_days, known_count;
};

/* What the rules see of history. All zero: nothing is known. */
struct history_facts {
    struct history_limits limits;
    bool known;                   /* the store answered for the client network */
    bool name_known;              /* it also answered for the HELO name, whose record may be on another server */
    unsigned domains;             /* distinct registrable domains this client greeted with, unverified, in the window */
    unsigned names;               /* distinct unverified names; no rule needs it, so only heloctl reads it from Redis */
    unsigned networks;            /* distinct neighbourhoods that used this HELO name unverified, in the window */
    unsigned good;                /* verified greetings of this network with this registrable domain */
    unsigned good_days;           /* days between the first and the last of these */
    bool verified_other;          /* this network is known (known_count) for one domain only, and it is another one */
    unsigned misfits;             /* unverified greetings of this network since its last verified one: a lower bound */
    unsigned misfit_days;         /* number of days with such a greeting */
    unsigned encrypted_networks;  /* unrelated networks whose clients used STARTTLS under this policy recently */
    time_t first_seen, last_seen; /* of this client network; 0: never */
};

struct history_greeting {
    const struct address *client;
    const struct name *helo;
    unsigned known_count; /* of the settings, for verified_other */
    const char *policy;   /* whose encrypted_networks are counted; NULL: none */
};

/* Called once when the store fails and once when it recovers, for the log. May be called during history_new(). */
typedef void history_report(void *arg, bool is_error, const char *message);

struct history_options {
    const struct history_settings *settings; /* copied, texts and all */
    bool read_only;                          /* heloctl: records nothing and does not write the snapshot file */
    history_report *report;
    void *report_arg;
};

/*
 * Whether this build supports the settings. Opens nothing. Returns false, with a text in error that names the option,
 * if history_new() would fail.
 */
bool history_check(const struct history_settings *settings, char *error, size_t error_size);
/*
 * Opens the store, which must not be none, and reads its snapshot. Returns NULL with a text in error if there is no
 * memory or this build lacks the store. A server that is down or an unusable snapshot is no error: it is only
 * reported.
 */
struct history *history_new(struct event_base *base, const struct history_options *options, char *error,
                            size_t error_size);
/* Cancels all queries without calling back. NULL is allowed. It writes no snapshot: call history_save() first. */
void history_free(struct history *h);

typedef void history_done(void *arg, const struct history_facts *facts);

/*
 * Returns true with the facts in *out if the store answers without waiting; the answer may be that nothing is known.
 * Does not change the limits in *out.
 */
bool history_at_once(struct history *h, const struct history_greeting *greeting, struct history_facts *out);
/* Returns NULL only if there is no memory; then there is no callback. */
struct history_query *history_ask(struct history *h, const struct history_greeting *greeting, history_done *done,
                                  void *arg);
void history_cancel(struct history_query *q);
/* Records one greeting. Call it only if evidence_verified() is not OPEN. Invalid names are skipped. */
void history_note(struct history *h, const struct history_greeting *greeting, bool verified);
/*
 * Records that a client of the policy used encryption, which is how helod learns that Postfix offers STARTTLS there.
 * The record expires after HISTORY_ENCRYPTED_DAYS, or after the window if that is shorter.
 */
enum { HISTORY_ENCRYPTED_DAYS = 7 };
void history_note_encrypted(struct history *h, const struct history_greeting *greeting);

/* For heloctl and the status page. `subject` is an address, a network's address or a HELO name. */
enum history_form { HISTORY_TEXT, HISTORY_JSON };
/*
 * What is known about a subject, as lines of text or one JSON object, which the caller frees; NULL: no memory. *ok is
 * false if there is no answer, and then the text says why. For a server this runs the event loop until it answers. The
 * daemon cannot wait for that: NULL, unless the history is read_only.
 */
char *history_show(struct history *h, const char *subject, enum history_form form, bool *ok);
/*
 * Removes the record of one client network or name, even if the history is read_only. The text says what was
 * removed.
 */
char *history_forget(struct history *h, const char *subject, enum history_form form, bool *ok);

/* A Redis server, as shown in the statistics. */
enum { HISTORY_NODES_MAX = 128 };
enum history_node_state {
    HISTORY_NODE_DOWN,
    HISTORY_NODE_STANDBY,
    HISTORY_NODE_SECOND, /* a master in the list besides the one that is used */
    HISTORY_NODE_USED,
    HISTORY_NODE_STATES
};
struct history_node {
    const char *name; /* valid until the event loop continues */
    enum history_node_state state;
    unsigned slots; /* how many slots of a cluster it owns */
    uint64_t latency_us;
};

struct history_stats {
    const char *store; /* "memory", "redis" */
    bool up;
    size_t networks, names, bytes; /* of the memory store */
    uint64_t evicted;
    uint64_t asked, unknown; /* queries, and how many of them were not fully answered */
    unsigned node_count;
    struct history_node nodes[HISTORY_NODES_MAX];
};
void history_stats(const struct history *h, struct history_stats *out);
/* Writes the snapshot now and waits until it is on disk. Without a file it does nothing. False with a text in error. */
bool history_save(struct history *h, char *error, size_t error_size);

#endif

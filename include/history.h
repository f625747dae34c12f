/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * history: what a client has called itself before. One interface, several stores: none, memory, redis.
 *
 * A greeting is remembered under its client network and, unverified, under its HELO name. Of a network: the
 * unverified names and registrable domains in the window, and the domains it was verified for. Of a name: the
 * neighbourhoods (/16, /32: unrelated networks) it came from unverified. What is verified is for the caller to say
 * (evidence_verified()).
 *
 * history_ask() answers like the resolver: never before it returns, exactly once, never after a cancel. A store in
 * trouble leaves `known` or `name_known` false, no later than its timeout: no points come from it.
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

/* From which counts on the rules speak; of the settings, copied in by gather. 0: never, and so without a store. */
struct history_limits {
    unsigned churn_domains, shared_networks, known_days, known_count;
};

/* What the rules may see. All zero: nothing known. */
struct history_facts {
    struct history_limits limits;
    bool known;                   /* the store answered for the client network */
    bool name_known;              /* and for the HELO name, whose record may be on another server */
    unsigned domains;             /* distinct registrable domains this client greeted with, unverified, in the window */
    unsigned names;               /* distinct unverified names; no rule needs it, so only heloctl reads it from Redis */
    unsigned networks;            /* distinct neighbourhoods that used this HELO name unverified, in the window */
    unsigned good;                /* greetings of this network with this registrable domain that were verified */
    unsigned good_days;           /* days between the first and the last of these */
    bool verified_other;          /* the one domain that this network is known for (known_count) is not this one's */
    unsigned misfits;             /* unverified greetings of this network since its last verified one: a lower bound */
    unsigned misfit_days;         /* and on how many days */
    unsigned encrypted_networks;  /* unrelated networks whose clients came encrypted under this policy lately */
    time_t first_seen, last_seen; /* of this client network; 0: never */
};

struct history_greeting {
    const struct address *client;
    const struct name *helo;
    unsigned known_count; /* of the settings, for verified_other */
    const char *policy;   /* whose encrypted_networks are counted; NULL: none */
};

/* Reports a failure of the store, or its recovery, once each, for the log. May be called during history_new(). */
typedef void history_report(void *arg, bool is_error, const char *message);

struct history_options {
    const struct history_settings *settings; /* copied, texts and all */
    bool read_only;                          /* heloctl: notes nothing, leaves the snapshot's file alone */
    history_report *report;
    void *report_arg;
};

/*
 * Whether history_new() can succeed with these settings in this build, without opening anything. False, with a text
 * that names the option in error, when it cannot.
 */
bool history_check(const struct history_settings *settings, char *error, size_t error_size);
/*
 * Opens the store of the settings, reads its snapshot. NULL with a text in error: no memory, or a store that this
 * build does not have. A server that is down, a snapshot that cannot be used are reported, no more.
 */
struct history *history_new(struct event_base *base, const struct history_options *options, char *error,
                            size_t error_size);
/* Cancels all without calling back. NULL is allowed. Does not save: see history_save(). */
void history_free(struct history *h);

typedef void history_done(void *arg, const struct history_facts *facts);

/* True when the answer, which may be "not known", is there without waiting; the limits of *out do not change. */
bool history_at_once(struct history *h, const struct history_greeting *greeting, struct history_facts *out);
/* NULL only when there is no memory: then nothing is called back. */
struct history_query *history_ask(struct history *h, const struct history_greeting *greeting, history_done *done,
                                  void *arg);
void history_cancel(struct history_query *q);
/* Remembers one greeting. Call it only if it is certain whether the name is verified. Invalid names are skipped. */
void history_note(struct history *h, const struct history_greeting *greeting, bool verified);
/*
 * Remembers that a client of the policy came encrypted, which is how helod learns that Postfix offers STARTTLS there.
 * Kept for HISTORY_ENCRYPTED_DAYS, or for the window where that is shorter.
 */
enum { HISTORY_ENCRYPTED_DAYS = 7 };
void history_note_encrypted(struct history *h, const struct history_greeting *greeting);

/* For people. `subject` is an address, a network's address or a HELO name. */
enum history_form { HISTORY_TEXT, HISTORY_JSON };
struct history_showing;
/* Called once, later, with lines of text or one JSON object; `ok` is false when the store cannot tell. */
typedef void history_shown(void *arg, bool ok, const char *text);
/* NULL: no memory. */
struct history_showing *history_show(struct history *h, const char *subject, enum history_form form,
                                     history_shown *shown, void *arg);
/* Removes the record of one client network or name; the same call-back says what was done. */
struct history_showing *history_forget(struct history *h, const char *subject, history_shown *shown, void *arg);
/* The same without waiting; NULL: the store is another process, ask it yourself. The text is the caller's to free. */
char *history_show_at_once(struct history *h, const char *subject, enum history_form form, bool *ok);
char *history_forget_at_once(struct history *h, const char *subject, enum history_form form, bool *ok);

/* A server of a store that is shared. */
enum { HISTORY_NODES_MAX = 128 };
enum history_node_state { HISTORY_NODE_DOWN, HISTORY_NODE_STANDBY, HISTORY_NODE_USED, HISTORY_NODE_STATES };
struct history_node {
    const char *name; /* valid until the event loop continues */
    enum history_node_state state;
    unsigned slots; /* of a cluster, that it owns */
    uint64_t latency_us;
};

struct history_stats {
    const char *store; /* "none", "memory", "redis" */
    bool up;
    size_t networks, names, bytes; /* of the memory store */
    uint64_t evicted;
    uint64_t asked, unknown; /* questions; those not fully answered */
    unsigned node_count;
    struct history_node nodes[HISTORY_NODES_MAX];
};
void history_stats(const struct history *h, struct history_stats *out);
/* Writes the snapshot now and waits for it; false with a text in error. Without a file nothing is done. */
bool history_save(struct history *h, char *error, size_t error_size);

#endif

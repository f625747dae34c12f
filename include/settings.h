/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings: the policy file as typed values. policyfile.h builds them; after that they are const and shared by
 * reference count, so a request in flight keeps the settings it began with. Every list of texts is NULL-terminated and
 * never NULL.
 */
#ifndef HELOD_SETTINGS_H
#define HELOD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "address.h"
#include "lookup.h"
#include "names.h"
#include "reply.h"
#include "rule.h"
#include "verdict.h"

enum policy_mode { MODE_ENFORCE, MODE_SOFT, MODE_MONITOR, MODE_COUNT };
/* Whether Postfix offers STARTTLS to a policy's clients. AUTO: once STARTTLS_NETWORKS networks used it. */
enum policy_starttls { STARTTLS_AUTO, STARTTLS_YES, STARTTLS_NO };
enum { STARTTLS_NETWORKS = 20 };
enum policy_header { HEADER_AUTHENTICATION_RESULTS, HEADER_SCORE }; /* what PREPEND writes */

struct threshold {
    const char *name;
    int score;
    enum outcome outcome; /* of a Postfix action: 4xx defer, 5xx reject, else mark */
    bool has_reply;       /* `reply` is the admin's own action */
    struct reply reply;
    const char *action; /* as written in the file */
};

enum { THRESHOLDS_MAX = 8 };

struct policy {
    const char *name;
    enum policy_mode mode;
    enum policy_starttls starttls;
    const struct policy *shadow; /* also judged and logged, but never used for the reply; NULL: none */
    const char *shadow_name;     /* the same as written, "" for none */
    unsigned threshold_count;
    struct threshold thresholds[THRESHOLDS_MAX]; /* by rising score */
    int points[RULES_MAX];                       /* by rule number */
    struct rule_set penalties, credits; /* the rules that count, by the sign of their points: policy_sort_rules() */
    struct rule_set past, unsure, lasting, certain; /* of the penalties, those whose row has this property */
    struct rule_set notes;                          /* the rules that never count */
    struct rule_set implying;                       /* the rules that imply others */
    int caps[FAMILY_COUNT];
    int credit;     /* most that all credits together may subtract, as a positive number */
    unsigned needs; /* enum need: union over the rules that have points, the shadow's included */
    enum policy_header header;
    const char *authserv_id; /* never "": this host's name by default */
    const char *reject_text; /* templates of the reply text; "" for the finding's advice */
    const char *defer_text;
    const char *help_url;   /* template; "" for none */
    bool wants_explanation; /* a text uses the SPF explanation */
    bool header_always;     /* PREPEND also below every threshold */
};

/* One entry of `exempt`, from the policy file or an exempt file. */
enum exempt_kind { EXEMPT_CLIENT, EXEMPT_RDNS, EXEMPT_HELO, EXEMPT_KINDS };
struct exemption {
    enum exempt_kind kind;
    unsigned line; /* in the file; 0: a built-in default */
    const char *file;
    const char *pattern;
    const char *why; /* the comment, "" when none */
    time_t until;    /* the second at which it expires; 0: never */
};

enum { EXEMPTION_WHERE_SIZE = 4352 };
/* "FILE:LINE", or "default". Returns `out`. */
const char *exempt_where(const struct exemption *entry, char out[EXEMPTION_WHERE_SIZE]);

struct exempt_settings {
    struct network_set *clients; /* values: index into entries */
    struct suffix_set *rdns;
    struct suffix_set *helo;
    bool certificates;    /* a client certificate that Postfix trusts is enough */
    bool helo_unverified; /* a HELO entry counts without a confirmed address or SPF pass */
    size_t count;
    struct exemption *entries;
    uint64_t digest; /* hash of all entries, to see whether they have changed */
    const char *const *client_list, *const *rdns_list, *const *helo_list, *const *files; /* as written */
};

/*
 * NULL, or why an entry with this pattern can never exempt anybody and what to write instead: "exempts nobody, because
 * ...".
 */
const char *exempt_nobody(const struct exempt_settings *sets, enum exempt_kind kind, const char *pattern);

struct server_settings {
    const char *const *listen;               /* "inet:HOST:PORT", "unix:PATH" */
    const char *const *allow_list;           /* as written */
    struct network_set *allow;               /* clients over TCP; NULL: any */
    const char *user;                        /* "": keep the current one */
    const char *group;                       /* "": the user's */
    const char *socket_owner, *socket_group; /* of unix sockets; "": the user's */
    unsigned socket_mode;
    const char *pid_file; /* "": none */
    unsigned max_connections;
    uint64_t deadline_ms;
    uint64_t idle_ms;
    unsigned instances;   /* how many verdicts are remembered by Postfix's instance attribute */
    uint64_t instance_ms; /* how long they are remembered */
    bool log_dunno;       /* a decision line for clean greetings too */
    bool seccomp;
    unsigned client_rate; /* requests per minute and client network that may query DNS (rate.h); 0: no limit */
};

struct dns_settings {
    const char *const *servers;
    uint64_t timeout_ms;
    unsigned tries;
    unsigned cache;
    unsigned in_flight;    /* lookups at once */
    unsigned client_share; /* percent of in_flight that one client network may use; 0: no limit */
    unsigned guard;        /* percentage of failed lookups from which DNS points are suspended; 0: never */
    const char *const *probe;
    unsigned ptr_names; /* how many PTR names are examined, 1..EVIDENCE_RDNS_MAX */
    uint64_t ttl_min_ms, ttl_max_ms, negative_ttl_ms, failure_ttl_ms;
    bool edns;
    unsigned void_limit; /* SPF */
};

/* Values of local_settings.networks. */
enum {
    LOCAL_OURS,   /* a public address of ours: no other client may greet with it */
    LOCAL_CLIENT, /* loopback or a private network: its clients are ours, but other sites use the same addresses */
};

struct local_settings {
    const char *const *names, *const *network_list; /* as written */
    struct suffix_set *own;                         /* our names; this host's name by default */
    struct network_set *networks;                   /* our networks, with this host's addresses added */
};

struct names_settings {
    const char *psl_file; /* "": the system's */
    const char *const *token_files;
};

enum { HISTORY_REDIS_MAX = 16 }; /* servers in the list */
enum history_store { HISTORY_NONE, HISTORY_MEMORY, HISTORY_REDIS };
struct history_settings {
    enum history_store store;
    const char *file; /* snapshot; "": none */
    uint64_t snapshot_ms;
    uint64_t window_ms;
    unsigned ipv4_bits, ipv6_bits;
    unsigned entries; /* networks */
    uint64_t bytes;
    bool hashed;                /* store keyed hashes instead of addresses and names */
    const char *hash_key;       /* the key of these hashes */
    const char *const *redis;   /* "inet:HOST:PORT" or "unix:PATH"; several: a cluster, or a master and its replicas */
    const char *redis_sentinel; /* "": `redis` lists no sentinels */
    const char *redis_user, *redis_password, *redis_prefix;
    bool redis_tls;
    uint64_t redis_timeout_ms;
    unsigned churn_domains;   /* helo_churn: this many unrelated domains */
    unsigned shared_networks; /* helo_shared: this many networks */
    unsigned known_days;      /* identity_known: good greetings over this many days */
    unsigned known_count;
};

struct status_settings {
    const char *const *listen; /* "inet:…", loopback unless `allow` is set, or "unix:PATH"; empty: no status page */
    const char *const *allow_list; /* as written */
    struct network_set *allow;     /* clients over TCP; NULL: any */
    unsigned socket_mode;
    const char *socket_group;
};

enum log_destination { LOG_TO_SYSLOG, LOG_TO_JOURNAL, LOG_TO_FILE };
struct log_settings {
    enum log_destination to;
    const char *file; /* JSON lines */
};

/* "FILE:LINE: OPTION" of options that only daemon_check() can verify, for its messages. */
struct settings_places {
    const char *user, *group, *socket_owner, *socket_group, *status_socket_group;
};

struct settings {
    const char *file;         /* the policy file's path */
    const char *const *files; /* this one and those that it includes, in their order */
    bool is_empty;            /* the file sets nothing: every option has its default */
    struct settings_places places;
    unsigned generation; /* counts up with each successful reload */
    struct server_settings server;
    struct dns_settings dns;
    struct local_settings local;
    struct exempt_settings exempt;
    struct names_settings names;
    struct history_settings history;
    struct status_settings status;
    struct log_settings log;
    const struct name_data *name_data;
    size_t policy_count;
    const struct policy *const *policies;
    const struct policy *default_policy;
};

/* Their names in the policy file, log and metrics: "enforce", …; "client", …. (src/decision/names.c) */
const char *policy_mode_name(enum policy_mode mode);
/* Applies the mode to the outcome of the thresholds: monitor makes it dunno; soft turns a rejection into a deferral. */
enum outcome policy_mode_outcome(enum policy_mode mode, enum outcome judged);
const char *exempt_kind_name(enum exempt_kind kind);

/* The policy named by Postfix's policy_context attribute, or "default" if there is none of that name. Never NULL. */
const struct policy *settings_policy(const struct settings *s, const char *context);
/* Number of the entry that exempts this client, confirmed reverse name or HELO name now, or -1. Names in lower case. */
int32_t settings_exempt_client(const struct settings *s, const struct address *client, time_t now);
int32_t settings_exempt_rdns(const struct settings *s, const char *confirmed_name, time_t now);
int32_t settings_exempt_helo(const struct settings *s, const char *helo, time_t now);

#endif

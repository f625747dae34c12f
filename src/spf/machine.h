/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine: the evaluation between two look-ups. spf.c is its door, eval.c walks the records, host.c does the mechanisms
 * that look for the client among hosts.
 */
#ifndef HELOD_SPF_MACHINE_H
#define HELOD_SPF_MACHINE_H

#include "macro.h"
#include "record.h"
#include "spf.h"

enum {
    SPF_TERMS_MAX = 10, /* terms that cost look-ups (RFC 7208 section 4.6.4) */
    SPF_HOSTS_MAX = 10, /* hosts of one MX, names of the PTR */
    SPF_FRAMES = SPF_TERMS_MAX + 1,
    /* A record or a host list for each term, its hosts, the PTR names, the explanation. */
    SPF_TRACE_MAX = 1 + SPF_TERMS_MAX * (1 + SPF_HOSTS_MAX) + 1 + SPF_HOSTS_MAX + 1,
};

enum spf_state {
    STATE_FETCH,    /* the record of the top frame's domain */
    STATE_TERM,     /* its next term, or its end */
    STATE_ADDRESS,  /* a */
    STATE_EXISTS,   /* exists */
    STATE_MX,       /* mx: its hosts */
    STATE_MX_HOST,  /* mx: the address of one */
    STATE_PTR,      /* the client's names, for ptr and %{p} */
    STATE_PTR_HOST, /* the address of one */
    STATE_EXPLAIN,  /* the text that exp= names */
    STATE_EXPAND,   /* its expansion */
    STATE_DONE,
    STATE_COUNT,
};

/* A record under evaluation; an include stands on the one that includes it, a redirect takes its place. */
struct spf_frame {
    const char *domain;
    struct spf_record record;
    size_t at; /* term */
    bool redirected;
};

struct spf {
    struct region *region;
    struct spf_query query;
    struct spf_values values;
    struct spf_frame frames[SPF_FRAMES];
    unsigned depth; /* frames in use */
    enum spf_state state;
    struct spf_ask ask;
    bool asking;
    const char *hosts[SPF_HOSTS_MAX]; /* being looked up: of an MX, or the PTR's */
    unsigned host_count, host_at;
    const char *valid[SPF_HOSTS_MAX]; /* names of the client that have its address */
    unsigned valid_count;
    bool valid_known;
    enum spf_state after_ptr;
    const char *explanation; /* explain-string before its expansion */
    struct spf_trace trace[SPF_TRACE_MAX];
    struct spf_outcome outcome;
};

/* What a state does on its own (NULL: it was entered with a question) and with its answer. */
struct spf_state_row {
    void (*run)(struct spf *spf);
    void (*take)(struct spf *spf, const struct dns_answer *answer);
};
extern const struct spf_state_row spf_states[STATE_COUNT];

/* eval.c */
struct spf_frame *spf_top(struct spf *spf);
void spf_query_dns(struct spf *spf, enum spf_state state, const char *name, enum dns_type type);
void spf_end(struct spf *spf, enum spf_result result, const char *reason);
void spf_match(struct spf *spf);
void spf_no_match(struct spf *spf);
/* The common part of an answer to a mechanism: temperror ends, voids are counted. True when there are records. */
bool spf_usable(struct spf *spf, const struct dns_answer *answer);
/* Whether a name can be put into a question: labels of 1 to 63 bytes, 253 in all. */
bool spf_askable(const char *name);

/* host.c */
enum dns_type spf_address_type(const struct spf *spf);
void spf_address_take(struct spf *spf, const struct dns_answer *answer);
void spf_mx_take(struct spf *spf, const struct dns_answer *answer);
void spf_mx_host_run(struct spf *spf);
void spf_mx_host_take(struct spf *spf, const struct dns_answer *answer);
void spf_ptr_run(struct spf *spf);
void spf_ptr_take(struct spf *spf, const struct dns_answer *answer);
void spf_ptr_host_run(struct spf *spf);
void spf_ptr_host_take(struct spf *spf, const struct dns_answer *answer);
bool spf_name_within(const char *name, const char *domain);
/* %{p} for a domain: the domain itself, a name below it, any valid name, "unknown". */
const char *spf_valid_name(const struct spf *spf, const char *domain);

#endif

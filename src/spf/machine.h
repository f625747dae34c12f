/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine: the state of an evaluation. spf.c is its interface, eval.c evaluates the records, host.c implements the
 * mechanisms that look for the client among hosts, and machine.c has the steps that all of them take.
 */
#ifndef HELOD_SPF_MACHINE_H
#define HELOD_SPF_MACHINE_H

#include "breadth.h"
#include "macro.h"
#include "record.h"
#include "spf.h"

enum {
    SPF_TERMS_MAX = 10, /* terms that require lookups (RFC 7208 section 4.6.4) */
    SPF_HOSTS_MAX = 10, /* hosts of one MX, and names of the PTR */
    SPF_FRAMES = SPF_TERMS_MAX + 1,
    /*
     * Ten mx terms of ten hosts each are within RFC 7208's limits, but take 111 lookups and 3 ms of processor time.
     * What needs more than this is a temporary error: a limit of ours must not count against anybody.
     */
    SPF_QUERIES_MAX = 40,
    /*
     * All records of an evaluation together. RFC 7208 sets no limit, but ten records of 64 KB would cost milliseconds.
     * More is a temporary error, too.
     */
    SPF_BYTES_MAX = 32768,
};

enum spf_state {
    STATE_FETCH,    /* fetch the record of the top frame's domain */
    STATE_TERM,     /* evaluate its next term, or end the frame */
    STATE_ADDRESS,  /* a: look up the addresses */
    STATE_EXISTS,   /* exists: look up the address */
    STATE_MX,       /* mx: look up the hosts */
    STATE_MX_HOST,  /* mx: look up the addresses of the next host */
    STATE_PTR,      /* ptr and %{p}: look up the client's names */
    STATE_PTR_HOST, /* ptr and %{p}: look up the addresses of the next name */
    STATE_EXPLAIN,  /* fetch the text that exp= names */
    STATE_EXPAND,   /* expand its macros */
    STATE_DONE,
    STATE_COUNT,
};

/* A record under evaluation. An include is pushed above the record that includes it; a redirect replaces it. */
struct spf_frame {
    const char *domain;
    struct spf_record record;
    size_t at; /* index of the current term */
    bool redirected;
    bool anybody; /* by a redirect that may be answered for any client */
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
    const char *hosts[SPF_HOSTS_MAX]; /* MX hosts or PTR names whose addresses are being looked up */
    unsigned host_count, host_at;
    const char *valid[SPF_HOSTS_MAX]; /* validated names: PTR names that resolve to the client */
    unsigned valid_count;
    bool valid_known;
    enum spf_state after_ptr;
    size_t record_bytes;        /* of all records read so far */
    struct spf_breadth breadth; /* of the records read so far */
    const char *explanation;    /* the explain-string before macro expansion */
    struct spf_trace trace[SPF_QUERIES_MAX];
    struct spf_outcome outcome;
};

/* What a state does on entry (NULL: it is entered with a lookup already requested) and with its answer. */
struct spf_state_row {
    void (*run)(struct spf *spf);
    void (*take)(struct spf *spf, const struct dns_answer *answer);
};
extern const struct spf_state_row spf_states[STATE_COUNT];

struct spf_frame *machine_top(struct spf *spf);
const struct spf_term *machine_current(struct spf *spf); /* of the top frame */
const char *machine_printable_domain(struct spf *spf);   /* of the top frame */
void machine_query_dns(struct spf *spf, enum spf_state state, const char *name, enum dns_type type);
/* Whether a match of the current term means that the evaluation passes, because every include above it passes, too. */
bool machine_would_pass(struct spf *spf);
bool machine_includes_would_pass(const struct spf *spf); /* the same for the includes alone */
void machine_end(struct spf *spf, enum spf_result result, const char *reason);
void machine_end_permerror(struct spf *spf, const char *what, const char *about);
/* The top frame has a result. It is the result of the evaluation, or of the include that pushed it (section 5.2). */
void machine_end_frame(struct spf *spf, enum spf_result result);
void machine_match(struct spf *spf);
void machine_no_match(struct spf *spf);
/*
 * Handles what is common to all answers: a temperror ends the evaluation and void lookups are counted. Returns true
 * when the answer has records.
 */
bool machine_usable(struct spf *spf, const struct dns_answer *answer);
/* True when a name fits in a DNS query: labels of 1 to 63 bytes, 253 bytes in total. */
bool machine_askable(const char *name);

/* host.c */
enum dns_type host_address_type(const struct spf *spf);
void host_address_take(struct spf *spf, const struct dns_answer *answer);
void host_mx_take(struct spf *spf, const struct dns_answer *answer);
void host_mx_host_run(struct spf *spf);
void host_mx_host_take(struct spf *spf, const struct dns_answer *answer);
void host_ptr_run(struct spf *spf);
void host_ptr_take(struct spf *spf, const struct dns_answer *answer);
void host_ptr_host_run(struct spf *spf);
void host_ptr_host_take(struct spf *spf, const struct dns_answer *answer);
bool host_name_within(const char *name, const char *domain);
/*
 * The value of %{p} for a domain: the domain itself if validated, else a name below it, any valid name, or
 * "unknown".
 */
const char *host_valid_name(const struct spf *spf, const char *domain);

#endif

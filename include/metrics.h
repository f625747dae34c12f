/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics: counters, gauges and histograms as rows. Adding one is one row in report/metrics.c and one name here.
 */
#ifndef HELOD_METRICS_H
#define HELOD_METRICS_H

#include <stdint.h>

#include "settings.h"
#include "verdict.h"

enum metric {
    METRIC_REQUESTS, /* label: none */
    METRIC_UNKNOWN_POLICY,
    METRIC_DECISIONS,       /* by policy; label: metrics_decision() */
    METRIC_SHADOW,          /* by policy; label: metrics_shadow() */
    METRIC_SKIPPED,         /* label: skip */
    METRIC_LIMITED,         /* label: limit */
    METRIC_FINDINGS,        /* label: rule */
    METRIC_SCORE,           /* histogram */
    METRIC_REQUEST_SECONDS, /* histogram of microseconds */
    METRIC_DNS_ANSWERS,     /* label: status; by type */
    METRIC_DNS_ASKED,
    METRIC_DNS_CACHE_HITS,
    METRIC_DNS_REFUSED,
    METRIC_DNS_IN_FLIGHT,     /* gauge */
    METRIC_DNS_CACHE_ENTRIES, /* gauge */
    METRIC_DNS_CACHE_BYTES,   /* gauge */
    METRIC_DNS_TROUBLE,       /* gauge, percent */
    METRIC_PROTOCOL_VIOLATIONS,
    METRIC_CONNECTIONS_TOTAL,
    METRIC_CONNECTIONS,      /* gauge */
    METRIC_IN_FLIGHT,        /* gauge */
    METRIC_INSTANCES,        /* gauge */
    METRIC_RELOADS,          /* label: ok, failed */
    METRIC_GENERATION,       /* gauge */
    METRIC_LOADED,           /* gauge, seconds since 1970 */
    METRIC_STARTED,          /* gauge, seconds since 1970 */
    METRIC_BUILD,            /* gauge, always 1; label: version */
    METRIC_GUARD,            /* gauge: 1 while DNS points are suspended */
    METRIC_EXEMPTED,         /* label: client, rdns, helo */
    METRIC_HISTORY_UP,       /* gauge: 1 while the store answers */
    METRIC_HISTORY_NETWORKS, /* gauge */
    METRIC_HISTORY_NAMES,    /* gauge */
    METRIC_HISTORY_BYTES,    /* gauge */
    METRIC_HISTORY_EVICTED,
    METRIC_HISTORY_ASKED,
    METRIC_HISTORY_UNKNOWN,
    METRIC_HISTORY_NODES,      /* gauge, by node; label: state */
    METRIC_HISTORY_SLOTS,      /* gauge, by node */
    METRIC_HISTORY_LATENCY,    /* gauge of microseconds, by node */
    METRIC_ENCRYPTED_NETWORKS, /* gauge, by policy */
    METRIC_STARTTLS,           /* gauge, by policy: 1 while STARTTLS counts as offered */
    METRIC_LOG_LOST,
    METRIC_COUNT
};

struct metrics;

struct metrics *metrics_new(void); /* NULL: no memory */
void metrics_free(struct metrics *m);
/* Counters. `label` is the label's number (rule number, skip, …), 0 where there is none. */
void metrics_add(struct metrics *m, enum metric id, unsigned label, uint64_t value);
void metrics_set(struct metrics *m, enum metric id, uint64_t value);
/* Adds one value to a histogram. */
void metrics_observe(struct metrics *m, enum metric id, uint64_t value);
/* The value, summed over the second label if the row has one. */
uint64_t metrics_get(const struct metrics *m, enum metric id, unsigned label);
/* The same for rows with a second label, whose number is `by`. */
void metrics_add_by(struct metrics *m, enum metric id, unsigned by, unsigned label, uint64_t value);
void metrics_set_by(struct metrics *m, enum metric id, unsigned by, uint64_t value);
uint64_t metrics_get_by(const struct metrics *m, enum metric id, unsigned by, unsigned label);
/* The number of a policy as second label. It survives reloads. When the table is full, policies share "other". */
unsigned metrics_policy(struct metrics *m, const char *name);

/* Names node `i` of the history. NULL: there is no such node, so it has no series. */
void metrics_node(struct metrics *m, unsigned i, const char *name);

/*
 * The label numbers of METRIC_DECISIONS and METRIC_SHADOW. The action follows from the mode and from the outcome of the
 * thresholds, so only combinations that can occur have a series.
 */
unsigned metrics_decision(enum policy_mode mode, enum outcome judged);
unsigned metrics_shadow(enum outcome judged, enum outcome shadow_judged);

/* The distribution of a histogram's values. metrics_get() returns their number. */
struct metrics_histogram {
    const uint64_t *bounds; /* inclusive upper bounds, ascending; one more bucket lies above the last */
    unsigned bound_count;
    const uint64_t *buckets; /* bound_count + 1 counts, not cumulative */
    uint64_t sum;
};
void metrics_read_histogram(const struct metrics *m, enum metric id, struct metrics_histogram *out);

/* For documentation checks and the exposition: name, type ("counter", "gauge", "histogram"), help. */
struct metric_label {
    const char *name;
    const char *(*value)(unsigned number); /* NULL: this number has no series */
};

struct metric_row {
    enum metric id;
    const char *name, *type, *unit, *help;
    const struct metric_label *labels; /* the labels that a label number stands for, ended by a NULL name; or NULL */
    unsigned numbers;                  /* how many label numbers there are; 1 without labels */
    const char *by;                    /* the second label; NULL: none */
    unsigned bys;
    const char *(*by_name)(const struct metrics *m, unsigned by); /* NULL: nothing was counted under this number */
    double scale; /* factor from the stored value to the unit; counters have 1 */
};
extern const struct metric_row metric_rows[METRIC_COUNT];

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics: counters, gauges and histograms as rows. Adding one is one row in report/metrics.c and one name here.
 */
#ifndef HELOD_METRICS_H
#define HELOD_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum metric {
    METRIC_QUESTIONS,           /* label: none */
    METRIC_DECISIONS,           /* label: outcome */
    METRIC_SKIPPED,             /* label: skip */
    METRIC_FINDINGS,            /* label: rule */
    METRIC_SCORE,               /* histogram */
    METRIC_QUESTION_SECONDS,    /* histogram, microseconds are added */
    METRIC_DNS_ANSWERS,         /* label: status */
    METRIC_PROTOCOL_VIOLATIONS,
    METRIC_CONNECTIONS_TOTAL,
    METRIC_CONNECTIONS,         /* gauge */
    METRIC_IN_FLIGHT,           /* gauge */
    METRIC_INSTANCES,           /* gauge */
    METRIC_RELOADS,             /* label: ok, failed */
    METRIC_GENERATION,          /* gauge */
    METRIC_GUARD,               /* gauge: 1 while DNS points are suspended */
    METRIC_EXEMPTED,            /* label: client, rdns, helo */
    METRIC_COUNT
};

struct metrics;

struct metrics *metrics_new(void); /* NULL: no memory */
void metrics_free(struct metrics *m);
/* Counters and histograms. `label` is the label's number (rule number, outcome, …), 0 where there is none. */
void metrics_add(struct metrics *m, enum metric id, unsigned label, uint64_t value);
void metrics_set(struct metrics *m, enum metric id, uint64_t value);
uint64_t metrics_get(const struct metrics *m, enum metric id, unsigned label);

/* A histogram: metrics_get() gives how many values were added; this, how they were spread. */
struct metrics_histogram {
    const uint64_t *bounds;  /* upper bounds, included, rising; one bucket more lies above the last */
    unsigned bound_count;
    const uint64_t *buckets; /* bound_count + 1 counts, each of its bucket alone */
    uint64_t sum;
};
void metrics_read_histogram(const struct metrics *m, enum metric id, struct metrics_histogram *out);

/* For documentation checks and the exposition: name, type ("counter", "gauge", "histogram"), help. */
struct metric_row {
    enum metric id;
    const char *name, *type, *unit, *help, *label;
    unsigned labels;                          /* 1 where there is no label */
    const char *(*label_name)(unsigned label); /* NULL where there is no label */
};
extern const struct metric_row metric_rows[METRIC_COUNT];

#endif

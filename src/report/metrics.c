/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics: the rows, and one block of numbers behind them. Promises that adding costs no allocation and that a label
 * number past its row's end is counted nowhere instead of somewhere else.
 */
#include "metrics.h"

#include <assert.h>
#include <stdlib.h>

#include "dns.h"
#include "evidence.h"
#include "rule.h"
#include "verdict.h"

enum { BOUNDS_MAX = 12, RELOAD_RESULTS = 2, DNS_STATUSES = DNS_TEMPERROR + 1, EXEMPT_KINDS = 3 };

static const char *outcome_label(unsigned label)
{
    return outcome_name((enum outcome)label);
}

static const char *skip_label(unsigned label)
{
    return label == SKIP_NONE ? "none" : skip_name((enum skip)label);
}

static const char *rule_label(unsigned label)
{
    return label < rules_count ? rules[label]->name : NULL;
}

static const char *dns_label(unsigned label)
{
    return dns_status_name((enum dns_status)label);
}

static const char *reload_label(unsigned label)
{
    static const char *const names[RELOAD_RESULTS] = {"ok", "failed"};

    return names[label];
}

static const char *exempt_label(unsigned label)
{
    static const char *const names[EXEMPT_KINDS] = {"client", "rdns", "helo"};

    return names[label];
}

const struct metric_row metric_rows[METRIC_COUNT] = {
    {METRIC_QUESTIONS, "helod_questions_total", "counter", "", "Questions of Postfix.", NULL, 1, NULL},
    {METRIC_DECISIONS, "helod_decisions_total", "counter", "", "Decisions, one a message, by what was answered.",
     "outcome", OUTCOME_COUNT, outcome_label},
    {METRIC_SKIPPED, "helod_skipped_total", "counter", "", "Decisions in which nothing was judged, by the reason.",
     "reason", SKIP_COUNT, skip_label},
    {METRIC_FINDINGS, "helod_findings_total", "counter", "", "Rules that hit, judged greetings only.", "rule",
     RULES_MAX,
     rule_label},
    {METRIC_SCORE, "helod_score", "histogram", "", "Scores of judged greetings.", NULL, 1, NULL},
    {METRIC_QUESTION_SECONDS, "helod_question_duration_seconds", "histogram", "seconds",
     "Time from a question to its answer.", NULL, 1, NULL},
    {METRIC_DNS_ANSWERS, "helod_dns_answers_total", "counter", "", "DNS answers, cached ones included, by status.",
     "status", DNS_STATUSES, dns_label},
    {METRIC_PROTOCOL_VIOLATIONS, "helod_protocol_violations_total", "counter", "",
     "Connections closed because what came was no policy question.", NULL, 1, NULL},
    {METRIC_CONNECTIONS_TOTAL, "helod_connections_total", "counter", "", "Connections accepted.", NULL, 1, NULL},
    {METRIC_CONNECTIONS, "helod_connections", "gauge", "", "Connections open now.", NULL, 1, NULL},
    {METRIC_IN_FLIGHT, "helod_questions_in_flight", "gauge", "", "Questions that wait for DNS or history.", NULL, 1,
     NULL},
    {METRIC_INSTANCES, "helod_instances", "gauge", "", "Messages whose verdict is kept.", NULL, 1, NULL},
    {METRIC_RELOADS, "helod_reloads_total", "counter", "", "Reloads of the policy file, by result.", "result",
     RELOAD_RESULTS, reload_label},
    {METRIC_GENERATION, "helod_generation", "gauge", "", "Number of the policy in force, 1 at start.", NULL, 1, NULL},
    {METRIC_GUARD, "helod_dns_suspended", "gauge", "", "1 while DNS points are suspended.", NULL, 1, NULL},
    {METRIC_EXEMPTED, "helod_exempted_total", "counter", "", "Decisions in which an exemption counted, by its kind.",
     "kind", EXEMPT_KINDS, exempt_label},
};

/* Upper bounds of the histograms: points, and microseconds. */
static const struct {
    enum metric id;
    unsigned count;
    uint64_t bounds[BOUNDS_MAX];
} histogram_rows[] = {
    {METRIC_SCORE, 11, {0, 10, 20, 30, 40, 50, 70, 100, 150, 200, 300}},
    {METRIC_QUESTION_SECONDS,
     12,
     {100, 500, 1000, 5000, 10000, 50000, 100000, 500000, 1000000, 2000000, 5000000, 10000000}},
};

enum { HISTOGRAMS = sizeof(histogram_rows) / sizeof(histogram_rows[0]) };

struct metrics {
    size_t first[METRIC_COUNT]; /* of the row's numbers in `values` */
    struct {
        uint64_t sum, buckets[BOUNDS_MAX + 1];
    } histograms[HISTOGRAMS];
    uint64_t values[];
};

struct metrics *metrics_new(void)
{
    struct metrics *m;
    size_t total = 0;

    for (size_t i = 0; i < METRIC_COUNT; i++)
        total += metric_rows[i].labels;
    m = calloc(1, sizeof(*m) + total * sizeof(m->values[0]));
    if (m == NULL)
        return NULL;
    total = 0;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        assert(metric_rows[i].id == i);
        m->first[i] = total;
        total += metric_rows[i].labels;
    }
    return m;
}

void metrics_free(struct metrics *m)
{
    free(m);
}

/* The histogram's number, or HISTOGRAMS. */
static size_t histogram_of(enum metric id)
{
    size_t h = 0;

    while (h < HISTOGRAMS && histogram_rows[h].id != id)
        h++;
    return h;
}

void metrics_add(struct metrics *m, enum metric id, unsigned label, uint64_t value)
{
    size_t h = histogram_of(id);
    unsigned bucket = 0;

    if (label >= metric_rows[id].labels)
        return;
    if (h == HISTOGRAMS) {
        m->values[m->first[id] + label] += value;
        return;
    }
    while (bucket < histogram_rows[h].count && value > histogram_rows[h].bounds[bucket])
        bucket++;
    m->values[m->first[id]]++;
    m->histograms[h].sum += value;
    m->histograms[h].buckets[bucket]++;
}

void metrics_set(struct metrics *m, enum metric id, uint64_t value)
{
    m->values[m->first[id]] = value;
}

uint64_t metrics_get(const struct metrics *m, enum metric id, unsigned label)
{
    return label < metric_rows[id].labels ? m->values[m->first[id] + label] : 0;
}

void metrics_read_histogram(const struct metrics *m, enum metric id, struct metrics_histogram *out)
{
    size_t h = histogram_of(id);

    assert(h < HISTOGRAMS);
    out->bounds = histogram_rows[h].bounds;
    out->bound_count = histogram_rows[h].count;
    out->buckets = m->histograms[h].buckets;
    out->sum = m->histograms[h].sum;
}

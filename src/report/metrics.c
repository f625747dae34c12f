/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * metrics: the table of rows, and one block of numbers for them. Promises that counting allocates no memory, and that a
 * label number beyond the end of its row is ignored instead of counted elsewhere.
 */
#include "metrics.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "dns.h"
#include "evidence.h"
#include "history.h"
#include "rule.h"
#include "settings.h"
#include "verdict.h"

enum {
    BOUNDS_MAX = 12,
    RELOAD_RESULTS = 2,
    DNS_STATUSES = DNS_TEMPERROR + 1,
    POLICIES_MAX = 16,
    POLICY_NAME_SIZE = 64,
    NODE_NAME_SIZE = 288,
};

unsigned metrics_decision(enum policy_mode mode, enum outcome judged)
{
    return (unsigned)mode * OUTCOME_COUNT + (unsigned)judged;
}

static const char *mode_label(unsigned label)
{
    return policy_mode_name((enum policy_mode)(label / OUTCOME_COUNT));
}

static const char *judged_label(unsigned label)
{
    return outcome_name((enum outcome)(label % OUTCOME_COUNT));
}

static const char *action_label(unsigned label)
{
    enum policy_mode mode = (enum policy_mode)(label / OUTCOME_COUNT);

    return outcome_name(policy_mode_outcome(mode, (enum outcome)(label % OUTCOME_COUNT)));
}

unsigned metrics_shadow(enum outcome judged, enum outcome shadow_judged)
{
    return (unsigned)shadow_judged * OUTCOME_COUNT + (unsigned)judged;
}

static const char *shadow_label(unsigned label)
{
    return outcome_name((enum outcome)(label / OUTCOME_COUNT));
}

static const char *skip_label(unsigned label)
{
    return label == SKIP_NONE ? "none" : skip_name((enum skip)label);
}

static const char *limit_label(unsigned label)
{
    return label == LIMIT_NONE ? "none" : limit_name((enum limit)label);
}

static const char *rule_label(unsigned label)
{
    return label < rules_count ? rule_names[label] : NULL;
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
    return exempt_kind_name((enum exempt_kind)label);
}

static const char *version_label(unsigned label)
{
    (void)label;
    return PACKAGE_VERSION;
}

static const char *type_name(const struct metrics *m, unsigned by)
{
    (void)m;
    return dns_type_number_name(by);
}

static const char *policy_name(const struct metrics *m, unsigned by);
static const char *node_name(const struct metrics *m, unsigned by);

static const char *node_state_label(unsigned label)
{
    static const char *const names[HISTORY_NODE_STATES] = {[HISTORY_NODE_DOWN] = "down",
                                                           [HISTORY_NODE_STANDBY] = "standby",
                                                           [HISTORY_NODE_SECOND] = "second_master",
                                                           [HISTORY_NODE_USED] = "used"};

    return names[label];
}

/* Rows by kind: a number alone, with labels, with one more label that is counted apart. */
#define LABELS(...)                                                                                                    \
    (const struct metric_label[])                                                                                      \
    {                                                                                                                  \
        __VA_ARGS__,                                                                                                   \
        {                                                                                                              \
            NULL, NULL                                                                                                 \
        }                                                                                                              \
    }
#define PLAIN(id, name, type, unit, help)                                                                              \
    {                                                                                                                  \
        id, name, type, unit, help, NULL, 1, NULL, 1, NULL, 1                                                          \
    }
#define LABELLED(id, name, type, help, label, numbers, value)                                                          \
    {                                                                                                                  \
        id, name, type, "", help, LABELS({label, value}), numbers, NULL, 1, NULL, 1                                    \
    }

/* One for each pair of labels. clang 19 warns when different enums are multiplied. */
enum { DECISION_NUMBERS = (int)MODE_COUNT * (int)OUTCOME_COUNT };

const struct metric_row metric_rows[METRIC_COUNT] = {
    PLAIN(METRIC_REQUESTS, "helod_requests_total", "counter", "", "Policy requests from Postfix."),
    PLAIN(METRIC_UNKNOWN_POLICY, "helod_unknown_policy_total", "counter", "",
          "Policy requests whose policy_context names no policy; policy \"default\" applied."),
    {METRIC_DECISIONS, "helod_decisions_total", "counter", "",
     "Decisions, one per message: what Postfix received (action), and what the thresholds said (judged).",
     LABELS({"mode", mode_label}, {"action", action_label}, {"judged", judged_label}), DECISION_NUMBERS, "policy",
     POLICIES_MAX, policy_name, 1},
    {METRIC_SHADOW, "helod_shadow_decisions_total", "counter", "",
     "Decisions of policies with a shadow: what the thresholds said, and what those of the shadow policy said.",
     LABELS({"judged", judged_label}, {"shadow_judged", shadow_label}), OUTCOME_COUNT *OUTCOME_COUNT, "policy",
     POLICIES_MAX, policy_name, 1},
    LABELLED(METRIC_SKIPPED, "helod_skipped_total", "counter",
             "Decisions about clients that were not judged, by the "
             "reason.",
             "reason", SKIP_COUNT, skip_label),
    LABELLED(METRIC_LIMITED, "helod_limited_total", "counter",
             "Decisions for which lookups were skipped that might have changed the score, by the reason.", "reason",
             LIMIT_COUNT, limit_label),
    LABELLED(METRIC_FINDINGS, "helod_findings_total", "counter", "Rules that matched.", "rule", RULES_MAX, rule_label),
    PLAIN(METRIC_SCORE, "helod_score", "histogram", "", "Scores of judged greetings."),
    {METRIC_REQUEST_SECONDS, "helod_request_duration_seconds", "histogram", "seconds",
     "Time from a request to its answer.", NULL, 1, NULL, 1, NULL, 1e-6},
    {METRIC_DNS_ANSWERS, "helod_dns_answers_total", "counter", "", "Lookups that ended, by type and status.",
     LABELS({"status", dns_label}), DNS_STATUSES, "type", DNS_TYPE_NUMBERS, type_name, 1},
    PLAIN(METRIC_DNS_ASKED, "helod_dns_asked_total", "counter", "", "Lookups that decisions needed, cached or not."),
    PLAIN(METRIC_DNS_CACHE_HITS, "helod_dns_cache_hits_total", "counter", "",
          "Lookups that were answered from the "
          "cache."),
    PLAIN(METRIC_DNS_REFUSED, "helod_dns_refused_total", "counter", "",
          "Lookups that were refused because too many were in flight."),
    PLAIN(METRIC_DNS_IN_FLIGHT, "helod_dns_in_flight", "gauge", "", "Lookups that wait for an answer."),
    PLAIN(METRIC_DNS_CACHE_ENTRIES, "helod_dns_cache_entries", "gauge", "", "Answers in the DNS cache."),
    PLAIN(METRIC_DNS_CACHE_BYTES, "helod_dns_cache_bytes", "gauge", "bytes", "Memory of the DNS cache."),
    PLAIN(METRIC_DNS_TROUBLE, "helod_dns_temperror_percent", "gauge", "percent",
          "Temporary failures among the recent lookups; 0 while there are too few to tell."),
    PLAIN(METRIC_PROTOCOL_VIOLATIONS, "helod_protocol_violations_total", "counter", "",
          "Connections closed because the input was not a policy request."),
    PLAIN(METRIC_CONNECTIONS_TOTAL, "helod_connections_total", "counter", "", "Connections accepted."),
    PLAIN(METRIC_CONNECTIONS, "helod_connections", "gauge", "", "Connections open now."),
    PLAIN(METRIC_IN_FLIGHT, "helod_requests_in_flight", "gauge", "", "Policy requests that wait for DNS or history."),
    PLAIN(METRIC_INSTANCES, "helod_instances", "gauge", "",
          "Answers that are remembered for the further recipients of a message."),
    LABELLED(METRIC_RELOADS, "helod_reloads_total", "counter", "Reloads of the policy file, by result.", "result",
             RELOAD_RESULTS, reload_label),
    PLAIN(METRIC_GENERATION, "helod_generation", "gauge", "", "Number of the policy in force, 1 at start."),
    PLAIN(METRIC_LOADED, "helod_policy_loaded_timestamp_seconds", "gauge", "seconds",
          "When the policy in force was loaded."),
    PLAIN(METRIC_STARTED, "helod_start_timestamp_seconds", "gauge", "seconds", "When helod was started."),
    LABELLED(METRIC_BUILD, "helod_build_info", "gauge", "Always 1; the version is the label.", "version", 1,
             version_label),
    PLAIN(METRIC_GUARD, "helod_dns_suspended", "gauge", "", "1 while DNS points are suspended."),
    LABELLED(METRIC_EXEMPTED, "helod_exempted_total", "counter",
             "Decisions in which an exemption applied, by its kind.", "kind", EXEMPT_KINDS, exempt_label),
    PLAIN(METRIC_HISTORY_UP, "helod_history_up", "gauge", "",
          "1 while the history store answers (in a cluster, each node with slots); also 0 if there is no store."),
    PLAIN(METRIC_HISTORY_NETWORKS, "helod_history_networks", "gauge", "", "Client networks in the memory store."),
    PLAIN(METRIC_HISTORY_NAMES, "helod_history_names", "gauge", "", "HELO names in the memory store."),
    PLAIN(METRIC_HISTORY_BYTES, "helod_history_bytes", "gauge", "bytes", "Memory of the memory store."),
    PLAIN(METRIC_HISTORY_EVICTED, "helod_history_evicted_total", "counter", "",
          "Records that left the memory store to make room."),
    PLAIN(METRIC_HISTORY_ASKED, "helod_history_asked_total", "counter", "", "Queries to the history store."),
    PLAIN(METRIC_HISTORY_UNKNOWN, "helod_history_unknown_total", "counter", "",
          "Queries without an answer, because the history store was down or late."),
    {METRIC_HISTORY_NODES, "helod_history_node", "gauge", "",
     "1 for the state of a Redis server: down, standby (up, but neither the master nor an owner of slots), "
     "second_master (not used, because the list has another master) or used.",
     LABELS({"state", node_state_label}), HISTORY_NODE_STATES, "node", HISTORY_NODES_MAX, node_name, 1},
    {METRIC_HISTORY_SLOTS, "helod_history_node_slots", "gauge", "", "Slots of a Redis cluster that the server owns.",
     NULL, 1, "node", HISTORY_NODES_MAX, node_name, 1},
    {METRIC_HISTORY_LATENCY, "helod_history_node_latency_seconds", "gauge", "seconds",
     "How long recent replies of the Redis server took.", NULL, 1, "node", HISTORY_NODES_MAX, node_name, 1e-6},
    {METRIC_ENCRYPTED_NETWORKS, "helod_encrypted_networks", "gauge", "",
     "Unrelated networks whose clients used STARTTLS in the last 7 days.", NULL, 1, "policy", POLICIES_MAX, policy_name,
     1},
    {METRIC_STARTTLS, "helod_starttls_offered", "gauge", "",
     "1 while helod assumes that Postfix offers STARTTLS to the clients of the policy.", NULL, 1, "policy",
     POLICIES_MAX, policy_name, 1},
    PLAIN(METRIC_LOG_LOST, "helod_log_lines_lost_total", "counter", "",
          "Log lines lost because syslog was down or too slow."),
};

/*
 * Upper bounds of the histograms: points, and microseconds. Thresholds are round numbers, so a bucket of scores ends
 * just below one: a score of exactly 100 shares its bucket with other rejections.
 */
static const struct {
    enum metric id;
    unsigned count;
    uint64_t bounds[BOUNDS_MAX];
} histogram_rows[] = {
    {METRIC_SCORE, 11, {0, 9, 19, 29, 39, 49, 69, 99, 149, 199, 299}},
    {METRIC_REQUEST_SECONDS,
     12,
     {100, 500, 1000, 5000, 10000, 50000, 100000, 500000, 1000000, 2000000, 5000000, 10000000}},
};

enum { HISTOGRAMS = sizeof(histogram_rows) / sizeof(histogram_rows[0]) };

struct metrics {
    size_t first[METRIC_COUNT]; /* of the row's numbers in `values` */
    unsigned policies;
    char policy_names[POLICIES_MAX][POLICY_NAME_SIZE];
    char node_names[HISTORY_NODES_MAX][NODE_NAME_SIZE];
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
        total += (size_t)metric_rows[i].numbers * metric_rows[i].bys;
    m = calloc(1, sizeof(*m) + total * sizeof(m->values[0]));
    if (m == NULL)
        return NULL;
    total = 0;
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        assert(metric_rows[i].id == i);
        m->first[i] = total;
        total += (size_t)metric_rows[i].numbers * metric_rows[i].bys;
    }
    m->values[m->first[METRIC_BUILD]] = 1;
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

void metrics_observe(struct metrics *m, enum metric id, uint64_t value)
{
    size_t h = histogram_of(id);
    unsigned bucket = 0;

    assert(h < HISTOGRAMS);
    while (bucket < histogram_rows[h].count && value > histogram_rows[h].bounds[bucket])
        bucket++;
    m->values[m->first[id]]++;
    m->histograms[h].sum += value;
    m->histograms[h].buckets[bucket]++;
}

void metrics_add_by(struct metrics *m, enum metric id, unsigned by, unsigned label, uint64_t value)
{
    const struct metric_row *row = &metric_rows[id];

    if (label < row->numbers && by < row->bys)
        m->values[m->first[id] + (size_t)by * row->numbers + label] += value;
}

void metrics_add(struct metrics *m, enum metric id, unsigned label, uint64_t value)
{
    metrics_add_by(m, id, 0, label, value);
}

void metrics_set(struct metrics *m, enum metric id, uint64_t value)
{
    m->values[m->first[id]] = value;
}

void metrics_set_by(struct metrics *m, enum metric id, unsigned by, uint64_t value)
{
    if (by < metric_rows[id].bys)
        m->values[m->first[id] + (size_t)by * metric_rows[id].numbers] = value;
}

uint64_t metrics_get_by(const struct metrics *m, enum metric id, unsigned by, unsigned label)
{
    const struct metric_row *row = &metric_rows[id];

    return label < row->numbers && by < row->bys ? m->values[m->first[id] + (size_t)by * row->numbers + label] : 0;
}

uint64_t metrics_get(const struct metrics *m, enum metric id, unsigned label)
{
    uint64_t sum = 0;

    for (unsigned by = 0; by < metric_rows[id].bys; by++)
        sum += metrics_get_by(m, id, by, label);
    return sum;
}

static const char *policy_name(const struct metrics *m, unsigned by)
{
    return by < m->policies ? m->policy_names[by] : NULL;
}

static const char *node_name(const struct metrics *m, unsigned by)
{
    return m->node_names[by][0] != '\0' ? m->node_names[by] : NULL;
}

void metrics_node(struct metrics *m, unsigned i, const char *name)
{
    snprintf(m->node_names[i], NODE_NAME_SIZE, "%s", name != NULL ? name : "");
}

unsigned metrics_policy(struct metrics *m, const char *name)
{
    unsigned i = 0;

    while (i < m->policies && strncmp(m->policy_names[i], name, POLICY_NAME_SIZE - 1) != 0)
        i++;
    if (i < m->policies)
        return i;
    if (m->policies == POLICIES_MAX)
        return POLICIES_MAX - 1;
    if (++m->policies == POLICIES_MAX)
        name = "other";
    memcpy(m->policy_names[i], name, strnlen(name, POLICY_NAME_SIZE - 1));
    return i;
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

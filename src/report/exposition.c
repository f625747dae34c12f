/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exposition: writes all rows. Promises that every series of a row exists from the start, with 0, so that rates are
 * correct from the first event on. Labels that have no name (policies, nodes) are omitted.
 */
#include "exposition.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

enum { LABELS_SIZE = 512 };

static void add_label(struct text *t, const char *label, const char *value)
{
    text_addf(t, "%s%s=\"", t->used > 0 ? "," : "", label);
    text_add_as(t, TEXT_PROMETHEUS, value, SIZE_MAX);
    text_add_char(t, '"');
}

static void write_number(const struct metrics *m, const struct metric_row *row, unsigned by, unsigned label, FILE *out)
{
    const char *by_name = row->by_name != NULL ? row->by_name(m, by) : "";
    char labels[LABELS_SIZE];
    struct text t;

    if (by_name == NULL)
        return;
    text_init(&t, labels, sizeof(labels));
    if (row->by != NULL)
        add_label(&t, row->by, by_name);
    for (const struct metric_label *l = row->labels; l != NULL && l->name != NULL; l++) {
        if (l->value(label) == NULL)
            return;
        add_label(&t, l->name, l->value(label));
    }
    fprintf(out, t.used > 0 ? "%s{%s} " : "%s%s ", row->name, labels);
    if (row->scale < 1)
        fprintf(out, "%.15g\n", (double)metrics_get_by(m, row->id, by, label) * row->scale);
    else
        fprintf(out, "%" PRIu64 "\n", metrics_get_by(m, row->id, by, label));
}

static void write_histogram(const struct metrics *m, const struct metric_row *row, FILE *out)
{
    struct metrics_histogram h;
    uint64_t below = 0;

    metrics_read_histogram(m, row->id, &h);
    for (unsigned i = 0; i < h.bound_count; i++) {
        below += h.buckets[i];
        fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", row->name, (double)h.bounds[i] * row->scale, below);
    }
    fprintf(out, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n", row->name, below + h.buckets[h.bound_count]);
    fprintf(out, "%s_sum %.15g\n", row->name, (double)h.sum * row->scale);
    fprintf(out, "%s_count %" PRIu64 "\n", row->name, metrics_get(m, row->id, 0));
}

void exposition_write(const struct metrics *m, FILE *out)
{
    for (unsigned id = 0; id < METRIC_COUNT; id++) {
        const struct metric_row *row = &metric_rows[id];

        fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help, row->name, row->type);
        if (strcmp(row->type, "histogram") == 0) {
            write_histogram(m, row, out);
            continue;
        }
        for (unsigned by = 0; by < row->bys; by++)
            for (unsigned label = 0; label < row->numbers; label++)
                write_number(m, row, by, label, out);
    }
}

static void histogram_json(const struct metrics *m, const struct metric_row *row, struct json *j)
{
    struct metrics_histogram h;

    metrics_read_histogram(m, row->id, &h);
    json_number(j, "count", (long long)metrics_get(m, row->id, 0));
    json_number(j, "sum", (long long)h.sum);
    json_open(j, "bounds", '[');
    for (unsigned i = 0; i < h.bound_count; i++)
        json_number(j, NULL, (long long)h.bounds[i]);
    json_close(j, ']');
    json_open(j, "buckets", '[');
    for (unsigned i = 0; i <= h.bound_count; i++)
        json_number(j, NULL, (long long)h.buckets[i]);
    json_close(j, ']');
}

/* The sums by one label, whatever the others are. */
static void label_json(const struct metrics *m, const struct metric_row *row, const struct metric_label *l,
                       struct json *j)
{
    for (unsigned label = 0; label < row->numbers; label++) {
        const char *value = l->value(label);
        uint64_t sum = 0;
        bool is_first = value != NULL;

        for (unsigned other = 0; other < label && is_first; other++)
            is_first = l->value(other) == NULL || strcmp(l->value(other), value) != 0;
        if (!is_first)
            continue;
        for (unsigned other = label; other < row->numbers; other++)
            if (l->value(other) != NULL && strcmp(l->value(other), value) == 0)
                sum += metrics_get(m, row->id, other);
        json_number(j, value, (long long)sum);
    }
}

/* One object by the label's values; where a row has several labels, one such object for each. */
static void labels_json(const struct metrics *m, const struct metric_row *row, struct json *j)
{
    if (row->labels[1].name == NULL) {
        label_json(m, row, row->labels, j);
        return;
    }
    for (const struct metric_label *l = row->labels; l->name != NULL; l++) {
        json_open(j, l->name, '{');
        label_json(m, row, l, j);
        json_close(j, '}');
    }
}

void exposition_json(const struct metrics *m, struct json *j)
{
    for (unsigned id = 0; id < METRIC_COUNT; id++) {
        const struct metric_row *row = &metric_rows[id];
        const char *name = row->name + strlen("helod_");
        bool is_histogram = strcmp(row->type, "histogram") == 0;

        if (!is_histogram && row->labels == NULL) {
            json_number(j, name, (long long)metrics_get(m, row->id, 0));
            continue;
        }
        json_open(j, name, '{');
        if (is_histogram)
            histogram_json(m, row, j);
        else
            labels_json(m, row, j);
        json_close(j, '}');
    }
}

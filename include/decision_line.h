/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision_line: the one line per decision, written and read back. Format v=1, see helod(8); at most 900 bytes.
 */
#ifndef HELOD_DECISION_LINE_H
#define HELOD_DECISION_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "evidence.h"
#include "log.h"
#include "reply.h"
#include "region.h"
#include "settings.h"
#include "verdict.h"

enum { DECISION_LINE_SIZE = 901 };

struct decision_record {
    const struct verdict *verdict;
    const struct verdict *shadow;    /* NULL: none */
    const struct evidence *evidence; /* NULL when nothing was gathered (skip) */
    const struct request *request;
    const struct reply *reply;
    const struct exemption *exemption; /* that exempts; NULL: none, or not at hand */
    unsigned ms;                       /* from question to answer */
};

/* Writes the line without a line end; returns its length. Values are cut, never the structure. */
size_t decision_line_write(const struct decision_record *record, char out[DECISION_LINE_SIZE]);

/* The same fields, each by itself: for the journal, the JSON file and the status page. The texts are in `bytes`. */
enum { DECISION_FIELDS_MAX = 32, DECISION_FIELDS_SIZE = 3072 };
struct decision_field_list {
    unsigned count;
    struct log_field fields[DECISION_FIELDS_MAX];
    char bytes[DECISION_FIELDS_SIZE];
};
/* A long value is cut as in the line; apart from that it is as it was received, so a sink escapes it. */
void decision_line_list(const struct decision_record *record, struct decision_field_list *out);

/* One line read back. Texts live in the region, unescaped, "" when absent. */
struct decision_fields {
    unsigned version;
    const char *id, *action, *judged, *threshold, *policy, *mode, *skip, *exemption;
    int score, doubt;
    const char *partial; /* "yes" or "" */
    const char *client, *rdns, *fcrdns, *helo, *proto, *sender, *instance, *spf, *limit, *reply;
    int shadow_score;
    const char *shadow, *shadow_action;
    unsigned finding_count, findings_cut; /* cut: how many more there were */
    struct decision_logged {
        const char *rule; /* the name in the line; it may no longer be in the catalogue */
        int points;
    } findings[VERDICT_FINDINGS_MAX];
    unsigned dns, cached, ms;
};

/* Finds "decision v=" in a line of any syslog format. False when there is none or it is malformed. */
bool decision_line_read(const char *line, size_t n, struct region *r, struct decision_fields *out);

/* The fields in order, one complete row each. `write` is report's own. */
struct line;
struct decision_line_field {
    const char *name;
    const char *key; /* as it stands in the line before the value */
    size_t key_size;
    const char *summary;
    void (*write)(struct line *line, const struct decision_line_field *field);
};
extern const struct decision_line_field decision_line_fields[]; /* ended by a NULL name */

#endif

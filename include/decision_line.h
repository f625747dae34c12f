/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision_line: writes the log line of a decision and reads it back. Format v=1, see helod(8); at most 900 bytes.
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
    const struct exemption *exemption; /* the entry that matched; NULL: none, or the caller does not have it */
    unsigned ms;                       /* from request to reply */
};

/* Writes the line without a newline and returns its length. If it is too long, values are truncated, never keys. */
size_t decision_line_write(const struct decision_record *record, char out[DECISION_LINE_SIZE]);

/* The same fields as separate texts, for the journal, the JSON file and the status page. They lie in `bytes`. */
enum { DECISION_FIELDS_MAX = 32, DECISION_FIELDS_SIZE = 3072 };
struct decision_field_list {
    unsigned count;
    struct log_field fields[DECISION_FIELDS_MAX];
    char bytes[DECISION_FIELDS_SIZE];
};
/* Long values are truncated as in the line. They are not escaped: each log sink does that for its own format. */
void decision_line_list(const struct decision_record *record, struct decision_field_list *out);

/* One line read back. Texts are unescaped, live in the region, and are "" if absent. */
struct decision_fields {
    unsigned version;
    const char *id, *action, *judged, *threshold, *policy, *mode, *skip, *exemption;
    int score, doubt;
    const char *partial; /* "yes" or "" */
    const char *client, *rdns, *fcrdns, *helo, *proto, *sender, *instance, *spf, *limit, *reply;
    int shadow_score;
    const char *shadow, *shadow_action;
    const char *label;                    /* "ham" or "spam": added by heloctl survey */
    unsigned finding_count, findings_cut; /* cut: how many findings the line omitted */
    struct decision_logged {
        const char *rule; /* the name in the line; it may no longer be in the catalogue */
        int points;
    } findings[VERDICT_FINDINGS_MAX];
    unsigned dns, cached, ms;
};

/* Finds "decision v=" in a line of any syslog format. False when there is none or it is malformed. */
bool decision_line_read(const char *line, size_t n, struct region *r, struct decision_fields *out);

/* The fields in the order of the line, one complete row each. Only report itself calls `write`. */
struct line;
struct decision_line_field {
    const char *name;
    const char *key; /* as written in the line before the value */
    size_t key_size;
    const char *summary;
    void (*write)(struct line *line, const struct decision_line_field *field);
};
extern const struct decision_line_field decision_line_fields[]; /* ended by a NULL name */

#endif

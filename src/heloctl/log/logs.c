/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logs: finds the decision lines in log files, whatever prefix or wrapping a logger or a shipper added.
 */
#include "logs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "log_json.h"

enum { REGION_LIMIT = 1 << 20 };

struct logs {
    const struct ctl *ctl;
    char *file;        /* of log.to */
    const char *place; /* for messages */
    struct lines *lines;
    uint64_t decisions, malformed;
    struct log_time time;
    time_t field_time; /* of the journal entry that is being read */
    struct decision_fields fields;
    struct logs_record record;
    char decoded[DECISION_LINE_SIZE * 6]; /* a JSON string at its longest */
};

struct logs *logs_open(const struct ctl *ctl, int first)
{
    int count = ctl->argument_count - first;
    char **files = ctl->arguments + first;
    struct logs *l = region_alloc(ctl->memory, sizeof(*l));

    l->ctl = ctl;
    l->record.region = sure(region_new(REGION_LIMIT));
    l->record.fields = &l->fields;
    if (count == 0 && ctl->settings->log.to == LOG_TO_FILE) {
        l->file = (char *)(uintptr_t)ctl->settings->log.file; /* it is only read */
        files = &l->file;
        count = 1;
    }
    l->place = count > 1 ? "these logs" : count == 1 ? files[0] : "the journal";
    if (count == 0 && geteuid() != 0)
        l->place = "what this user may read of the journal (root and the group systemd-journal read all of it)";
    l->lines = lines_open(ctl, files, count);
    return l;
}

static bool decision_in(struct logs *l, const char *line, size_t n)
{
    static const char mark[] = "decision v=";
    const char *at = memmem(line, n, mark, sizeof(mark) - 1);
    size_t made = !at && n > 0 && line[0] == '{' ? log_json_decision(line, n, l->decoded, sizeof(l->decoded)) : 0;

    if (!at && made == 0) {
        time_t field = n > 20 && line[0] == '_' ? log_time_read_field(&l->time, line, n) : 0;

        l->field_time = field ? field : n == 0 ? 0 : l->field_time; /* a blank line ends an entry */
        return false;
    }
    l->record.text = line;
    l->record.length = n;
    region_reset(l->record.region);
    if (made > 0) {
        l->record.length = made;
        l->record.text = l->decoded;
    } else if (at > line && at[-1] == '"') {
        l->record.length = log_json_string(at, line + n, l->decoded, sizeof(l->decoded));
        l->record.text = l->decoded;
    }
    if (!decision_line_read(l->record.text, l->record.length, l->record.region, &l->fields)) {
        l->malformed++;
        return false;
    }
    l->record.when = log_time_read(&l->time, line, n);
    if (l->record.when == 0 && l->record.text == l->decoded)
        l->record.when = log_time_read_field(&l->time, line, n);
    if (l->record.when == 0)
        l->record.when = l->field_time;
    l->decisions++;
    return true;
}

const struct logs_record *logs_next(struct logs *l)
{
    const char *line;
    size_t n;

    while (lines_next(l->lines, &line, &n))
        if (decision_in(l, line, n))
            return &l->record;
    return NULL;
}

int logs_close(struct logs *l)
{
    int status = lines_close(l->lines);

    if (l->malformed > 0)
        fprintf(stderr, "heloctl %s: %llu lines look like decision lines but cannot be read\n", l->ctl->verb->name,
                (unsigned long long)l->malformed);
    if (l->decisions == 0 && status == CTL_OK)
        fprintf(stderr,
                "heloctl %s: no decision line in %s: helod writes them where log.to says, syslog's mail "
                "facility by default\n",
                l->ctl->verb->name, l->place);
    region_free(l->record.region);
    return status;
}

void logs_reject(struct logs *l)
{
    l->decisions--;
    l->malformed++;
}

const char *logs_place(const struct logs *l)
{
    return l->place;
}

struct logs_counts logs_counts(const struct logs *l)
{
    return (struct logs_counts){.lines = lines_count(l->lines), .decisions = l->decisions, .malformed = l->malformed};
}

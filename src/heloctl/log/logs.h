/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logs: reads the decision lines of log files one after the other: syslog of any format, RFC 5424, journalctl (short,
 * export, json) and JSON lines, plain or compressed by gzip. Memory does not grow with the files.
 */
#ifndef HELOD_LOGS_H
#define HELOD_LOGS_H

#include <stdint.h>
#include <time.h>

#include "ctl.h"
#include "decision_line.h"
#include "log_time.h"

struct logs;

/* One decision. Valid until the next call of logs_next(). */
struct logs_record {
    const struct decision_fields *fields;
    struct region *region; /* for what is computed about this record; emptied before the next one */
    time_t when;           /* 0: the line has no time */
    const char *text;      /* the message itself, unescaped, without a NUL at its end */
    size_t length;
};

/*
 * The files that the verb's arguments name from `first` on, "-" for standard input. Without one, it reads what helod
 * writes by the policy file: log.file if log.to = "file", or else the journal.
 */
struct logs *logs_open(const struct ctl *ctl, int first);
/* For messages: the name of the file, or "the journal". */
const char *logs_place(const struct logs *l);
/* NULL at the end of the last file. */
const struct logs_record *logs_next(struct logs *l);
/* Ends the progress bar and reports what could not be read. Returns CTL_OK, CTL_NO_INPUT or CTL_DATA. */
int logs_close(struct logs *l);

/* Counts the last record as malformed, because it is no decision. */
void logs_reject(struct logs *l);

/* What was read so far. */
struct logs_counts {
    uint64_t lines, decisions; /* lines: of any kind */
    uint64_t malformed;        /* lines that begin like a decision line but are none */
};
struct logs_counts logs_counts(const struct logs *l);

#endif

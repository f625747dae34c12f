/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logs: decision lines out of log files, one after the other: syslog of any format, RFC 5424, journalctl (short,
 * export, json), JSON lines, plain or compressed by gzip. Memory does not grow with the files.
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
    struct region *region; /* for what is computed about this record; emptied with it */
    time_t when;           /* 0: the line does not tell */
    const char *text;      /* the message itself, unescaped, not NUL-terminated */
    size_t length;
};

/* `files` are those of the command line, "-" is standard input. NULL: no memory, which has been reported. */
struct logs *logs_open(const struct ctl *ctl, char **files, int count);
/* NULL at the end of the last file. */
const struct logs_record *logs_next(struct logs *l);
/* Ends the progress bar, reports what could not be read. Returns CTL_OK, CTL_NO_INPUT or CTL_DATA. */
int logs_close(struct logs *l); /* NULL: CTL_TROUBLE */

uint64_t logs_lines(const struct logs *l); /* of any kind */
uint64_t logs_decisions(const struct logs *l);
uint64_t logs_malformed(const struct logs *l); /* begin like a decision line and are none */

#endif

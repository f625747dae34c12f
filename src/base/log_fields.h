/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log_fields: lines with their fields, for the journal (its native protocol) and as JSON lines in a file. Nothing
 * waits: a log that nobody reads must not hold up mail.
 */
#ifndef HELOD_BASE_LOG_FIELDS_H
#define HELOD_BASE_LOG_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "log.h"

struct log_entry {
    int priority;      /* of syslog */
    const char *level; /* in words */
    const char *line;
    size_t n;
    const struct log_field *fields;
    size_t count; /* 0: a message without fields */
};

/* Opens the target. The caller keeps the texts of *target valid. False with errno on failure. */
bool log_fields_open(const struct log_target *target);
void log_fields_close(void);
/* Reopens the file, for logrotate. If that fails, returns false and keeps the old one. */
bool log_fields_reopen(void);
/* False if the line is lost. */
bool log_fields_to_journal(const struct log_entry *entry);
bool log_fields_to_file(const struct log_entry *entry);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * logging: opens the log target of the settings. The path is copied, because the target outlives these settings.
 */
#include "logging.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "server.h"

void logging_start(const struct server *s)
{
    static char path[PATH_MAX];
    const struct log_settings *log = &s->settings->log;
    struct log_target target = {
        .max_level = s->verbose || log->verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
        .ident = "helod",
    };

    switch (log->to) {
    case LOG_TO_SYSLOG:
        log_open(s->foreground ? LOG_SINK_STDERR : LOG_SINK_SYSLOG, target.max_level, target.ident);
        return;
    case LOG_TO_JOURNAL:
        target.sink = LOG_SINK_JOURNAL;
        break;
    case LOG_TO_FILE:
        target.sink = LOG_SINK_FILE;
        snprintf(path, sizeof(path), "%s", log->file);
        target.path = path;
        break;
    }
    if (!log_direct(&target))
        log_error("log: %s: %s", log->to == LOG_TO_FILE ? log->file : "the journal", strerror(errno));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_log: what became of the messages of a mail log, found again by the decision about them: by client, time, sender
 * and smtpd process. Bounded: of a log with more messages the rest is counted and left out.
 */
#ifndef HELOD_MAIL_LOG_H
#define HELOD_MAIL_LOG_H

#include "logged.h"
#include "mail_line.h"

struct mail_log;

struct mail_fate {
    enum mail_opinion opinion;
    enum mail_source source; /* whose opinion; of a message that was refused without one: who refused it */
    bool refused;            /* else it was taken from the client */
    bool delivered;
};

struct mail_log *mail_log_new(const struct ctl *ctl); /* NULL: no memory, which has been reported */
/* Reads a file. False when it cannot be read, which has been reported. */
bool mail_log_add(struct mail_log *m, const struct ctl *ctl, char *file);
void mail_log_free(struct mail_log *m); /* NULL is allowed */
/* NULL: the log has nothing about this greeting, or NULL was given. */
const struct mail_fate *mail_log_find(const struct mail_log *m, const struct logged *l);
uint64_t mail_log_messages(const struct mail_log *m);
uint64_t mail_log_left_out(const struct mail_log *m);

#endif

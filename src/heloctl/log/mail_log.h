/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_log: what happened to the messages of a mail log. The message of a decision is found by client, time, sender and
 * smtpd process. Its memory is bounded: the messages of a log that has too many are counted and left out.
 */
#ifndef HELOD_MAIL_LOG_H
#define HELOD_MAIL_LOG_H

#include "logged.h"
#include "mail_line.h"

struct mail_log;

struct mail_fate {
    enum mail_opinion opinion;
    enum mail_source source; /* who gave the opinion, or else who refused the message */
    bool refused;            /* if not, Postfix accepted it from the client */
    bool delivered;
};

struct mail_log *mail_log_new(void);
/* Reads a file. False if it cannot be read, which has been reported. */
bool mail_log_add(struct mail_log *m, const struct ctl *ctl, const char *file);
void mail_log_free(struct mail_log *m); /* NULL is allowed */
/* NULL: the log has nothing about this greeting, or `m` is NULL. */
const struct mail_fate *mail_log_find(const struct mail_log *m, const struct logged *l);
uint64_t mail_log_messages(const struct mail_log *m);
uint64_t mail_log_left_out(const struct mail_log *m);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mailbox: reads the messages that a site already has: Maildir and other folders, mbox files, single messages and mail
 * logs, each plain or compressed by gzip. For each it finds the session in which a foreign client handed it over.
 */
#ifndef HELOD_MAILBOX_H
#define HELOD_MAILBOX_H

#include "ctl.h"
#include "mail_log.h"
#include "received.h"
#include "tally.h"

/* One message, valid during the call. */
struct mailbox_mail {
    const char *path;
    const struct received *hop;
    const char *sender; /* without brackets; NULL: unknown */
    int label;          /* LABEL_HAM, LABEL_SPAM */
};
typedef void mailbox_visit(void *arg, const struct mailbox_mail *mail);

struct mailbox {
    const struct ctl *ctl;
    const struct settings *settings; /* for the networks that are local */
    const char *mx, *spam, *ham;     /* lists separated by commas; NULL: not given */
    struct mail_log *mail_log;       /* where the mail logs among the files are read into */
    mailbox_visit *visit;
    void *arg;
    /* What was found: */
    uint64_t messages, without_hop, unreadable, logs, without_helo; /* logs: files */
    struct table *servers;                                          /* tally of the servers that took the messages */
};

/* Returns CTL_OK, or CTL_NO_INPUT if a path could not be read, which has been reported. */
int mailbox_read(struct mailbox *m, char **paths, int count);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_line: what a line of a mail log says about a message. It knows the lines of Postfix (smtpd, postscreen, cleanup,
 * qmgr, delivery agents) and of the content filters rspamd, SpamAssassin's spamd and amavis. Pure. No byte of a line is
 * trusted.
 */
#ifndef HELOD_MAIL_LINE_H
#define HELOD_MAIL_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum mail_kind {
    MAIL_NONE,
    MAIL_ACCEPTED,  /* smtpd: queue id, client; the original id if a filter hands a message back */
    MAIL_ID,        /* cleanup: queue id, message id */
    MAIL_FROM,      /* qmgr: queue id, sender */
    MAIL_DELIVERED, /* a delivery agent: queue id */
    MAIL_GREETED,   /* smtpd: client, sender, HELO of a session that an access table mentions but does not refuse */
    MAIL_REFUSED,   /* smtpd, postscreen or a milter: client, sender, HELO, reply; perhaps a queue id */
    MAIL_VERDICT,   /* a content filter: opinion, and the queue id, message id or client that it names */
};

/* The program that wrote the line. */
enum mail_source {
    MAIL_BY_POSTFIX,
    MAIL_BY_POSTSCREEN,
    MAIL_BY_MILTER,
    MAIL_BY_RSPAMD,
    MAIL_BY_SPAMASSASSIN,
    MAIL_BY_AMAVIS,
    MAIL_SOURCES
};
const char *mail_source_name(enum mail_source source);

enum mail_opinion { MAIL_NO_OPINION, MAIL_HAM, MAIL_SPAM };

/* A part of the line. n is 0 if the line does not have it. */
struct mail_part {
    const char *at;
    size_t n;
};

struct mail_line {
    enum mail_kind kind;
    enum mail_source source;
    enum mail_opinion opinion;
    unsigned long pid; /* of the smtpd process; 0: unknown */
    struct mail_part queue_id, original_id, message_id, client, name, sender, helo, protocol, reply;
    bool has_sender; /* true for the null sender, too */
};

/* False if the line is not about a message. */
bool mail_line_read(const char *line, size_t n, struct mail_line *out);

#endif

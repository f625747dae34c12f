/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mail_line: what a line of a mail log says of a message: lines of Postfix (smtpd, postscreen, cleanup, qmgr, delivery
 * agents) and of the content filters rspamd, SpamAssassin's spamd and amavis. Pure; every byte of a line is a
 * stranger's.
 */
#ifndef HELOD_MAIL_LINE_H
#define HELOD_MAIL_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum mail_kind {
    MAIL_NONE,
    MAIL_ACCEPTED,  /* smtpd: queue id, client; original id where a filter hands a message back */
    MAIL_ID,        /* cleanup: queue id, message id */
    MAIL_FROM,      /* qmgr: queue id, sender */
    MAIL_DELIVERED, /* a delivery agent: queue id */
    MAIL_GREETED,   /* smtpd: client, sender, HELO of a session that an access table let go on */
    MAIL_REFUSED,   /* smtpd, postscreen or a milter: client, sender, HELO, reply; perhaps a queue id */
    MAIL_VERDICT,   /* a content filter: opinion; queue id, message id or client, whatever it names */
};

/* Who said so; mail_source_name() has the words. */
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

/* Part of the line; n 0: not there. */
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
    bool has_sender; /* also where it is the null sender */
};

/* False for a line that says nothing of a message. */
bool mail_line_read(const char *line, size_t n, struct mail_line *out);

#endif

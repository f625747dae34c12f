/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sink: the receiving side of an SMTP session that accepts everything and keeps only the greeting. Pure.
 */
#ifndef HELOD_SINK_H
#define HELOD_SINK_H

#include <stdbool.h>
#include <stddef.h>

enum { SINK_HELO_SIZE = 256, SINK_REPLY_SIZE = 160, SINK_ERRORS_MAX = 20 };

struct sink {
    bool in_data, mail, recipient, greeted, esmtp;
    bool can_tls; /* STARTTLS is offered; set by the caller, cleared by STARTTLS */
    unsigned errors;
    char helo[SINK_HELO_SIZE]; /* as given, cut; may hold any byte but NUL */
};

enum sink_event {
    SINK_NOTHING,
    SINK_GREETING, /* a new HELO or EHLO: see helo and esmtp */
    SINK_TLS,      /* TLS begins once the reply is sent; the session starts again */
    SINK_END,      /* the reply is the last */
};

/* One line without its end. The reply, with its CRLF, may be empty. */
enum sink_event sink_line(struct sink *sink, const char *line, size_t n, char reply[SINK_REPLY_SIZE]);
extern const char sink_banner[];

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply: the answer to Postfix. One formatter builds every reply from an enum and filtered text, so no untrusted byte
 * can add a line or a header. The four answers that would let mail in (OK, an empty action, bare digits, PERMIT) cannot
 * be expressed.
 */
#ifndef HELOD_REPLY_H
#define HELOD_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reply_verb {
    REPLY_DUNNO,
    REPLY_PREPEND, /* text is a whole header "Name: value" */
    REPLY_STATUS,  /* code, enhanced, text: "450 4.7.1 text" or "550 5.7.1 text" */
    REPLY_WARN,    /* text for Postfix's log */
    REPLY_INFO,
    REPLY_HOLD,
    REPLY_DEFER_IF_PERMIT,
    REPLY_RESTRICTION, /* text is the name of a restriction class of main.cf */
};

struct reply {
    enum reply_verb verb;
    uint16_t code;        /* 400..599, REPLY_STATUS only */
    const char *enhanced; /* "5.7.1", its class equal to the code's first digit; REPLY_STATUS, DEFER_IF_PERMIT.
                                NULL or "": X.7.1, as Postfix itself would say */
    const char *text;     /* unfiltered; NULL counts as "" */
};

enum {
    REPLY_TEXT_MAX = 400,   /* of a status; less where the name that Postfix puts before it is long */
    REPLY_HEADER_MAX = 900, /* RFC 5322 2.1.1: under 998 */
    REPLY_SIZE = 1024,      /* room for any reply */
};

/* Writes "action=...\n\n" and returns its length. An incomplete reply (no text, wrong class) becomes DUNNO. */
size_t reply_format(const struct reply *r, char out[REPLY_SIZE]);
/*
 * Parses an action as the admin writes it in the policy file: "450 4.7.1 text", "WARN text", "HOLD text",
 * "restriction:NAME" and so on. `text` points into s. Returns false, with a constant text, for anything else.
 */
bool reply_parse_action(const char *s, struct reply *r, char enhanced[12], const char **error);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * received: reads what the Received header of a message says about one SMTP session, as Postfix, Exim and sendmail
 * write it. Pure. No byte is trusted.
 */
#ifndef HELOD_RECEIVED_H
#define HELOD_RECEIVED_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "address.h"

enum { RECEIVED_NAME_SIZE = 256, RECEIVED_PROTOCOL_SIZE = 16, HEADER_VALUE_SIZE = 4096 };

struct received {
    struct address client; /* family ADDRESS_NONE: unknown */
    char helo[RECEIVED_NAME_SIZE];
    char name[RECEIVED_NAME_SIZE]; /* reverse name of the client; "": none */
    bool confirmed;                /* the server that wrote the header has confirmed the name */
    char by[RECEIVED_NAME_SIZE];
    char protocol[RECEIVED_PROTOCOL_SIZE]; /* "ESMTPS", in capitals */
    bool tls, authenticated;
    time_t when; /* 0: no date */
};

/* `value` is the unfolded value of the header. False if it names no client. */
bool received_read(const char *value, size_t n, struct received *out);

/* The headers of a message, one after the other. */
struct headers {
    const char *at, *end;
    char name[64];                 /* in lower case; cut */
    char value[HEADER_VALUE_SIZE]; /* unfolded; cut */
    size_t size;
};
void headers_begin(struct headers *h, const char *message, size_t n);
/* False at the blank line and at the end. */
bool headers_next(struct headers *h);

/* "Sat, 28 Nov 2026 14:00:01 +0100 (CET)"; 0: no date. */
time_t received_date(const char *text, size_t n);

#endif

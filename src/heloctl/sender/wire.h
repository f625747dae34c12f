/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire: one connection to an SMTP server, line by line, plain and then in TLS; everything before one deadline.
 */
#ifndef HELOD_WIRE_H
#define HELOD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "ehlo.h"

struct wire {
    int fd;                  /* -1: closed */
    void *tls, *tls_context; /* SSL, SSL_CTX; NULL: plain */
    uint64_t deadline_ms;
    size_t used, at;
    char buffer[4096];
    char error[200]; /* "" until something fails */
};

/* From the address `from`, NULL: any; `seconds` is for all that follows. False with error set. */
bool wire_connect(struct wire *wire, const struct address *to, uint16_t port, const struct address *from,
                  unsigned seconds);
/* Our own address of this connection. */
bool wire_local(const struct wire *wire, struct address *out);
void wire_close(struct wire *wire);
/* "EHLO x" without its end, or NULL to send nothing; then the reply. False with error set. */
bool wire_talk(struct wire *wire, const char *line, struct ehlo_reply *reply);
/* TLS from here on; `name` for SNI and the certificate. `said`: version, cipher, and the certificate. */
bool wire_start_tls(struct wire *wire, const char *name, char *said, size_t size);
bool wire_has_tls(void); /* built with OpenSSL */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe: what one receiving server answered, and how it is printed. Private to the room.
 */
#ifndef HELOD_PROBE_H
#define HELOD_PROBE_H

#include <stdint.h>

#include "ctl.h"
#include "dns.h"
#include "ehlo.h"

enum { PROBE_VALUE_SIZE = 500 };

struct probe {
    struct ctl *ctl;
    const char *host;
    char name[DNS_NAME_SIZE + 10]; /* that we greet with; "" until the connection gives an address */
    bool nameless;                 /* because this host has no fully qualified name */
    uint16_t port;
    bool tls_first; /* TLS before the banner */
    struct address address;
    const struct address *from; /* NULL: any */
    struct ehlo_reply banner, ehlo, starttls, ehlo_tls, helo;
    char tls[PROBE_VALUE_SIZE], tls_error[PROBE_VALUE_SIZE];
    char error[PROBE_VALUE_SIZE]; /* why the talk ended early; "" when it did not */
    bool fell_back;               /* EHLO was refused and HELO tried on the same connection */
    bool wrong;
};

/* Whether the server offers a keyword where it should; its parameters in `value`. */
bool probe_offers(const struct probe *probe, const struct ehlo_keyword *row, char value[PROBE_VALUE_SIZE]);
/* Whether the keyword is to be expected on this connection. */
bool probe_applies(const struct probe *probe, const struct ehlo_keyword *row);
/* STARTTLS inside TLS, which RFC 3207 forbids. */
bool probe_offers_tls_again(const struct probe *probe);

void probe_print(const struct probe *probe);
/* A server that did not even send a banner: a line on stderr. */
void probe_print_silent(const struct probe *probe);

#endif

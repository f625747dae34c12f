/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request: a policy request from Postfix (SMTPD_POLICY_README), parsed.
 *
 * Every text is NUL-terminated and never NULL; an attribute that is absent or empty is "". The texts lie in the buffer
 * that the request was parsed from (protocol.h) and may contain any byte but NUL and LF. Copy what must outlive the
 * answer.
 */
#ifndef HELOD_REQUEST_H
#define HELOD_REQUEST_H

#include <stdbool.h>
#include <string.h>

#include "address.h"

enum request_state {
    REQUEST_STATE_OTHER, /* absent or unknown */
    REQUEST_STATE_CONNECT,
    REQUEST_STATE_HELO, /* HELO and EHLO: smtpd_delay_reject=no, no sender yet */
    REQUEST_STATE_MAIL,
    REQUEST_STATE_RCPT,
    REQUEST_STATE_DATA, /* DATA and END-OF-MESSAGE */
    REQUEST_STATE_VRFY, /* VRFY and ETRN: no mail */
};

struct request {
    enum request_state state;
    struct address client; /* family ADDRESS_NONE when client_address is "unknown" or not an address */
    bool esmtp;            /* the client said EHLO: see request_says_ehlo() */
    bool encrypted;        /* the session is encrypted. Before MAIL, false says nothing: STARTTLS may follow. */
    bool stress;           /* stress=yes */

    const char *protocol_state;
    const char *protocol_name;
    const char *client_address;
    const char *client_name;         /* forward-confirmed by Postfix, or "unknown" */
    const char *reverse_client_name; /* one PTR name, unconfirmed, or "unknown" */
    const char *server_address;
    const char *server_port;
    const char *helo_name;
    const char *sender; /* "" is the null sender; before MAIL it means that the sender is not known yet */
    const char *recipient;
    const char *queue_id;
    const char *instance;
    const char *sasl_username;
    const char *ccert_subject;     /* set only for a certificate that Postfix has verified */
    const char *ccert_fingerprint; /* set for any certificate, so it proves nothing */
    const char *ccert_pubkey_fingerprint;
    const char *encryption_protocol;
    const char *stress_text;
    const char *policy_context;
};

/*
 * Whether the client said EHLO. With smtpd_delay_reject=no Postfix sends the request while it still handles the EHLO
 * command, before it has set protocol_name to ESMTP; only protocol_state is reliable at that point.
 */
static inline bool request_says_ehlo(const char *protocol_state, const char *protocol_name)
{
    return strcmp(protocol_name, "ESMTP") == 0 || strcmp(protocol_state, "EHLO") == 0;
}

/* An EHLO client at RCPT of which nothing is known: no address, no name, the null sender. */
void request_init(struct request *req);

#endif

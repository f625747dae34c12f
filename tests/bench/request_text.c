/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request_text: copies constant pieces around the few values that change. It must be quick, because the load generator
 * shares the machine with the server that it measures.
 */
#include "request_text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char *add(char *at, const char *s)
{
    size_t n = strlen(s);

    memcpy(at, s, n);
    return at + n;
}

static char *add_hex(char *at, uint32_t n)
{
    for (int shift = 28; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[n >> shift & 15];
    return at;
}

size_t request_text(char out[REQUEST_SIZE], const struct greeting *g, uint32_t number)
{
    static char process[16];
    char *at = out;

    if (process[0] == '\0')
        snprintf(process, sizeof(process), "%x.", (unsigned)getpid());
    at = add(at, "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=");
    at = add(at, g->client);
    at = add(at, "\nclient_name=");
    at = add(at, g->client_name);
    at = add(at, "\nclient_port=40125\nreverse_client_name=");
    at = add(at, g->reverse_name);
    at = add(at, "\nserver_address=192.0.2.25\nserver_port=25\nhelo_name=");
    at = add(at, g->helo);
    at = add(at, "\nsender=newsletter@kiln-street.net\nrecipient=some.user@example.net\nrecipient_count=0\nqueue_id=\n"
                 "instance=");
    at = add(at, process);
    at = add_hex(at, number);
    at = add(at, ".0.0\nsize=18231\netrn_domain=\nstress=\nsasl_method=\nsasl_username=\nsasl_sender=\nccert_subject=\n"
                 "ccert_issuer=\nccert_fingerprint=\nccert_pubkey_fingerprint=\nencryption_protocol=TLSv1.3\n"
                 "encryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\npolicy_context=\n\n");
    return (size_t)(at - out);
}

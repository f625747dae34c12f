/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_tls: hiredis moves the bytes, the session is set up here, because released versions of hiredis_ssl verify the
 * chain of a certificate and not whose it is.
 *
 * Promises that nothing is sent to a server whose certificate the system's CAs do not vouch for, or that is for
 * another host. Without hiredis_ssl it only says so.
 */
#include "redis_tls.h"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_HIREDIS_SSL
#include <arpa/inet.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct redis_tls {
    SSL_CTX *context;
    char host[256];
    bool is_address; /* no SNI (RFC 6066, 3), and the certificate must name the address */
};

struct redis_tls *redis_tls_new(const char *host, char *error, size_t error_size)
{
    struct redis_tls *tls = calloc(1, sizeof(*tls));
    unsigned char bytes[16];

    if (tls == NULL)
        return NULL;
    if (host == NULL) {
        snprintf(error, error_size, "history.redis_tls: only with inet:HOST:PORT; a unix socket needs none");
        free(tls);
        return NULL;
    }
    snprintf(tls->host, sizeof(tls->host), "%s", host);
    tls->is_address = inet_pton(AF_INET, tls->host, bytes) == 1 || inet_pton(AF_INET6, tls->host, bytes) == 1;
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_default_verify_paths(tls->context) != 1) {
        snprintf(error, error_size, "history.redis_tls: OpenSSL cannot be set up with the system's CAs");
        redis_tls_free(tls);
        return NULL;
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    return tls;
}

void redis_tls_free(struct redis_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    free(tls);
}

static bool expect(const struct redis_tls *tls, SSL *ssl)
{
    if (tls->is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), tls->host) == 1;
    return SSL_set1_host(ssl, tls->host) == 1 && SSL_set_tlsext_host_name(ssl, tls->host) == 1;
}

bool redis_tls_start(const struct redis_tls *tls, redisAsyncContext *connection)
{
    SSL *ssl = SSL_new(tls->context);

    if (ssl != NULL && expect(tls, ssl) && redisInitiateSSL(&connection->c, ssl) == REDIS_OK)
        return true; /* hiredis owns it now */
    SSL_free(ssl);
    return false;
}

#else

struct redis_tls *redis_tls_new(const char *host, char *error, size_t error_size)
{
    (void)host;
    snprintf(error, error_size,
             "history.redis_tls: this helod's hiredis (%d.%d) cannot speak TLS; use a unix "
             "socket, or a tunnel such as stunnel",
             HIREDIS_MAJOR, HIREDIS_MINOR);
    return NULL;
}

void redis_tls_free(struct redis_tls *tls)
{
    (void)tls;
}

bool redis_tls_start(const struct redis_tls *tls, redisAsyncContext *connection)
{
    (void)tls;
    (void)connection;
    return false;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_tls: hiredis transports the bytes, but this file sets up the TLS session, because released versions of
 * hiredis_ssl verify only the chain of a certificate and not its host name.
 *
 * Promises to send nothing to a server whose certificate is not signed by one of the system's CAs, or is for another
 * host. Without hiredis_ssl, it only reports that TLS is unavailable.
 */
#include "redis_tls.h"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#ifdef HAVE_HIREDIS_SSL
#include <arpa/inet.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct redis_tls {
    SSL_CTX *context;
    SSL *ssl; /* of the last connection, shared with hiredis, which does not expose it; NULL: none yet */
    char host[256];
    bool is_address; /* no SNI (RFC 6066, 3), and the certificate must name the address */
};

static void set_host(struct redis_tls *tls, const char *host)
{
    unsigned char bytes[16];

    snprintf(tls->host, sizeof(tls->host), "%s", host);
    tls->is_address = inet_pton(AF_INET, tls->host, bytes) == 1 || inet_pton(AF_INET6, tls->host, bytes) == 1;
}

struct redis_tls *redis_tls_new(const char *host, char *error, size_t error_size)
{
    struct redis_tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    if (host == NULL) {
        snprintf(error, error_size, "history.redis_tls: only with inet:HOST:PORT; a unix socket needs none");
        free(tls);
        return NULL;
    }
    set_host(tls, host);
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

struct redis_tls *redis_tls_for(const struct redis_tls *other, const char *host)
{
    struct redis_tls *tls = calloc(1, sizeof(*tls));

    if (tls == NULL)
        return NULL;
    set_host(tls, host);
    tls->context = other->context;
    SSL_CTX_up_ref(tls->context);
    return tls;
}

void redis_tls_free(struct redis_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    SSL_CTX_free(tls->context);
    free(tls);
}

static bool expect(const struct redis_tls *tls, SSL *ssl)
{
    if (tls->is_address)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), tls->host) == 1;
    return SSL_set1_host(ssl, tls->host) == 1 && SSL_set_tlsext_host_name(ssl, tls->host) == 1;
}

bool redis_tls_is_up(const struct redis_tls *tls)
{
    return tls->ssl != NULL && SSL_is_init_finished(tls->ssl);
}

bool redis_tls_explain(const struct redis_tls *tls, char *reason, size_t size)
{
    unsigned long error = ERR_peek_last_error();
    const char *words = error != 0 ? ERR_reason_error_string(error) : NULL;
    long verified;

    if (tls->ssl == NULL || redis_tls_is_up(tls))
        return false;
    verified = SSL_get_verify_result(tls->ssl);
    if (verified != X509_V_OK)
        snprintf(reason, size, "TLS: the server's certificate is refused: %s", X509_verify_cert_error_string(verified));
    else if (words != NULL)
        snprintf(reason, size, "TLS: %s", words);
    else
        return false;
    return true;
}

bool redis_tls_start(struct redis_tls *tls, redisAsyncContext *connection, char *reason, size_t size)
{
    SSL *ssl = SSL_new(tls->context);

    SSL_free(tls->ssl);
    tls->ssl = ssl;
    ERR_clear_error();
    if (ssl != NULL && expect(tls, ssl) && redisInitiateSSL(&connection->c, ssl) == REDIS_OK) {
        SSL_up_ref(ssl); /* the other reference is hiredis' now */
        return true;
    }
    /* The connection may have failed at once. hiredis keeps that error in a part that it does not copy. */
    if (!redis_tls_explain(tls, reason, size))
        snprintf(reason, size, "%s", connection->c.err != 0 ? connection->c.errstr : "TLS: out of memory");
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

struct redis_tls *redis_tls_for(const struct redis_tls *other, const char *host)
{
    (void)other;
    (void)host;
    return NULL;
}

void redis_tls_free(struct redis_tls *tls)
{
    (void)tls;
}

bool redis_tls_start(struct redis_tls *tls, redisAsyncContext *connection, char *reason, size_t size)
{
    (void)tls;
    (void)connection;
    snprintf(reason, size, "TLS: not in this build");
    return false;
}

bool redis_tls_is_up(const struct redis_tls *tls)
{
    (void)tls;
    return false;
}

bool redis_tls_explain(const struct redis_tls *tls, char *reason, size_t size)
{
    (void)tls;
    (void)reason;
    (void)size;
    return false;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen_tls: a key and a self-signed certificate in memory, and TLS over a bufferevent. Nothing is written to disk.
 */
#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "listen_tls.h"

#ifdef HAVE_OPENSSL

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

enum { DAY_SECONDS = 86400, VALID_DAYS = 30 };

/* A clock that is a little wrong must not make the certificate invalid, so it begins a day ago. */
static X509 *make_certificate(EVP_PKEY *key, const char *host)
{
    X509 *certificate = X509_new();
    X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;

    if (certificate && X509_set_version(certificate, 2) && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
        X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_SECONDS) &&
        X509_gmtime_adj(X509_getm_notAfter(certificate), VALID_DAYS * DAY_SECONDS) &&
        X509_set_pubkey(certificate, key) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)host, -1, -1, 0) &&
        X509_set_issuer_name(certificate, name) && X509_sign(certificate, key, EVP_sha256()))
        return certificate;
    X509_free(certificate);
    return NULL;
}

struct ssl_ctx_st *listen_tls_new(const char *host)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? make_certificate(key, host) : NULL;
    bool good = context && certificate && SSL_CTX_use_certificate(context, certificate) == 1 &&
                SSL_CTX_use_PrivateKey(context, key) == 1;

    X509_free(certificate);
    EVP_PKEY_free(key);
    if (good)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

void listen_tls_free(struct ssl_ctx_st *tls)
{
    SSL_CTX_free(tls);
}

/*
 * TLS takes over the socket itself. A filter over `plain` would report replies as written while they still wait in the
 * lower buffer, and the last of them would be lost when the connection ends.
 */
struct bufferevent *listen_tls_start(struct ssl_ctx_st *tls, struct event_base *base, struct bufferevent *plain)
{
    SSL *ssl = SSL_new(tls);
    evutil_socket_t fd = bufferevent_getfd(plain);
    struct bufferevent *bev;

    if (!ssl)
        return NULL;
    bufferevent_setfd(plain, -1);
    bev = bufferevent_openssl_socket_new(base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
    if (!bev) {
        bufferevent_setfd(plain, fd);
        return NULL; /* libevent has freed the SSL */
    }
    bufferevent_free(plain);
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

void listen_tls_end(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    if (!ssl)
        return;
    SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
    SSL_shutdown(ssl);
}

const char *listen_tls_version(struct bufferevent *bev)
{
    SSL *ssl = bufferevent_openssl_get_ssl(bev);

    return ssl ? SSL_get_version(ssl) : NULL;
}

#else

struct ssl_ctx_st *listen_tls_new(const char *host)
{
    (void)host;
    return NULL;
}

void listen_tls_free(struct ssl_ctx_st *tls)
{
    (void)tls;
}

struct bufferevent *listen_tls_start(struct ssl_ctx_st *tls, struct event_base *base, struct bufferevent *plain)
{
    (void)tls;
    (void)base;
    (void)plain;
    return NULL;
}

void listen_tls_end(struct bufferevent *bev)
{
    (void)bev;
}

const char *listen_tls_version(struct bufferevent *bev)
{
    (void)bev;
    return NULL;
}

#endif

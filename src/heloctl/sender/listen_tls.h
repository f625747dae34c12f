/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen_tls: STARTTLS for heloctl listen, with a certificate that it makes itself. Senders that insist on encryption
 * can be observed that way; the certificate proves nothing. Built without OpenSSL, all of it is absent.
 */
#ifndef HELOD_LISTEN_TLS_H
#define HELOD_LISTEN_TLS_H

struct event_base;
struct bufferevent;
struct ssl_ctx_st; /* SSL_CTX of OpenSSL */

/* NULL: OpenSSL could not make it, or this was built without OpenSSL. */
struct ssl_ctx_st *listen_tls_new(const char *host);
void listen_tls_free(struct ssl_ctx_st *tls); /* NULL is allowed */
/* Begins the handshake on the connection of `plain`, which is freed. NULL: no memory; `plain` is as before. */
struct bufferevent *listen_tls_start(struct ssl_ctx_st *tls, struct event_base *base, struct bufferevent *plain);
/* Ends TLS properly, if the connection uses it. Call it before the connection is freed. */
void listen_tls_end(struct bufferevent *bev);
/* The protocol version of an encrypted connection: "TLSv1.3". NULL: it is not encrypted. */
const char *listen_tls_version(struct bufferevent *bev);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_tls: TLS on a connection to Redis, with the server's certificate verified, name and all.
 */
#ifndef HELOD_HISTORY_REDIS_TLS_H
#define HELOD_HISTORY_REDIS_TLS_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <stddef.h>

struct redis_tls;

/*
 * `host` as in the setting, NULL for a unix socket. NULL with a text in error if this build or a unix socket rules
 * out TLS.
 */
struct redis_tls *redis_tls_new(const char *host, char *error, size_t error_size);
/* The same trust for another host. NULL: no memory. */
struct redis_tls *redis_tls_for(const struct redis_tls *other, const char *host);
/* NULL is allowed. */
void redis_tls_free(struct redis_tls *tls);
/* Begins TLS on a new connection. False, with the reason in `reason`, if the connection must be closed. */
bool redis_tls_start(struct redis_tls *tls, redisAsyncContext *connection, char *reason, size_t size);
/* Whether the handshake of the last connection is complete. */
bool redis_tls_is_up(const struct redis_tls *tls);
/* Why that handshake failed, in OpenSSL's words. False: it did not fail. */
bool redis_tls_explain(const struct redis_tls *tls, char *reason, size_t size);

#endif

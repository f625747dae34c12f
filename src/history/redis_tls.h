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

/* `host` as in the setting, NULL for a unix socket. NULL with a text in error: this build or this place has no TLS. */
struct redis_tls *redis_tls_new(const char *host, char *error, size_t error_size);
/* NULL is allowed. */
void redis_tls_free(struct redis_tls *tls);
/* On a connection just begun; false: it is of no use, its errstr may say why. */
bool redis_tls_start(const struct redis_tls *tls, redisAsyncContext *connection);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_place: where a server is: the path of a unix socket, or all addresses of a host name, to be tried one after the
 * other. The name is resolved once, before anything is served, because getaddrinfo() blocks.
 */
#ifndef HELOD_HISTORY_REDIS_PLACE_H
#define HELOD_HISTORY_REDIS_PLACE_H

#include <hiredis/async.h>
#include <stdbool.h>
#include <stddef.h>

enum { REDIS_ADDRESSES_MAX = 8, REDIS_ADDRESS_SIZE = 64, REDIS_HOST_SIZE = 256 };

struct redis_place {
    char path[108];             /* of a unix socket; "" with a host */
    char host[REDIS_HOST_SIZE]; /* as in the setting, for TLS; "" with a unix socket */
    int port;
    char addresses[REDIS_ADDRESSES_MAX][REDIS_ADDRESS_SIZE];
    unsigned count;  /* of addresses; 0 with a unix socket */
    unsigned at;     /* the address that is tried next */
    unsigned failed; /* addresses that failed since one last worked, or since all had failed */
};

/* Splits "inet:HOST:PORT" ([HOST] for IPv6) or "unix:PATH", whose form the policy file has checked. */
void redis_place_read(struct redis_place *p, const char *where);
/* One address that a server announced. False if it is none, or if the port is none. */
bool redis_place_announced(struct redis_place *p, const char *address, int port);
/* Whether both may be the same server: the same path, or one port and an address in common. */
bool redis_place_same(const struct redis_place *a, const struct redis_place *b);
/* "inet:HOST:PORT" or "unix:PATH", for messages. */
enum { REDIS_PLACE_NAME_SIZE = REDIS_HOST_SIZE + 16 };
const char *redis_place_name(const struct redis_place *p, char out[REDIS_PLACE_NAME_SIZE]);
/* Looks up the host's addresses, which may block. Returns NULL, or why there are none. */
const char *redis_place_resolve(struct redis_place *p);
/* Begins to connect to the current address. NULL: no memory; else its `err` may say that it failed at once. */
redisAsyncContext *redis_place_connect(const struct redis_place *p);
/* The current address for messages, if there are several; else "". */
const char *redis_place_shown(const struct redis_place *p);
/* Reports that the current address failed. True if there is another to try at once, which then is the current one. */
bool redis_place_next(struct redis_place *p);
/* Reports that the current address works, so that it is tried first the next time. */
void redis_place_works(struct redis_place *p);

#endif

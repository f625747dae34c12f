/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * redis_place: the addresses of a server, and which one is next. A name often has an IPv6 and an IPv4 address while
 * the server listens on only one of them, so all of them must be tried.
 */
#include "redis_place.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"

void redis_place_read(struct redis_place *p, const char *where)
{
    const char *port = NULL;

    *p = (struct redis_place){.port = 0};
    if (strncmp(where, "inet:", 5) == 0 && address_split_port(where + 5, p->host, sizeof(p->host), &port) && port)
        p->port = (int)strtol(port, NULL, 10);
    else
        snprintf(p->path, sizeof(p->path), "%s", where + strlen("unix:"));
}

bool redis_place_announced(struct redis_place *p, const char *address, int port)
{
    unsigned char bytes[16];

    if (strlen(address) >= REDIS_ADDRESS_SIZE || port < 1 || port > 65535 ||
        (inet_pton(AF_INET, address, bytes) != 1 && inet_pton(AF_INET6, address, bytes) != 1))
        return false;
    *p = (struct redis_place){.port = port, .count = 1};
    snprintf(p->host, sizeof(p->host), "%s", address);
    snprintf(p->addresses[0], REDIS_ADDRESS_SIZE, "%s", address);
    return true;
}

const char *redis_place_name(const struct redis_place *p, char out[REDIS_PLACE_NAME_SIZE])
{
    bool colons = strchr(p->host, ':') != NULL;

    if (p->path[0] != '\0')
        snprintf(out, REDIS_PLACE_NAME_SIZE, "unix:%s", p->path);
    else
        snprintf(out, REDIS_PLACE_NAME_SIZE, colons ? "inet:[%s]:%d" : "inet:%s:%d", p->host, p->port);
    return out;
}

static bool is_known(const struct redis_place *p, const char *address)
{
    for (unsigned i = 0; i < p->count; i++)
        if (strcmp(p->addresses[i], address) == 0)
            return true;
    return false;
}

bool redis_place_same(const struct redis_place *a, const struct redis_place *b)
{
    if (a->path[0] != '\0' || b->path[0] != '\0')
        return strcmp(a->path, b->path) == 0;
    for (unsigned i = 0; i < a->count; i++)
        if (is_known(b, a->addresses[i]) && a->port == b->port)
            return true;
    return false;
}

const char *redis_place_resolve(struct redis_place *p)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int failed = getaddrinfo(p->host, NULL, &hints, &found);

    for (const struct addrinfo *a = found; a != NULL && p->count < REDIS_ADDRESSES_MAX; a = a->ai_next) {
        char *address = p->addresses[p->count];
        failed = getnameinfo(a->ai_addr, a->ai_addrlen, address, REDIS_ADDRESS_SIZE, NULL, 0, NI_NUMERICHOST);
        if (failed == 0 && !is_known(p, address))
            p->count++;
    }
    if (found != NULL)
        freeaddrinfo(found);
    return p->count > 0 ? NULL : gai_strerror(failed);
}

redisAsyncContext *redis_place_connect(const struct redis_place *p)
{
    return p->count > 0 ? redisAsyncConnect(p->addresses[p->at], p->port) : redisAsyncConnectUnix(p->path);
}

const char *redis_place_shown(const struct redis_place *p)
{
    return p->count > 1 ? p->addresses[p->at] : "";
}

bool redis_place_next(struct redis_place *p)
{
    if (p->count > 0)
        p->at = (p->at + 1) % p->count;
    if (++p->failed < p->count)
        return true;
    p->failed = 0;
    return false;
}

void redis_place_works(struct redis_place *p)
{
    p->failed = 0;
}

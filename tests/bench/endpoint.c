/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * endpoint: sockets of the benchmark's programs.
 */
#include "endpoint.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

union place {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_un un;
};

static socklen_t parse(const char *text, union place *place)
{
    const char *port = strrchr(text, ':');
    char host[64];

    memset(place, 0, sizeof(*place));
    if (strncmp(text, "unix:", 5) == 0 && strlen(text + 5) < sizeof(place->un.sun_path)) {
        place->un.sun_family = AF_UNIX;
        memcpy(place->un.sun_path, text + 5, strlen(text + 5) + 1);
        return sizeof(place->un);
    }
    if (strncmp(text, "inet:", 5) == 0 && port > text + 5 && (size_t)(port - text - 5) < sizeof(host)) {
        memcpy(host, text + 5, (size_t)(port - text - 5));
        host[port - text - 5] = '\0';
        place->in.sin_family = AF_INET;
        place->in.sin_port = htons((uint16_t)strtoul(port + 1, NULL, 10));
        if (inet_pton(AF_INET, host, &place->in.sin_addr) == 1)
            return sizeof(place->in);
    }
    fprintf(stderr, "%s: not inet:ADDRESS:PORT or unix:PATH\n", text);
    exit(64);
}

static int open_connected(const char *text, int type)
{
    union place place;
    socklen_t size = parse(text, &place);
    int one = 1, fd = socket(place.any.sa_family, type, 0);

    if (fd >= 0 && connect(fd, &place.any, size) != 0) {
        close(fd);
        return -1;
    }
    if (place.any.sa_family == AF_INET)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

int endpoint_connect(const char *text)
{
    return open_connected(text, SOCK_STREAM);
}

int endpoint_connect_datagram(const char *text)
{
    return open_connected(text, SOCK_DGRAM);
}

static int open_bound(const char *text, int type)
{
    union place place;
    socklen_t size = parse(text, &place);
    int one = 1, fd = socket(place.any.sa_family, type, 0);

    if (place.any.sa_family == AF_UNIX)
        unlink(place.un.sun_path);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 || bind(fd, &place.any, size) != 0 ||
        (type == SOCK_STREAM && listen(fd, BACKLOG) != 0)) {
        perror(text);
        exit(EXIT_FAILURE);
    }
    return fd;
}

int endpoint_listen(const char *text)
{
    return open_bound(text, SOCK_STREAM);
}

int endpoint_bind_udp(const char *text)
{
    return open_bound(text, SOCK_DGRAM);
}

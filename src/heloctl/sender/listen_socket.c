/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listen_socket: reads the argument of heloctl listen and opens sockets for it. A name such as localhost may have
 * several addresses; all of them are opened.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "address.h"
#include "listen_socket.h"
#include "units.h"

enum { HOST_SIZE = 256, PORT_DIGITS = 5 };

struct place {
    char host[HOST_SIZE]; /* "": everywhere */
    const char *port;     /* NULL: not given */
};

static bool is_port(const char *s)
{
    uint64_t port;

    return strlen(s) <= PORT_DIGITS && units_number(s, &port) && port >= 1 && port <= 65535;
}

static bool read_place(struct place *place, const char *where)
{
    *place = (struct place){.host = ""};
    if (is_port(where)) {
        place->port = where;
        return true;
    }
    if (!address_split_port(where, place->host, sizeof(place->host), &place->port))
        return false;
    if (strcmp(place->host, "*") == 0)
        place->host[0] = '\0';
    return place->port ? is_port(place->port) : where[0] != '\0';
}

static void describe(struct listen_sockets *sockets)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof(bound);
    char host[NI_MAXHOST], port[NI_MAXSERV], *out = sockets->places[sockets->count];

    if (getsockname(evconnlistener_get_fd(sockets->all[sockets->count]), (struct sockaddr *)&bound, &size) != 0 ||
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(out, LISTEN_TEXT_SIZE, "a socket");
    else
        snprintf(out, LISTEN_TEXT_SIZE, strchr(host, ':') ? "[%.200s]:%s" : "%.200s:%s", host, port);
}

/* Returns 0, or the errno of the last address that could not be opened when none could. */
static int open_port(struct listen_sockets *sockets, struct event_base *base, const struct place *place,
                     const char *port, evconnlistener_cb accepted, void *arg)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    /* The IPv6 wildcard accepts IPv4, too; a machine without IPv6 uses 0.0.0.0. */
    const char *hosts[] = {place->host[0] ? place->host : "::", place->host[0] ? NULL : "0.0.0.0"};
    int last = ENOENT;

    for (size_t i = 0; i < 2 && hosts[i] && sockets->count == 0; i++) {
        struct addrinfo *found = NULL;

        if (getaddrinfo(hosts[i], port, &hints, &found) != 0)
            continue;
        for (const struct addrinfo *one = found; one && sockets->count < LISTEN_SOCKETS_MAX; one = one->ai_next) {
            errno = 0;
            sockets->all[sockets->count] = evconnlistener_new_bind(
                base, accepted, arg, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, -1,
                one->ai_addr, (int)one->ai_addrlen);
            if (!sockets->all[sockets->count]) {
                last = errno ? errno : ENOMEM;
                continue;
            }
            describe(sockets);
            sockets->count++;
        }
        freeaddrinfo(found);
    }
    return sockets->count > 0 ? 0 : last;
}

bool listen_sockets_open(struct listen_sockets *sockets, struct event_base *base, const char *where,
                         evconnlistener_cb accepted, void *arg, char error[LISTEN_TEXT_SIZE], bool *usage)
{
    static const char *const usual[] = {"25", "2525"};
    struct place place = {.host = ""};
    int failed = 0;

    *sockets = (struct listen_sockets){.count = 0};
    *usage = where && !read_place(&place, where);
    if (*usage) {
        snprintf(error, LISTEN_TEXT_SIZE, "\"%.100s\" is not an ADDRESS, ADDRESS:PORT, NAME:PORT or :PORT", where);
        return false;
    }
    if (place.port)
        failed = open_port(sockets, base, &place, place.port, accepted, arg);
    for (size_t i = 0; !place.port && i < 2 && sockets->count == 0; i++)
        failed = open_port(sockets, base, &place, usual[i], accepted, arg);
    if (sockets->count > 0)
        return true;
    *usage = failed == ENOENT;
    snprintf(error, LISTEN_TEXT_SIZE, "%.100s: %s", where ? where : "port 2525",
             failed == ENOENT ? "the name has no address" : strerror(failed));
    return false;
}

void listen_sockets_close(struct listen_sockets *sockets)
{
    for (size_t i = 0; i < sockets->count; i++)
        evconnlistener_free(sockets->all[i]);
    sockets->count = 0;
}

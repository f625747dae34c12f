/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allow: checks a peer's address against server.allow or status.allow. A client that keeps trying must not fill the
 * log, so refusals are logged at a limited rate; the next line says how many were left out.
 */
#include "allow.h"

#include <sys/socket.h>

#include "address.h"
#include "log.h"
#include "lookup.h"

bool allow_peer(const struct network_set *set, const struct sockaddr *peer, const char *option, struct log_limit *limit)
{
    char text[ADDRESS_TEXT_SIZE] = "an unknown address";
    struct address a;
    bool known;

    if (set == NULL || peer->sa_family == AF_UNIX)
        return true;
    known = address_from_sockaddr(&a, peer);
    if (known && network_set_find(set, &a) != LOOKUP_NONE)
        return true;
    if (known)
        address_format(&a, text);
    log_limited(limit, LOG_LEVEL_WARNING, "connection from %s closed: %s does not list this address", text, option);
    return false;
}

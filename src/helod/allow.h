/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * allow: whether a client may use a TCP listener. What refuses it is its address alone, so nothing is read from it.
 */
#ifndef HELOD_ALLOW_H
#define HELOD_ALLOW_H

#include <stdbool.h>

struct log_limit;
struct network_set;
struct sockaddr;

/*
 * True when `set` has the peer's address. Also true without a set, and for a unix socket, whose file mode decides
 * instead. A refusal is logged within the limit; `option` names the list that lacks the address.
 */
bool allow_peer(const struct network_set *set, const struct sockaddr *peer, const char *option,
                struct log_limit *limit);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * direct: lookups that helod sends itself, without c-ares.
 *
 * c-ares 1.34 refuses to query names with characters that host names do not have. SPF macros build such names from text
 * that the sender chose, so without this file any sender could turn an SPF fail into a temporary error. A lookup uses
 * one socket and ends after `tries` times the timeout. The caller limits how many run at once.
 */
#ifndef HELOD_DNS_DIRECT_H
#define HELOD_DNS_DIRECT_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "channel.h"

struct direct;

/* Without a server every lookup fails. NULL: no memory. */
struct direct *direct_new(struct event_base *base, uint64_t timeout_ms, unsigned tries);
/* Calls back remaining lookups as aborted. Must not be called from inside a callback. NULL is allowed. */
void direct_free(struct direct *d);
/* Servers past the eighth are not used. */
void direct_add_server(struct direct *d, const struct address *address, uint16_t port);
/* Calls back once; that may be before it returns. */
void direct_ask(struct direct *d, const char *name, uint16_t type, channel_done *done, void *arg);
size_t direct_pending(const struct direct *d);

#endif

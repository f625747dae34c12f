/* SPDX-License-Identifier: BSD-2-Clause */
/* channel: one c-ares channel on libevent. No other file uses c-ares. */
#ifndef HELOD_DNS_CHANNEL_H
#define HELOD_DNS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns.h"

struct event_base;
struct channel;

struct channel_options {
    const char *const *servers; /* NULL or empty: those in resolv_conf */
    const char *resolv_conf;
    uint64_t timeout_ms;
    unsigned tries;
    bool edns;
};

struct channel_reply {
    const uint8_t *bytes; /* the DNS message, valid during the callback; NULL: none */
    size_t size;
    enum dns_status status; /* the result when there is no message; otherwise a hint, and FOUND means: parse it */
    const char *why;
    bool aborted; /* the channel is being destroyed; the reply carries no information */
};

typedef void channel_done(void *arg, const struct channel_reply *reply);

/* Returns NULL with a text in error. */
struct channel *channel_new(struct event_base *base, const struct channel_options *options, char *error,
                            size_t error_size);
/* Must not be called from inside a callback. Remaining lookups are called back as aborted. NULL is allowed. */
void channel_free(struct channel *c);
/* Calls back exactly once, possibly before it returns. The name is sent byte for byte. */
void channel_ask(struct channel *c, const char *name, uint16_t type, channel_done *done, void *arg);
size_t channel_pending(const struct channel *c);
/* Writes "127.0.0.1:53 [::1]:53" into out. Addresses that do not fit are omitted. */
void channel_servers(struct channel *c, char *out, size_t size);
const char *channel_version(void);
/* A known problem of the c-ares version in use, or NULL. */
const char *channel_warning(struct channel *c);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* channel: one c-ares channel on libevent. The only file pair that knows c-ares. */
#ifndef HELOD_DNS_CHANNEL_H
#define HELOD_DNS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns.h"

struct event_base;
struct channel;

struct channel_options {
    const char *const *servers; /* NULL or none: those of resolv_conf */
    const char *resolv_conf;
    uint64_t timeout_ms;
    unsigned tries;
    bool edns;
};

struct channel_reply {
    const uint8_t *bytes; /* NULL: there is no message; valid during the callback */
    size_t size;
    enum dns_status status; /* without a message, or as a hint; FOUND: look into the message */
    const char *why;
    bool aborted; /* the channel is being destroyed: says nothing at all */
};

typedef void channel_done(void *arg, const struct channel_reply *reply);

/* NULL with a text in error. */
struct channel *channel_new(struct event_base *base, const struct channel_options *options, char *error,
                            size_t error_size);
/* Never from inside a callback. Look-ups left are called back as aborted. NULL is allowed. */
void channel_free(struct channel *c);
/* Calls back once; that may be before it returns. The name is asked byte for byte. */
void channel_ask(struct channel *c, const char *name, uint16_t type, channel_done *done, void *arg);
size_t channel_pending(const struct channel *c);
/* "127.0.0.1:53 [::1]:53" into out, cut where it does not fit. */
void channel_servers(struct channel *c, char *out, size_t size);
const char *channel_version(void);
/* What is known against the c-ares that runs, or NULL. */
const char *channel_warning(struct channel *c);

#endif

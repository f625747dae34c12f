/* SPDX-License-Identifier: BSD-2-Clause */
/* message: the bytes of a DNS answer, as strangers send them, to a struct answer. Pure. */
#ifndef HELOD_DNS_MESSAGE_H
#define HELOD_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "answer.h"

enum { MESSAGE_RECORDS_MAX = 512, MESSAGE_CHAIN_MAX = 8, MESSAGE_SIZE_MAX = 65535 };

struct message_question {
    const char *name;   /* what the caller of the resolver asked for: lower case, and the answer's name */
    const char *target; /* what this message was asked for: the name, or the end of the chain of an earlier message */
    uint16_t type;      /* A, AAAA, PTR, MX or TXT */
    uint32_t ttl;       /* least TTL of the chain so far; UINT32_MAX to begin with */
};

/*
 * TTLs are the message's (least along the CNAME chain; SOA minimum for a negative one, 0 without SOA), not clamped.
 * What is malformed, forged or cut off is a temporary failure. Sets `chase` to a name that is to be asked next when
 * the message holds CNAMEs only, else to "". NULL: no memory.
 */
struct answer *message_parse(const uint8_t *bytes, size_t size, const struct message_question *question,
                             char chase[DNS_NAME_SIZE]);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* message: parses a DNS message from an untrusted server into a struct answer. Pure. */
#ifndef HELOD_DNS_MESSAGE_H
#define HELOD_DNS_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "answer.h"

enum { MESSAGE_RECORDS_MAX = 512, MESSAGE_CHAIN_MAX = 8, MESSAGE_SIZE_MAX = 65535 };

struct message_question {
    const char *name;   /* the name that the resolver's caller asked for, lower case; becomes the answer's name */
    const char *target; /* the name this message was asked for: `name`, or the end of an earlier message's chain */
    uint16_t type;      /* A, AAAA, PTR, MX or TXT */
    uint32_t ttl;       /* smallest TTL of the chain so far; UINT32_MAX at first */
};

/*
 * The answer's TTL is the smallest along the CNAME chain; for a negative answer it is the SOA minimum, or 0 without
 * an SOA. It is not clamped. A malformed, mismatched or truncated message is a temporary failure. When the message
 * holds only CNAMEs, `chase` is set to the name to ask for next, otherwise to "". Returns NULL when there is no
 * memory.
 */
struct answer *message_parse(const uint8_t *bytes, size_t size, const struct message_question *question,
                             char chase[DNS_NAME_SIZE]);

#endif

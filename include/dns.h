/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns: the answer to one DNS lookup, a plain value. The resolver (or a test) creates it; gather and SPF read it.
 */
#ifndef HELOD_DNS_H
#define HELOD_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
    DNS_FOUND,  /* at least one record of the type asked for */
    DNS_NODATA, /* the name exists but has no record of this type */
    DNS_NXDOMAIN,
    DNS_TEMPERROR, /* SERVFAIL, a timeout, a malformed answer, no memory: nothing is known about the name */
};

struct dns_record {
    union {
        struct address address; /* A, AAAA */
        struct {
            const char *name; /* PTR, MX: lower case, no trailing dot; "" is the root (RFC 7505 null MX).
                                   A record is left out when a label contains a dot, a backslash, a space or a byte
                                   outside printable ASCII. Everything else is untrusted text. */
            uint16_t preference;
        } host;
        struct {
            const uint8_t *bytes; /* TXT: the strings, concatenated. May contain any byte; NUL-terminated as well */
            size_t size;
        } text;
    };
};

struct dns_answer {
    enum dns_status status;
    uint16_t type;         /* enum dns_type */
    uint16_t count;        /* number of records, at most DNS_RECORDS_MAX */
    uint16_t left_out;     /* records beyond that bound, or whose name is not a host name */
    uint32_t size;         /* bytes of the messages that it came in; 0: there was none */
    uint32_t ttl;          /* seconds, clamped; for a cached answer, the time that remains */
    const char *name;      /* the name that was asked for */
    const char *canonical; /* end of the CNAME chain; equal to name when there is none */
    const char *why;       /* a constant word for the log: "ok", "nxdomain", "nodata", "timeout", "servfail", …
                              "busy": never sent, because helod's own queue was full */
    const struct dns_record *records;
};

enum {
    DNS_RECORDS_MAX = 128,
    DNS_NAME_SIZE = 256, /* longest name as text, including its NUL */
};

/* The types that helod queries, numbered from 0 for use as table indexes. The last number means any other type. */
enum { DNS_TYPE_NUMBERS = 6 };
unsigned dns_type_number(uint16_t type);
const char *dns_type_number_name(unsigned number); /* "A", …, "other" */

const char *dns_type_name(uint16_t type);            /* "PTR"; "?" for others */
const char *dns_status_name(enum dns_status status); /* "found", "nodata", "nxdomain", "temperror" */

#endif

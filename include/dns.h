/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dns: what one look-up said. A plain value: made by the resolver or by a test, read by gather and SPF.
 */
#ifndef HELOD_DNS_H
#define HELOD_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"

enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_SOA = 6, DNS_PTR = 12, DNS_MX = 15, DNS_TXT = 16, DNS_AAAA = 28 };

enum dns_status {
    DNS_FOUND,  /* at least one record of the type asked */
    DNS_NODATA, /* the name exists, the type does not */
    DNS_NXDOMAIN,
    DNS_TEMPERROR, /* SERVFAIL, timeout, garbage, no memory, …: says nothing about the name */
};

struct dns_record {
    union {
        struct address address; /* A, AAAA */
        struct {
            const char *name; /* PTR, MX: lower case, no trailing dot; "" is the root (RFC 7505 null MX).
                                   A label with a dot, backslash, blank or a byte outside printable ASCII makes
                                   the record be left out; others are foreign text like any other. */
            uint16_t preference;
        } host;
        struct {
            const uint8_t *bytes; /* TXT: the strings joined; may hold any byte; also NUL-terminated */
            size_t size;
        } text;
    };
};

struct dns_answer {
    enum dns_status status;
    uint16_t type;         /* enum dns_type */
    uint16_t count;        /* of records, at most DNS_RECORDS_MAX */
    uint16_t left_out;     /* records past that bound, or that were no host names */
    uint32_t ttl;          /* seconds, clamped; what is left of it when it comes from the cache */
    const char *name;      /* asked for */
    const char *canonical; /* end of the CNAME chain; equal to name where there is none */
    const char *why;       /* a constant word for the log: "ok", "nxdomain", "nodata", "timeout", "servfail", … */
    const struct dns_record *records;
};

enum {
    DNS_RECORDS_MAX = 128,
    DNS_NAME_SIZE = 256, /* longest name in text with its NUL */
};

/* The types that are asked for, counted up from 0 (for tables by type); the last number is any other type. */
enum { DNS_TYPE_NUMBERS = 6 };
unsigned dns_type_number(uint16_t type);
const char *dns_type_number_name(unsigned number); /* "A", …, "other" */

const char *dns_type_name(uint16_t type);            /* "PTR"; "?" for others */
const char *dns_status_name(enum dns_status status); /* "found", "nodata", "nxdomain", "temperror" */

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record: an SPF record as terms (RFC 7208 sections 4.5, 4.6.1, 5, 6 and 12).
 */
#ifndef HELOD_SPF_RECORD_H
#define HELOD_SPF_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "region.h"
#include "spf.h"

enum spf_kind { SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS, SPF_KINDS };

/* A mechanism with its qualifier. */
struct spf_term {
    const char *text;   /* as written, printable ASCII */
    const char *target; /* domain-spec; "" when there is none */
    enum spf_kind kind;
    enum spf_result result; /* given by the qualifier */
    struct network net;     /* ip4, ip6 */
    uint8_t bits4, bits6;   /* a, mx */
};

struct spf_modifier {
    const char *text;   /* as written; NULL: the record has no such modifier */
    const char *target; /* domain-spec */
};

struct spf_record {
    size_t count;
    struct spf_term *terms;
    struct spf_modifier redirect, exp;
    bool deny_all; /* the only term is "-all" */
};

/* RFC 7208 sets no limit, and a DNS message cannot hold more. What a record costs is bounded by the region's memory. */
enum { SPF_RECORD_MAX = 65535 };

/* True when a TXT record is an SPF record: "v=spf1" followed by its end or a space. */
bool record_is(const uint8_t *bytes, size_t size);
/*
 * Parses a whole SPF record. Returns false at the first syntax error, with *error in printable ASCII, or NULL when
 * there was no memory.
 */
bool record_parse(struct spf_record *out, const uint8_t *bytes, size_t size, struct region *r, const char **error);
/* Copies untrusted bytes to the region as printable ASCII. Returns "" when there is no memory. */
const char *record_printable(const void *bytes, size_t size, struct region *r);

#endif

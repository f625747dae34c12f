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
    const char *target; /* domain-spec; "" where there is none */
    enum spf_kind kind;
    enum spf_result result; /* of the qualifier */
    struct network net;     /* ip4, ip6 */
    uint8_t bits4, bits6;   /* a, mx */
};

struct spf_modifier {
    const char *text;   /* as written; NULL: the record has none */
    const char *target; /* domain-spec */
};

struct spf_record {
    size_t count;
    struct spf_term *terms;
    struct spf_modifier redirect, exp;
    bool deny_all; /* "-all" is all there is */
};

enum { SPF_RECORD_MAX = 8192 }; /* longer records are a permerror: nobody publishes them in earnest */

/* Whether a TXT record is an SPF record: "v=spf1" and its end or a space. */
bool spf_record_is(const uint8_t *bytes, size_t size);
/*
 * Parses the whole of such a record. False with *error in printable ASCII at the first syntax error; the error is
 * NULL when it was memory that was missing.
 */
bool spf_record_parse(struct spf_record *out, const uint8_t *bytes, size_t size, struct region *r, const char **error);
/* Foreign bytes as printable ASCII in the region; "" without memory. */
const char *spf_printable(const void *bytes, size_t size, struct region *r);

#endif

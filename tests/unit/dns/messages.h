/* SPDX-License-Identifier: BSD-2-Clause */
/* messages: builds and parses the DNS messages of two tests. */
#ifndef HELOD_TESTS_DNS_MESSAGES_H
#define HELOD_TESTS_DNS_MESSAGES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "message.h"
#include "text.h"
#include "wire.h"

enum { BUILD_SIZE = 70000 };

/* The bytes behind the question. Q is a pointer to the name asked for. */
#define Q "\300\014"
#define IN "\0\1"
#define T_A "\0\1"
#define T_CNAME "\0\5"
#define T_SOA "\0\6"
#define T_PTR "\0\14"
#define T_MX "\0\17"
#define T_TXT "\0\20"
#define T_AAAA "\0\34"
#define TTL60 "\0\0\0\74"
#define TTL9 "\0\0\0\11"
#define ADDR "\300\0\2\1"

enum { RESPONSE = 0x8180, TRUNCATED = 0x0200, NXDOMAIN = 3 };

static inline void put16(uint8_t *out, unsigned n)
{
    out[0] = (uint8_t)(n >> 8);
    out[1] = (uint8_t)n;
}

/* Header and question; returns the size. */
static inline size_t begin(uint8_t *out, const char *name, uint16_t type, unsigned flags, const unsigned counts[3])
{
    struct wire_name wire;

    assert_true(wire_from_text(&wire, name));
    memset(out, 0, 12);
    put16(out + 2, flags);
    for (int i = 0; i < 3; i++)
        put16(out + 4 + 2 * i, counts[i]);
    memcpy(out + 12, wire.bytes, wire.size);
    put16(out + 12 + wire.size, type);
    put16(out + 14 + wire.size, 1);
    return 16 + wire.size;
}

/* From a block of exactly that size. */
static inline struct answer *parse(const uint8_t *bytes, size_t size, const char *name, uint16_t type,
                                   char chase[DNS_NAME_SIZE])
{
    struct message_question question = {.name = name, .target = name, .type = type, .ttl = UINT32_MAX};
    uint8_t *exact = malloc(size > 0 ? size : 1);
    struct answer *a;

    assert_non_null(exact);
    memcpy(exact, bytes, size);
    a = message_parse(exact, size, &question, chase);
    free(exact);
    assert_non_null(a);
    return a;
}

#endif

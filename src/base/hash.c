/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash: SipHash-1-3 (Aumasson and Bernstein's SipHash with one round a word and three at the end), as several language
 * run-times use it against hash flooding. Promises the same value for the same key and bytes on every machine.
 */
#include "hash.h"

#include <string.h>
#include <sys/random.h>

struct sip {
    uint64_t v0, v1, v2, v3;
};

bool hash_key_random(struct hash_key *key)
{
    return getrandom(key, sizeof *key, 0) == (ssize_t)sizeof *key;
}

static inline uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

/* On little-endian machines compilers turn this into one load. */
static inline uint64_t load_word(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
           (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    size_t whole = n / 8 * 8;
    uint8_t tail[8] = {[7] = (uint8_t)n};
    struct sip s = {
        key->k0 ^ 0x736f6d6570736575u,
        key->k1 ^ 0x646f72616e646f6du,
        key->k0 ^ 0x6c7967656e657261u,
        key->k1 ^ 0x7465646279746573u,
    };

    for (size_t i = 0; i < whole; i += 8)
        sip_word(&s, load_word(p + i));
    if (n > whole)
        memcpy(tail, p + whole, n - whole);
    sip_word(&s, load_word(tail));
    s.v2 ^= 0xff;
    sip_round(&s);
    sip_round(&s);
    sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

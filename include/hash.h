/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hash: SipHash-1-3 with a random key. Clients choose the names and addresses that become table keys; without a secret
 * they could choose keys that all collide.
 */
#ifndef HELOD_HASH_H
#define HELOD_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k0, k1;
};

/* Fills the key from getrandom(2); false when there is no randomness. */
bool hash_key_random(struct hash_key *key);
uint64_t hash_bytes(const struct hash_key *key, const void *bytes, size_t n);

#endif

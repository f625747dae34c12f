/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys: a greeting as the texts that stores keep; hashed where people are not to read them.
 */
#ifndef HELOD_HISTORY_KEYS_H
#define HELOD_HISTORY_KEYS_H

#include "store.h"

struct keys_form {
    unsigned ipv4_bits, ipv6_bits;
    bool hashed;
    struct hash_key hash_key;
};

void keys_form_init(struct keys_form *form, const struct history_settings *settings);
/* The key of the client's network; of its neighbourhood; those of the HELO name, and known_count. */
void keys_of_client(const struct keys_form *form, const struct address *client, struct store_keys *out);
void keys_of_neighbourhood(const struct keys_form *form, const struct address *client, struct store_keys *out);
void keys_of_name(const struct keys_form *form, const struct history_greeting *greeting, struct store_keys *out);
/* Reads what a person typed: an address stands for its network, anything else for a HELO name. False: neither. */
bool keys_of_subject(const struct keys_form *form, const char *text, enum store_subject *subject,
                     char key[STORE_KEY_SIZE]);

#endif

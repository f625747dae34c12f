/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys: a network is its RFC 5952 text, with its prefix length if that is not the full address; a name is itself in
 * lower case. A hash is '#' and 16 digits of SipHash under the policy file's key: the same on every host, and
 * useless without the key.
 */
#include "keys.h"

#include <stdio.h>
#include <string.h>

#include "names.h"

/*
 * The prefix lengths of neighbourhoods, which are unrelated networks. A customer easily gets an IPv4 /24, an IPv6
 * /48 or even a /40. If helod counted those as unrelated, the owner of one could make any name look shared.
 */
enum { NEAR_IPV4 = 16, NEAR_IPV6 = 32, NAME_MAX_SIZE = 253 };

void keys_form_init(struct keys_form *form, const struct history_settings *settings)
{
    static const struct hash_key halves[] = {{1, 0}, {2, 0}};
    size_t n = strlen(settings->hash_key);

    *form = (struct keys_form){
        .ipv4_bits = settings->ipv4_bits,
        .ipv6_bits = settings->ipv6_bits,
        .hashed = settings->hashed,
        .hash_key = {hash_bytes(&halves[0], settings->hash_key, n), hash_bytes(&halves[1], settings->hash_key, n)}};
}

static void set_key(const struct keys_form *form, const char *text, size_t n, char out[STORE_KEY_SIZE])
{
    if (n == 0 || n > NAME_MAX_SIZE) {
        out[0] = '\0';
    } else if (form->hashed) {
        snprintf(out, STORE_KEY_SIZE, "#%016llx", (unsigned long long)hash_bytes(&form->hash_key, text, n));
    } else {
        memcpy(out, text, n);
        out[n] = '\0';
    }
}

static void network_key(const struct keys_form *form, const struct address *client, unsigned bits,
                        char out[STORE_KEY_SIZE])
{
    struct network net = address_network(client, bits);
    char text[NETWORK_TEXT_SIZE];

    if (net.bits == 8 * address_size(client))
        address_format(&net.base, text);
    else
        network_format(&net, text);
    set_key(form, text, strlen(text), out);
}

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static unsigned width(const struct keys_form *form, const struct address *client)
{
    return client->family == ADDRESS_IPV4 ? form->ipv4_bits : form->ipv6_bits;
}

void keys_of_client(const struct keys_form *form, const struct address *client, struct store_keys *out)
{
    network_key(form, client, width(form, client), out->network);
}

void keys_of_neighbourhood(const struct keys_form *form, const struct address *client, struct store_keys *out)
{
    unsigned near = client->family == ADDRESS_IPV4 ? NEAR_IPV4 : NEAR_IPV6;

    network_key(form, client, smaller(width(form, client), near), out->near);
}

void keys_of_name(const struct keys_form *form, const struct history_greeting *greeting, struct store_keys *out)
{
    const struct name *helo = greeting->helo;
    bool is_word = helo->kind == NAME_HOST || helo->kind == NAME_SINGLE;

    out->known_count = greeting->known_count;
    set_key(form, helo->text, is_word ? helo->length : 0, out->name);
    set_key(form, helo->registrable,
            is_word && helo->registrable != NULL ? (size_t)(helo->text + helo->length - helo->registrable) : 0,
            out->domain);
}

bool keys_of_subject(const struct keys_form *form, const char *text, enum store_subject *subject,
                     char key[STORE_KEY_SIZE])
{
    char lower[STORE_KEY_SIZE];
    struct address client;
    size_t n = strlen(text);

    *subject = STORE_NETWORK;
    if (address_parse(&client, text, n)) {
        network_key(form, &client, width(form, &client), key);
        return true;
    }
    *subject = STORE_NAME;
    n -= n > 0 && text[n - 1] == '.';
    if (n == 0 || n > NAME_MAX_SIZE)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] <= ' ' || text[i] > '~')
            return false;
        lower[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i]);
    }
    set_key(form, lower, n, key);
    return true;
}

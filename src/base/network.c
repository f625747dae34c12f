/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network: an address with a prefix length, read and written. Promises that the host bits are zero and that a text is
 * accepted only if all of it has the strict form.
 */
#include "address.h"

#include <string.h>

/* One to three digits without a leading zero, nothing else. */
static bool parse_bits(const char *s, size_t n, unsigned *bits)
{
    if (n == 0 || n > 3 || (n > 1 && s[0] == '0'))
        return false;
    *bits = 0;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *bits = *bits * 10 + (unsigned)(s[i] - '0');
    }
    return true;
}

bool network_parse(struct network *net, const char *s, size_t n)
{
    const char *slash = memchr(s, '/', n);
    size_t address_length = slash == NULL ? n : (size_t)(slash - s);
    bool mapped;
    struct address a;
    unsigned width, bits;

    *net = (struct network){.bits = 0};
    if (!address_parse(&a, s, address_length))
        return false;
    width = a.family == ADDRESS_IPV4 ? 32 : 128;
    mapped = width == 32 && memchr(s, ':', address_length) != NULL;
    bits = mapped ? 128 : width;
    if (slash != NULL && !parse_bits(slash + 1, n - address_length - 1, &bits))
        return false;
    if (mapped) { /* ::ffff:192.0.2.0/120 is 192.0.2.0/24; a prefix below /96 would not be an IPv4 network */
        if (bits < 96)
            return false;
        bits -= 96;
    }
    if (bits > width)
        return false;
    *net = address_network(&a, bits);
    return true;
}

/* Without a text builder: the history formats a network for nearly every request. */
const char *network_format(const struct network *net, char out[NETWORK_TEXT_SIZE])
{
    char *end = out + strlen(address_format(&net->base, out));

    if (net->base.family == ADDRESS_NONE)
        return out;
    *end++ = '/';
    if (net->bits >= 100)
        *end++ = '1';
    if (net->bits >= 10)
        *end++ = (char)('0' + net->bits / 10 % 10);
    *end++ = (char)('0' + net->bits % 10);
    *end = '\0';
    return out;
}

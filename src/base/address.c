/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address: IPv4 and IPv6 addresses, read, written and compared.
 *
 * Promises: a client has only one value (an IPv4-mapped address is IPv4), a value has only one text (RFC 5952), and a
 * text is accepted only if all of it has the strict form.
 */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "text.h"

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

static void set_ipv4(struct address *a, const void *bytes)
{
    *a = (struct address){.family = ADDRESS_IPV4};
    memcpy(a->bytes, bytes, 4);
}

static void set_ipv6(struct address *a, const uint8_t bytes[16])
{
    if (memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0) {
        set_ipv4(a, bytes + 12);
        return;
    }
    a->family = ADDRESS_IPV6;
    memcpy(a->bytes, bytes, 16);
}

/* Four numbers up to 255, without leading zeros. */
static bool parse_ipv4(const char *s, size_t n, uint8_t bytes[4])
{
    size_t at = 0;

    for (int i = 0; i < 4; i++) {
        unsigned octet = 0;
        size_t start;

        if (i > 0 && (at == n || s[at++] != '.'))
            return false;
        for (start = at; at < n && at - start < 3 && s[at] >= '0' && s[at] <= '9'; at++)
            octet = octet * 10 + (unsigned)(s[at] - '0');
        if (at == start || octet > 255 || (at - start > 1 && s[start] == '0'))
            return false;
        bytes[i] = (uint8_t)octet;
    }
    return at == n;
}

bool address_parse(struct address *a, const char *s, size_t n)
{
    char copy[ADDRESS_TEXT_SIZE];
    uint8_t bytes[16];

    *a = (struct address){.family = ADDRESS_NONE};
    if (parse_ipv4(s, n, bytes)) {
        set_ipv4(a, bytes);
        return true;
    }
    if (n >= sizeof copy || memchr(s, '\0', n) != NULL)
        return false;
    memcpy(copy, s, n);
    copy[n] = '\0';
    if (inet_pton(AF_INET6, copy, bytes) != 1)
        return false;
    set_ipv6(a, bytes);
    return true;
}

bool address_from_sockaddr(struct address *a, const struct sockaddr *sa)
{
    *a = (struct address){.family = ADDRESS_NONE};
    if (sa->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, sa, sizeof in);
        set_ipv4(a, &in.sin_addr);
        return true;
    }
    if (sa->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, sa, sizeof in6);
        set_ipv6(a, in6.sin6_addr.s6_addr);
        return true;
    }
    return false;
}

socklen_t address_to_sockaddr(const struct address *a, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof *out);
    if (a->family == ADDRESS_IPV4) {
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        memcpy(&in->sin_addr, a->bytes, sizeof in->sin_addr);
        return sizeof *in;
    }
    *in6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
    memcpy(&in6->sin6_addr, a->bytes, sizeof in6->sin6_addr);
    return sizeof *in6;
}

bool address_split_port(const char *text, char *host, size_t size, const char **port)
{
    const char *colon = strrchr(text, ':'), *end = text + strlen(text);
    struct address alone;

    if (colon != NULL && (end[-1] == ']' || address_parse(&alone, text, strlen(text))))
        colon = NULL; /* the colons of an IPv6 address */
    if (colon != NULL)
        end = colon;
    *port = colon == NULL ? NULL : colon + 1;
    if (text[0] == '[' && end > text + 1 && end[-1] == ']') {
        text++;
        end--;
    }
    if ((size_t)(end - text) >= size)
        return false;
    memcpy(host, text, (size_t)(end - text));
    host[end - text] = '\0';
    return true;
}

static void add_hex(struct text *t, unsigned n)
{
    static const char digits[] = "0123456789abcdef";
    int shift = 12;

    while (shift > 0 && n >> shift == 0)
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        text_add_char(t, digits[n >> shift & 15]);
}

/* A number below 1000 without a leading zero; returns where it ends. */
static char *put_decimal(char *at, unsigned n)
{
    if (n >= 100)
        *at++ = (char)('0' + n / 100);
    if (n >= 10)
        *at++ = (char)('0' + n / 10 % 10);
    *at++ = (char)('0' + n % 10);
    return at;
}

static void put_ipv4(char *at, const uint8_t *bytes)
{
    for (int i = 0; i < 4; i++) {
        at = put_decimal(at, bytes[i]);
        *at++ = i < 3 ? '.' : '\0';
    }
}

/* RFC 5952: the first of the longest runs of two or more zero groups becomes "::". */
static void add_ipv6(struct text *t, const uint8_t *bytes)
{
    unsigned groups[8];
    int best = -1, best_length = 1;

    for (int i = 0; i < 8; i++)
        groups[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    for (int i = 0, run = 0; i < 8; i++) {
        run = groups[i] == 0 ? run + 1 : 0;
        if (run > best_length) {
            best = i - run + 1;
            best_length = run;
        }
    }
    for (int i = 0; i < 8; i++) {
        if (i == best) {
            text_add(t, "::");
            i += best_length - 1;
            continue;
        }
        if (i > 0 && i != best + best_length)
            text_add_char(t, ':');
        add_hex(t, groups[i]);
    }
}

const char *address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE])
{
    struct text t;

    if (a->family == ADDRESS_IPV4) {
        put_ipv4(out, a->bytes);
        return out;
    }
    text_init(&t, out, ADDRESS_TEXT_SIZE);
    if (a->family == ADDRESS_IPV6)
        add_ipv6(&t, a->bytes);
    return out;
}

const char *address_reverse_name(const struct address *a, char out[ADDRESS_REVERSE_SIZE])
{
    struct text t;

    text_init(&t, out, ADDRESS_REVERSE_SIZE);
    if (a->family == ADDRESS_IPV4) {
        for (int i = 3; i >= 0; i--) {
            text_add_number(&t, a->bytes[i]);
            text_add_char(&t, '.');
        }
        text_add(&t, "in-addr.arpa");
    } else if (a->family == ADDRESS_IPV6) {
        for (int i = 15; i >= 0; i--) {
            add_hex(&t, a->bytes[i] & 15u);
            text_add_char(&t, '.');
            add_hex(&t, a->bytes[i] >> 4);
            text_add_char(&t, '.');
        }
        text_add(&t, "ip6.arpa");
    }
    return out;
}

bool address_equal(const struct address *a, const struct address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

int address_compare(const struct address *a, const struct address *b)
{
    return a->family != b->family ? a->family - b->family : memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* The first `bits` bits of two addresses are the same. */
static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    if (whole > 0 && a[0] != b[0]) /* decides most comparisons without a call */
        return false;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool address_in(const struct address *a, const struct network *net)
{
    return a->family != ADDRESS_NONE && a->family == net->base.family &&
           same_prefix(a->bytes, net->base.bytes, net->bits);
}

struct network address_network(const struct address *a, unsigned bits)
{
    unsigned width = (unsigned)address_size(a) * 8;
    struct network net = {.base = {.family = a->family}, .bits = (uint8_t)(bits < width ? bits : width)};
    unsigned whole = net.bits / 8, rest = net.bits % 8;

    memcpy(net.base.bytes, a->bytes, whole);
    if (rest > 0)
        net.base.bytes[whole] = (uint8_t)(a->bytes[whole] & 0xff00u >> rest);
    return net;
}

size_t address_size(const struct address *a)
{
    return a->family == ADDRESS_IPV4 ? 4 : a->family == ADDRESS_IPV6 ? 16 : 0;
}

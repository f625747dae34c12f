/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address: IPv4 and IPv6 addresses and networks as values.
 *
 * An IPv4-mapped IPv6 address is stored as the IPv4 address it maps, so both notations of a client compare equal.
 */
#ifndef HELOD_ADDRESS_H
#define HELOD_ADDRESS_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum address_family { ADDRESS_NONE = 0, ADDRESS_IPV4 = 4, ADDRESS_IPV6 = 6 };

struct address {
    uint8_t family;    /* enum address_family */
    uint8_t bytes[16]; /* network order; IPv4 in the first four, the others zero */
};
static_assert(sizeof(struct address) == 17, "an address without gaps may be hashed and compared as it is");

struct network {
    struct address base; /* host bits zero */
    uint8_t bits;        /* 0..32 or 0..128 */
};

/* What an address is used for, by the IANA special-purpose address registries (RFC 6890). */
enum address_scope {
    ADDRESS_GLOBAL,
    ADDRESS_LOOPBACK,      /* 127/8, ::1 */
    ADDRESS_PRIVATE,       /* RFC 1918, fc00::/7 */
    ADDRESS_SHARED,        /* 100.64/10 */
    ADDRESS_LINK_LOCAL,    /* 169.254/16, fe80::/10 */
    ADDRESS_DOCUMENTATION, /* 192.0.2/24, 198.51.100/24, 203.0.113/24, 2001:db8::/32, 3fff::/20 */
    ADDRESS_MULTICAST,     /* 224/4, ff00::/8 */
    ADDRESS_UNSPECIFIED,   /* 0/8, :: */
    ADDRESS_RESERVED,      /* 240/4, benchmarking, protocol assignments, 100::/64 */
};

enum {
    ADDRESS_TEXT_SIZE = 46,    /* longest text with its NUL */
    NETWORK_TEXT_SIZE = 50,    /* the same with "/128" */
    ADDRESS_REVERSE_SIZE = 74, /* longest ip6.arpa name with its NUL */
};

/* Accepts only a dotted quad without leading zeros, or RFC 4291 text. No brackets, zone ids or blanks. */
bool address_parse(struct address *a, const char *s, size_t n);
bool address_from_sockaddr(struct address *a, const struct sockaddr *sa);
socklen_t address_to_sockaddr(const struct address *a, uint16_t port, struct sockaddr_storage *out); /* the size */
/* Address or address/bits; host bits are cleared. */
bool network_parse(struct network *net, const char *s, size_t n);

/*
 * Splits "HOST:PORT", "HOST", "[ADDRESS]:PORT" or a bare address. The host is copied to `host` without brackets; *port
 * points into `text`, after the colon, or is NULL if there is no port. Neither part is validated. Returns false if the
 * host does not fit.
 */
bool address_split_port(const char *text, char *host, size_t size, const char **port);

/* RFC 5952 text. Returns `out`. */
const char *address_format(const struct address *a, char out[ADDRESS_TEXT_SIZE]);
const char *network_format(const struct network *net, char out[NETWORK_TEXT_SIZE]);
/* The in-addr.arpa or ip6.arpa name for a PTR lookup, without a trailing dot. Returns `out`. */
const char *address_reverse_name(const struct address *a, char out[ADDRESS_REVERSE_SIZE]);

bool address_equal(const struct address *a, const struct address *b);
int address_compare(const struct address *a, const struct address *b); /* sorts IPv4 before IPv6, then by bytes */
bool address_in(const struct address *a, const struct network *net);
/* The network of `bits` around an address; bits past the family's width count as the width. */
struct network address_network(const struct address *a, unsigned bits);
size_t address_size(const struct address *a); /* 4, 16, or 0 */
enum address_scope address_scope(const struct address *a);
const char *address_scope_name(enum address_scope scope); /* "private", … */

#endif

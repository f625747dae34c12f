/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * address_scope: the IANA special-purpose address registries as a table (RFC 6890 and its updates). The first row that
 * contains an address decides, so exceptions come before the block that they belong to. An address in no row is global.
 */
#include "address.h"

#define IPV4(a, b, c, d, n)                                                                                            \
    {                                                                                                                  \
        {ADDRESS_IPV4, {a, b, c, d}}, n                                                                                \
    }
#define IPV6(n, ...)                                                                                                   \
    {                                                                                                                  \
        {ADDRESS_IPV6, {__VA_ARGS__}}, n                                                                               \
    }

static const struct scope_row {
    struct network net;
    enum address_scope scope;
} rows[] = {
    {IPV4(0, 0, 0, 0, 8), ADDRESS_UNSPECIFIED}, /* "this network" */
    {IPV4(10, 0, 0, 0, 8), ADDRESS_PRIVATE},    /* RFC 1918 */
    {IPV4(100, 64, 0, 0, 10), ADDRESS_SHARED},  /* RFC 6598, carrier-grade NAT */
    {IPV4(127, 0, 0, 0, 8), ADDRESS_LOOPBACK},
    {IPV4(169, 254, 0, 0, 16), ADDRESS_LINK_LOCAL},     /* RFC 3927 */
    {IPV4(172, 16, 0, 0, 12), ADDRESS_PRIVATE},         /* RFC 1918 */
    {IPV4(192, 0, 0, 9, 32), ADDRESS_GLOBAL},           /* PCP anycast */
    {IPV4(192, 0, 0, 10, 32), ADDRESS_GLOBAL},          /* TURN anycast */
    {IPV4(192, 0, 0, 0, 24), ADDRESS_RESERVED},         /* IETF protocol assignments */
    {IPV4(192, 0, 2, 0, 24), ADDRESS_DOCUMENTATION},    /* TEST-NET-1 */
    {IPV4(192, 88, 99, 0, 24), ADDRESS_RESERVED},       /* 6to4 relays, withdrawn by RFC 7526 */
    {IPV4(192, 168, 0, 0, 16), ADDRESS_PRIVATE},        /* RFC 1918 */
    {IPV4(198, 18, 0, 0, 15), ADDRESS_RESERVED},        /* benchmarking */
    {IPV4(198, 51, 100, 0, 24), ADDRESS_DOCUMENTATION}, /* TEST-NET-2 */
    {IPV4(203, 0, 113, 0, 24), ADDRESS_DOCUMENTATION},  /* TEST-NET-3 */
    {IPV4(224, 0, 0, 0, 4), ADDRESS_MULTICAST},
    {IPV4(240, 0, 0, 0, 4), ADDRESS_RESERVED}, /* and limited broadcast */
    {IPV6(128, 0), ADDRESS_UNSPECIFIED},
    {IPV6(128, [15] = 1), ADDRESS_LOOPBACK},
    {IPV6(48, 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01), ADDRESS_RESERVED}, /* local-use translation, RFC 8215 */
    {IPV6(64, 0x01), ADDRESS_RESERVED},                               /* discard only, RFC 6666 */
    {IPV6(64, 0x01, [7] = 0x01), ADDRESS_RESERVED},                   /* dummy prefix, RFC 9780 */
    {IPV6(128, 0x20, 0x01, 0x00, 0x01, [15] = 1), ADDRESS_GLOBAL},    /* PCP anycast */
    {IPV6(128, 0x20, 0x01, 0x00, 0x01, [15] = 2), ADDRESS_GLOBAL},    /* TURN anycast */
    {IPV6(128, 0x20, 0x01, 0x00, 0x01, [15] = 3), ADDRESS_GLOBAL},    /* DNS-SD registration anycast */
    {IPV6(32, 0x20, 0x01, 0x00, 0x03), ADDRESS_GLOBAL},               /* AMT */
    {IPV6(48, 0x20, 0x01, 0x00, 0x04, 0x01, 0x12), ADDRESS_GLOBAL},   /* AS112 */
    {IPV6(28, 0x20, 0x01, 0x00, 0x20), ADDRESS_GLOBAL},               /* ORCHIDv2 */
    {IPV6(28, 0x20, 0x01, 0x00, 0x30), ADDRESS_GLOBAL},               /* drone remote id */
    {IPV6(23, 0x20, 0x01), ADDRESS_RESERVED},                         /* protocol assignments, Teredo, … */
    {IPV6(32, 0x20, 0x01, 0x0d, 0xb8), ADDRESS_DOCUMENTATION},
    {IPV6(20, 0x3f, 0xff), ADDRESS_DOCUMENTATION}, /* RFC 9637 */
    {IPV6(16, 0x5f, 0x00), ADDRESS_RESERVED},      /* segment routing, RFC 9602 */
    {IPV6(7, 0xfc), ADDRESS_PRIVATE},              /* unique local */
    {IPV6(10, 0xfe, 0x80), ADDRESS_LINK_LOCAL},
    {IPV6(10, 0xfe, 0xc0), ADDRESS_RESERVED}, /* site-local, withdrawn by RFC 3879 */
    {IPV6(8, 0xff), ADDRESS_MULTICAST},
};

static const char *const names[] = {
    [ADDRESS_GLOBAL] = "global",       [ADDRESS_LOOPBACK] = "loopback",       [ADDRESS_PRIVATE] = "private",
    [ADDRESS_SHARED] = "shared",       [ADDRESS_LINK_LOCAL] = "link-local",   [ADDRESS_DOCUMENTATION] = "documentation",
    [ADDRESS_MULTICAST] = "multicast", [ADDRESS_UNSPECIFIED] = "unspecified", [ADDRESS_RESERVED] = "reserved",
};

enum address_scope address_scope(const struct address *a)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (address_in(a, &rows[i].net))
            return rows[i].scope;
    }
    return ADDRESS_GLOBAL;
}

const char *address_scope_name(enum address_scope scope)
{
    return names[scope];
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * names: what a host name or HELO argument reveals without DNS. Pure.
 *
 * struct name_data holds the tables (public suffix list, tokens, known providers). It is read at start, before
 * privileges are dropped, and at each reload; after that it is const.
 */
#ifndef HELOD_NAMES_H
#define HELOD_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "region.h"

struct name_data;

enum name_kind {
    NAME_EMPTY,
    NAME_HOST,    /* two or more labels of letters, digits, hyphen, underscore; may be looked up in DNS */
    NAME_SINGLE,  /* the same with one label */
    NAME_LITERAL, /* [192.0.2.1], [IPv6:2001:db8::1]: `literal` is set */
    NAME_BARE,    /* an address without brackets: `literal` is set */
    NAME_BAD,     /* none of these: see the flags; never looked up */
};

enum name_flag {
    NAME_TRAILING_DOT = 1u << 0,
    NAME_UNDERSCORE = 1u << 1,
    NAME_NON_ASCII = 1u << 2,
    NAME_TOO_LONG = 1u << 3,     /* over 253 bytes, or a label over 63 */
    NAME_BAD_BYTE = 1u << 4,     /* a byte that host names do not have; Postfix replaces some such bytes with '?' */
    NAME_BAD_LABEL = 1u << 5,    /* an empty label, or one that begins or ends with a hyphen */
    NAME_BAD_LITERAL = 1u << 6,  /* begins with '[' but is no literal, or is an IPv6 address without the "IPv6:" tag */
    NAME_BAD_ALABEL = 1u << 7,   /* an xn-- label that is not valid in IDNA2008 */
    NAME_NUMERIC_TLD = 1u << 8,  /* last label all digits, and not an address */
    NAME_UNKNOWN_TLD = 1u << 9,  /* ends in no rule of the public suffix list */
    NAME_IS_SUFFIX = 1u << 10,   /* the name is itself a public suffix (ICANN section) */
    NAME_LITERAL_TAIL = 1u << 11 /* text after the literal's ']' */
};

/* Names that no host on the Internet can have. */
enum name_reserved {
    NAME_RESERVED_NONE,
    NAME_RESERVED_LOCALHOST,   /* localhost, localhost.localdomain, *.localhost */
    NAME_RESERVED_SPECIAL,     /* IANA special-use: local, test, invalid, onion, home.arpa, … and any *.arpa */
    NAME_RESERVED_PRIVATE,     /* lan, corp, internal, home, localdomain, intranet, private, workgroup, … */
    NAME_RESERVED_PLACEHOLDER, /* example.com and kin, hostname.domain.tld, mail.yourdomain.com, … */
    NAME_RESERVED_FACTORY,     /* factory defaults: WIN-XXXXXXXXXXX, DESKTOP-XXXXXXX, ylmf-pc, user, friend, … */
};

struct name {
    const char *text; /* lower case, without one trailing dot; for NAME_BAD the bytes as received; never NULL */
    size_t length;
    enum name_kind kind;
    enum name_reserved reserved; /* of HOST and SINGLE */
    unsigned flags;              /* enum name_flag */
    unsigned labels;
    const char *registrable; /* registrable domain, inside text; NULL: none. NULL never equals NULL. */
    struct address literal;
    unsigned kept_at; /* its slot in the cache of parsed names (name_memory.h); 0: none */
};

/* How a name is built, compared with the client's address. */
enum naming_flag {
    NAMING_ADDRESS = 1u << 0, /* carries this client's address (three or four octets, hex, padded, IPv6 …) */
    NAMING_FOREIGN = 1u << 1, /* carries four octets that are another address */
    NAMING_DYNAMIC = 1u << 2, /* dynamic-address token (dyn, dsl, dhcp, ppp, pool, …) next to digits or an address */
    NAMING_GENERIC = 1u << 3, /* provider default: address or serial number with customer/vps/host tokens, or a
                                    serial number alone */
    NAMING_SERVER = 1u << 4,  /* a server-looking label (mx, smtp, mail, out, ns, static, dedicated); in a reverse name
                                    it cancels DYNAMIC and GENERIC, which are still set */
    NAMING_RANDOM = 1u << 5,  /* a label that no language and no numbering scheme would give */
    NAMING_BULK = 1u << 6,    /* under a top-level domain whose names are free or very cheap */
    NAMING_MAIL_ROLE = 1u << 7, /* mail role label (mail, mx, smtp, mta, out, relay …) under an own domain */
    NAMING_STOCK = 1u << 8,     /* the only label before the domain is what a hosting panel (server, host, vps3) or a
                                    program for bulk mail (mail0, slot0) fills in */
    NAMING_PARTIAL = 1u << 9,   /* exactly two neighbouring octets of this client's address, as in names of pools */
    NAMING_LONG = 1u << 10,     /* a registered domain of 18 letters or more */
    NAMING_FIXED = 1u << 11,    /* SERVER, but only by words for a fixed line or rented machine (static, dedicated,
                                    business). In a HELO name these cancel nothing, because the provider chose them */
    NAMING_MASS = 1u << 12,     /* a word of advertising (bulk, promo, newsletter); never set with MAIL_ROLE */
};

struct naming {
    unsigned flags;     /* enum naming_flag */
    const char *detail; /* the token or form that decided, for the finding; "" when none */
};

/*
 * Reads the tables. `psl_file` and `token_files` (a NULL-terminated list) may be NULL; token files extend the built-in
 * tokens. Returns NULL on failure, with "FILE:LINE: what is wrong" in error.
 */
struct name_data *name_data_new(const char *psl_file, const char *const *token_files, char *error, size_t error_size);
void name_data_free(struct name_data *data);
const char *name_data_version(void);                      /* the libpsl library that runs, "0.21.2" */
const char *name_data_date(const struct name_data *data); /* of the public suffix list, "2023-02-09" or "unknown" */

/* Never fails: whatever is not a name is NAME_BAD. Texts live in the region; without memory: NAME_BAD and "". */
void name_parse(struct name *out, const char *raw, size_t n, const struct name_data *data, struct region *r);
/* How the name is built. The flags are 0 unless it is HOST or SINGLE. `client` may have the family ADDRESS_NONE. */
struct naming name_naming(const struct name *name, const struct address *client, const struct name_data *data,
                          struct region *r);
/*
 * Whether a provider assigned the name by default: the name of a dynamic customer address, or one made of the address
 * or a serial number without a label for the machine's purpose. Such a name identifies the provider, not the host's
 * owner.
 */
bool naming_is_assigned(const struct naming *naming);
/* Same host (equal texts, both HOST). */
bool name_equal(const struct name *a, const struct name *b);
/* Same registrable domain; false when either has none. */
bool name_same_domain(const struct name *a, const struct name *b);
/* `name` is `suffix` or lies below it. Both lower case. */
bool name_under(const char *name, const char *suffix);
/*
 * If the name belongs to a large mail provider whose servers always have confirmed reverse names in its own domains:
 * the NULL-terminated list of these domains. Otherwise NULL. Called for HELO names and for sender domains.
 */
const char *const *name_provider(const struct name *name, const struct name_data *data);

#endif

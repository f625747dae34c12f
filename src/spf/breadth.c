/* SPDX-License-Identifier: BSD-2-Clause */
#include "breadth.h"

#include "macro.h"

enum { IPV4_BITS = 32, IPV6_UNIT_BITS = 48, IPV4_WIDEST = 8, IPV6_WIDEST = 16 };

static void add(struct spf_breadth *b, uint8_t family, unsigned bits, uint64_t count)
{
    unsigned width = family == ADDRESS_IPV4 ? IPV4_BITS : IPV6_UNIT_BITS;
    uint64_t *sum = family == ADDRESS_IPV4 ? &b->ipv4 : &b->ipv6;

    if (bits <= width)
        *sum += count << (width - bits); /* at most 2^48 each, and a record has at most a few thousand terms */
}

/*
 * A network in which no client of ours can be, such as 10.0.0.0/8, which people list by mistake: it allows nobody. Both
 * ends are examined, because 192.0.0.0/8 begins with a reserved address although most of it is public.
 */
static bool is_unreachable(const struct network *net)
{
    struct address last = net->base;
    enum address_scope scope = address_scope(&net->base);

    for (size_t i = 0; i < address_size(&last); i++) {
        unsigned before = net->bits > 8 * i ? net->bits - 8 * (unsigned)i : 0;

        last.bytes[i] |= (uint8_t)(before >= 8 ? 0 : 0xff >> before);
    }
    return net->bits >= IPV4_WIDEST && scope != ADDRESS_GLOBAL && scope == address_scope(&last);
}

void breadth_add_hosts(struct spf_breadth *b, const struct spf_term *term, uint8_t family, unsigned count)
{
    add(b, family, family == ADDRESS_IPV4 ? term->bits4 : term->bits6, count);
}

void breadth_add_record(struct spf_breadth *b, const struct spf_record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct spf_term *term = &record->terms[i];
        bool passes = term->result == SPF_PASS;

        if (term->kind == SPF_ALL) {
            b->everybody = b->everybody || passes;
            return; /* what follows "all" is never reached (RFC 7208 section 5.1) */
        }
        if (!passes)
            continue;
        if (term->kind == SPF_A || term->kind == SPF_MX) {
            breadth_add_hosts(b, term, ADDRESS_IPV4, 1);
            breadth_add_hosts(b, term, ADDRESS_IPV6, 1);
        } else if ((term->kind == SPF_IP4 || term->kind == SPF_IP6) && !is_unreachable(&term->net)) {
            add(b, term->net.base.family, term->net.bits, 1);
        }
    }
}

/* If a name contains the client's address or name, the owner's servers can give each client its own answer. */
static bool is_made_of_client(const char *target)
{
    return macro_uses(target, 'i') || macro_uses(target, 'c') || macro_uses(target, 'p');
}

void breadth_add_match(struct spf_breadth *b, const struct spf_term *term)
{
    bool names_addresses = term->kind != SPF_EXISTS && term->kind != SPF_PTR;

    b->anybody = b->anybody || !names_addresses || is_made_of_client(term->target);
}

bool breadth_redirects_anybody(const struct spf_modifier *redirect)
{
    return is_made_of_client(redirect->target);
}

bool breadth_is_everybody(const struct spf_breadth *b)
{
    return b->everybody || b->ipv4 > UINT64_C(1) << (IPV4_BITS - IPV4_WIDEST) ||
           b->ipv6 > UINT64_C(1) << (IPV6_UNIT_BITS - IPV6_WIDEST);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * breadth: how many addresses an SPF record allows. A record that allows a large part of the Internet says nothing
 * about the one client that it is evaluated for: spammers publish "+all", 0.0.0.0/0 or its two halves so that every
 * host of a botnet passes.
 *
 * The networks of all terms that may pass are added up, whether they were reached or not. Overlaps are counted twice,
 * which is harmless: the networks of the largest providers add up to less than a /12.
 */
#ifndef HELOD_SPF_BREADTH_H
#define HELOD_SPF_BREADTH_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct spf_breadth {
    uint64_t ipv4; /* addresses */
    uint64_t ipv6; /* networks of /48 */
    bool everybody;
    bool anybody; /* what matched may be answered for any client */
};

/* The terms of a record whose pass is a pass of the whole. */
void breadth_add_record(struct spf_breadth *b, const struct spf_record *record);
/* `count` addresses that a term names, each with the term's prefix length around it. */
void breadth_add_hosts(struct spf_breadth *b, const struct spf_term *term, uint8_t family, unsigned count);
/*
 * The term has matched. Only one that names addresses can be shown to allow few clients. "exists" may be answered for
 * every client, "ptr" matches any client under somebody else's domain (under its own, reverse DNS is the proof), and
 * with a macro of the client's address or name in its target each client gets an answer of its own.
 */
void breadth_add_match(struct spf_breadth *b, const struct spf_term *term);
bool breadth_redirects_anybody(const struct spf_modifier *redirect); /* the same of its target */
/* More than a /8 of IPv4, or a /16 of IPv6, which is more than any operator has. */
bool breadth_is_everybody(const struct spf_breadth *b);

#endif

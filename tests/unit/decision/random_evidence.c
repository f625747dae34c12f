/* SPDX-License-Identifier: BSD-2-Clause */
#include "random_evidence.h"

#include <stdio.h>
#include <string.h>

#include "evidence_builder.h"
#include "rule.h"

static uint64_t seed;

/* splitmix64: the same numbers everywhere, so that a failure repeats. */
unsigned random_below(unsigned n)
{
    uint64_t z = (seed += 0x9e3779b97f4a7c15u);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) % n);
}

void random_begin(uint64_t from)
{
    seed = from;
}

#define PICK(list) list[random_below(sizeof(list) / sizeof(list[0]))]

static const char *const helos[] = {
    "mail.blau.com",
    "mail.blau.com",
    "dsl-25-1-2-3.rot.com",
    "w7.rot.com",
    "gross.com",
    "co.uk",
    "mail",
    "localhost",
    "pc.lan",
    "[25.1.2.3]",
    "[26.1.1.1]",
    "25.1.2.3",
    "a?b",
    "mx.gelb.de",
    "x.notatld",
    "",
};
static const char *const reverse_names[] = {
    "mail.blau.com", "o1.blau.com", "dsl-25-1-2-3.rot.com", "w7.rot.com", "a.gelb.de",
    "mx.gelb.de",    "localhost",   "m1.gross.com",
};
static const char *const addresses[] = {"25.1.2.3", "25.1.2.9", "26.1.1.1", "127.0.0.1", "2a00:1::1"};
static const char *const senders[] = {"", "a@blau.com", "a@rot.com", "a@violett.net"};
static const char *const recipients[] = {"", "b@blau.com", "b@rot.com", "b@gelb.de"};

static unsigned random_naming(void)
{
    return random_below(3) ? 0 : random_below(1u << 8);
}

static void random_reverse(struct evidence *e)
{
    e->rdns_count = random_below(4);
    e->reverse = e->rdns_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        const char *text = PICK(reverse_names);

        name_parse(&e->rdns[i].name, text, strlen(text), builder_names(), region);
        e->rdns[i].naming = (struct naming){random_naming(), ""};
        e->rdns[i].confirmed = random_below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
        e->rdns[i].has_address = e->rdns[i].confirmed == KNOWN_PRESENT || random_below(2);
    }
}

static void random_forward(struct evidence *e)
{
    e->helo_address_count = random_below(3);
    e->helo_address = e->helo_address_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    e->helo_is_client = KNOWN_ABSENT;
    for (unsigned i = 0; i < e->helo_address_count; i++) {
        const char *text = PICK(addresses);

        address_parse(&e->helo_addresses[i], text, strlen(text));
    }
    e->helo_nxdomain = e->helo_address == KNOWN_ABSENT && random_below(2);
    if (e->helo_address == KNOWN_ABSENT && !e->helo_nxdomain)
        e->helo_mx = random_below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
}

static const struct spf_outcome *random_spf(void)
{
    static const enum spf_result results[] = {SPF_NONE, SPF_NEUTRAL, SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_PERMERROR};
    struct spf_outcome *spf = region_alloc(region, sizeof(*spf));

    spf->record = spf->term = spf->domain = spf->reason = spf->explanation = "";
    spf->result = PICK(results);
    spf->deny_all = spf->result == SPF_FAIL && random_below(2);
    spf->allows_everybody = spf->result == SPF_PASS && random_below(4) == 0;
    spf->may_match_anybody = spf->result == SPF_PASS && random_below(4) == 0;
    return spf;
}

static void random_owner(struct evidence *e)
{
    e->owner_is_client = random_below(4) ? KNOWN_ABSENT : KNOWN_PRESENT;
    e->owner_spf = random_spf();
}

static void random_history(struct evidence *e)
{
    struct history_facts *h = &e->history;

    h->known = h->name_known = true;
    h->domains = random_below(12);
    h->networks = random_below(30);
    h->good = random_below(8);
    h->good_days = random_below(5);
    h->verified_other = random_below(3) == 0;
}

static bool askable(const struct evidence *e)
{
    return e->helo.kind == NAME_HOST && e->helo.reserved == NAME_RESERVED_NONE;
}

static bool verified(const struct evidence *e)
{
    return e->confirmed && name_equal(&e->confirmed->name, &e->helo);
}

static bool is_known(enum known known)
{
    return known == KNOWN_PRESENT || known == KNOWN_ABSENT;
}

/* Does HELO point to the client, by what is known of its addresses and of a reverse name that equals it? */
static enum known points_to_client(const struct evidence *e)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (name_equal(&e->rdns[i].name, &e->helo) && is_known(e->rdns[i].confirmed))
            return e->rdns[i].confirmed;
    return e->helo_address == KNOWN_ABSENT ? KNOWN_ABSENT : e->helo_is_client;
}

static void without_client(struct evidence *e)
{
    unsigned left = 0;

    for (unsigned i = 0; i < e->helo_address_count; i++)
        if (!address_equal(&e->helo_addresses[i], &e->client))
            e->helo_addresses[left++] = e->helo_addresses[i];
    e->helo_address_count = left;
    e->helo_is_client = KNOWN_ABSENT;
    e->helo_address = left > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    if (left == 0 && !e->helo_nxdomain && !is_known(e->helo_mx))
        e->helo_mx = KNOWN_ABSENT;
}

/* A reverse name that equals HELO is confirmed exactly if HELO's own address record points to the client. */
static void agree(struct evidence *e, enum known points)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (name_equal(&e->rdns[i].name, &e->helo) && is_known(e->rdns[i].confirmed) && is_known(points))
            e->rdns[i].confirmed = points;
    if (!askable(e) || (!is_known(e->helo_address) && !is_known(e->helo_is_client)))
        return;
    if (points == KNOWN_ABSENT) {
        without_client(e);
    } else if (points == KNOWN_PRESENT) {
        e->helo_address = e->helo_is_client = KNOWN_PRESENT;
        e->helo_addresses[0] = e->client;
        e->helo_address_count = e->helo_address_count > 0 ? e->helo_address_count : 1;
        e->helo_nxdomain = false;
        e->helo_mx = KNOWN_NOT_ASKED;
    }
}

void random_facts(struct evidence *e)
{
    random_reverse(e);
    if (askable(e))
        random_forward(e);
    random_history(e);
    agree(e, points_to_client(e));
    builder_conclude(e);
    if (askable(e) && !verified(e))
        e->helo_spf = random_spf();
    random_owner(e);
    evidence_conclude(e);
}

struct evidence *random_greeting(void)
{
    char line[256];
    struct evidence *e;

    snprintf(line, sizeof(line), "helo=%s sender=%s rcpt=%s proto=%s", PICK(helos), PICK(senders), PICK(recipients),
             random_below(3) ? "ESMTP" : "SMTP");
    e = builder_evidence(line, region);
    e->helo_naming.flags = random_naming();
    if (strcmp(e->helo.text, "gross.com") == 0) {
        static const char *const domains[] = {"gross.com", NULL};

        e->helo_provider = domains;
    }
    e->helo_is_ours = askable(e) && random_below(20) == 0;
    return e;
}

static enum known hidden(bool failed)
{
    return failed || random_below(2) ? KNOWN_TEMPERROR : KNOWN_NOT_ASKED;
}

/* Of the PTR names none is left, or the one that Postfix gave. */
static void hide_reverse(struct evidence *e, bool failed)
{
    struct evidence_rdns kept;

    if (e->rdns_count == 0 || random_below(2)) {
        e->rdns_count = 0;
        e->reverse = hidden(failed);
        return;
    }
    kept = e->rdns[random_below(e->rdns_count)];
    if (kept.confirmed != KNOWN_PRESENT)
        kept.confirmed = hidden(failed);
    e->rdns[0] = kept;
    e->rdns_count = 1;
    e->rdns_partial = true;
}

static void hide_confirmations(struct evidence *e, bool failed)
{
    for (unsigned i = 0; i < e->rdns_count; i++)
        if (random_below(2))
            e->rdns[i].confirmed = hidden(failed);
}

static void hide_forward(struct evidence *e, bool failed)
{
    struct address other;

    if (!askable(e))
        return;
    address_parse(&other, "2a00:1::1", 9);
    if (e->helo_address == KNOWN_PRESENT && random_below(3) == 0 && address_equal(&e->helo_addresses[0], &other)) {
        e->helo_address_count = 1; /* the client's family alone is hidden */
        e->helo_is_client = hidden(failed);
        return;
    }
    e->helo_address_count = 0;
    e->helo_nxdomain = false;
    e->helo_address = e->helo_is_client = hidden(failed);
    if (e->helo_mx != KNOWN_NOT_ASKED)
        e->helo_mx = KNOWN_NOT_ASKED; /* asked for only once there is no address */
}

static const struct spf_outcome *hidden_spf(bool failed)
{
    static const struct spf_outcome temperror = {
        .result = SPF_TEMPERROR, .record = "", .term = "", .domain = "", .reason = "", .explanation = ""};

    return hidden(failed) == KNOWN_TEMPERROR ? &temperror : NULL;
}

/* Either of the two, or both. */
static void hide_owner(struct evidence *e, bool failed)
{
    unsigned which = random_below(3);

    if (which != 0)
        e->owner_is_client = hidden(failed);
    if (which != 1)
        e->owner_spf = hidden_spf(failed);
}

static void hide_history(struct evidence *e)
{
    struct history_limits limits = e->history.limits;

    e->history = (struct history_facts){.limits = limits};
}

struct evidence *random_hidden(const struct evidence *full, unsigned needs, bool failed)
{
    struct evidence *e = region_alloc(region, sizeof(*e));

    *e = *full;
    if (needs & NEED_REVERSE)
        hide_reverse(e, failed);
    else if (needs & NEED_CONFIRM)
        hide_confirmations(e, failed);
    if (needs & NEED_HELO_ADDRESS)
        hide_forward(e, failed);
    if ((needs & NEED_HELO_MX) && e->helo_mx != KNOWN_NOT_ASKED)
        e->helo_mx = hidden(failed);
    if (needs & NEED_HELO_SPF)
        e->helo_spf = e->helo_spf ? hidden_spf(failed) : NULL;
    if (needs & NEED_OWNER)
        hide_owner(e, failed);
    if (needs & NEED_HISTORY)
        hide_history(e);
    builder_conclude(e);
    evidence_conclude(e);
    return e;
}

unsigned random_every_need(void)
{
    unsigned every = 0;

    for (size_t i = 0; i < rules_count; i++)
        every |= rules[i]->needs;
    return every;
}

unsigned random_needs(void)
{
    unsigned needs = 1 + random_below(random_every_need());

    return needs & NEED_REVERSE ? needs | NEED_CONFIRM : needs & NEED_HELO_ADDRESS ? needs | NEED_HELO_MX : needs;
}

struct evidence *random_completed(const struct evidence *known, unsigned needs)
{
    struct evidence *e = region_alloc(region, sizeof(*e)), *other = region_alloc(region, sizeof(*e));
    enum known points;

    *e = *other = *known;
    random_facts(other);
    if (needs & NEED_REVERSE) {
        unsigned kept = known->rdns_partial ? known->rdns_count : 0;

        e->rdns_partial = false;
        e->rdns_count = kept + other->rdns_count;
        for (unsigned i = 0; i < other->rdns_count; i++)
            e->rdns[kept + i] = other->rdns[i];
        e->reverse = e->rdns_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
    }
    if (needs & NEED_CONFIRM)
        for (unsigned i = 0; i < e->rdns_count; i++)
            if (e->rdns[i].confirmed == KNOWN_NOT_ASKED || e->rdns[i].confirmed == KNOWN_TEMPERROR)
                e->rdns[i].confirmed = random_below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
    if (needs & NEED_HELO_ADDRESS) {
        e->helo_address = other->helo_address;
        e->helo_is_client = other->helo_is_client;
        e->helo_nxdomain = other->helo_nxdomain;
        e->helo_address_count = other->helo_address_count;
        memcpy(e->helo_addresses, other->helo_addresses, sizeof(e->helo_addresses));
        e->helo_mx = other->helo_mx;
    } else if ((needs & NEED_HELO_MX) && e->helo_address == KNOWN_ABSENT && !e->helo_nxdomain) {
        e->helo_mx = random_below(2) ? KNOWN_PRESENT : KNOWN_ABSENT;
    }
    if (needs & NEED_HISTORY)
        e->history = other->history;
    points = points_to_client(known);
    agree(e, is_known(points) ? points : points_to_client(e));
    builder_conclude(e);
    if ((needs & NEED_HELO_SPF) && askable(e) && !verified(e))
        e->helo_spf = random_spf();
    if (needs & NEED_OWNER)
        random_owner(e);
    evidence_conclude(e);
    return random_below(3) ? e : random_hidden(e, needs & random_needs(), true);
}

struct evidence *evidence_unasked(const struct evidence *full, unsigned needs)
{
    struct evidence *e = region_alloc(region, sizeof(*e));

    *e = *full;
    if (needs & NEED_REVERSE) {
        e->rdns_count = 0;
        e->reverse = KNOWN_NOT_ASKED;
    }
    if (needs & NEED_CONFIRM)
        for (unsigned i = 0; i < e->rdns_count; i++)
            e->rdns[i].confirmed = KNOWN_NOT_ASKED;
    if (needs & NEED_HELO_ADDRESS) {
        e->helo_address = e->helo_is_client = e->helo_mx = KNOWN_NOT_ASKED;
        e->helo_nxdomain = false;
        e->helo_address_count = 0;
    }
    if (needs & NEED_HELO_MX)
        e->helo_mx = KNOWN_NOT_ASKED;
    if (needs & NEED_HELO_SPF)
        e->helo_spf = NULL;
    if (needs & NEED_OWNER) {
        e->owner_is_client = KNOWN_NOT_ASKED;
        e->owner_spf = NULL;
    }
    if (needs & NEED_HISTORY)
        hide_history(e);
    builder_conclude(e);
    return e;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reverse: the client's reverse names, and their forward confirmation (RFC 8601 section 3, iprev). Two kinds in one
 * file, because the second one completes the entries of the first.
 *
 * All PTR names are compared as text, and at most dns.ptr_names of them are parsed, the most relevant ones first.
 * Forward lookups use the client's address family only. A temporary failure for one name leaves the whole unknown
 * unless another name confirms.
 */
#include <string.h>

#include "gathering.h"
#include "json.h"
#include "text.h"

static bool said(const char *postfix_name)
{
    return postfix_name[0] != '\0' && strcmp(postfix_name, "unknown") != 0;
}

static void parse(struct gather *g, const char *text, struct name *out)
{
    name_parse(out, text, strlen(text), g->options.settings->name_data, g->region);
}

static struct naming naming_of(struct gather *g, const struct name *name)
{
    return name_naming(name, &g->e.client, g->options.settings->name_data, g->region);
}

/*
 * client_name is a reverse name that Postfix has confirmed with a forward lookup; "unknown" proves nothing.
 * reverse_client_name alone proves that some PTR record exists, which helps where nothing may be asked.
 */
static void begin(struct gather *g)
{
    const struct request *req = g->e.request;
    bool confirmed = said(req->client_name);
    const char *name = confirmed ? req->client_name : req->reverse_client_name;
    struct evidence_rdns *rdns = &g->e.rdns[0];

    if (!confirmed && !said(name))
        return;
    if (strcmp(name, req->helo_name) == 0) {
        rdns->name = g->e.helo;
        rdns->naming = g->e.helo_naming;
    } else {
        parse(g, name, &rdns->name);
        rdns->naming = naming_of(g, &rdns->name);
    }
    if (rdns->name.kind != NAME_HOST && rdns->name.kind != NAME_SINGLE)
        return;
    rdns->confirmed = confirmed ? KNOWN_PRESENT : KNOWN_NOT_ASKED;
    rdns->has_address = confirmed;
    g->e.rdns_count = 1;
    g->e.reverse = KNOWN_PRESENT;
    g->e.rdns_partial = true;
    g->postfix_confirmed = confirmed;
}

static bool reverse_possible(const struct gather *g)
{
    return !(g->asked & NEED_REVERSE) && (g->e.reverse != KNOWN_PRESENT || g->e.rdns_partial);
}

/* 2: equal to HELO, 1: in its domain, 0: other. */
static int fit(const struct gather *g, const struct name *name)
{
    return name_equal(name, &g->e.helo) ? 2 : name_same_domain(name, &g->e.helo) ? 1 : 0;
}

/*
 * Names are kept in this order: HELO itself, one that would exempt, one in HELO's domain, any other. A PTR answer can
 * have more than a hundred names of a hundred labels, and parsing all of them took 20 ms. Therefore the names are
 * ranked as text, and only those that are kept are parsed.
 */
enum { RANKS = 4 };
static uint8_t rank(const struct gather *g, const char *text)
{
    const struct name *helo = &g->e.helo;

    if (helo->kind == NAME_HOST && strcmp(text, helo->text) == 0)
        return 0;
    if (exempt_matches(g, text))
        return 1;
    return helo->registrable && name_under(text, helo->registrable) ? 2 : 3;
}

static bool is_listed(const struct gather *g, const char *text)
{
    for (unsigned i = 0; i < g->e.rdns_count; i++)
        if (strcmp(g->e.rdns[i].name.text, text) == 0)
            return true;
    return false;
}

/* Parses a name and keeps it where it is one that a host can have. */
static void add_name(struct gather *g, const char *text)
{
    struct name name;

    parse(g, text, &name);
    if (name.kind == NAME_HOST || name.kind == NAME_SINGLE)
        g->e.rdns[g->e.rdns_count++] = (struct evidence_rdns){.name = name, .naming = naming_of(g, &name)};
    else
        g->e.rdns_left_out++;
}

/* Returns false when names remain that were not parsed although none so far can be used. */
static bool add_names(struct gather *g, const struct dns_answer *answer)
{
    unsigned most = g->options.settings->dns.ptr_names, tries = 2 * EVIDENCE_RDNS_MAX;
    uint8_t ranks[DNS_RECORDS_MAX];

    for (unsigned i = 0; i < answer->count; i++)
        ranks[i] = rank(g, answer->records[i].host.name);
    for (unsigned wanted = 0; wanted < RANKS; wanted++)
        for (unsigned i = 0; i < answer->count; i++) {
            const char *text = answer->records[i].host.name;

            if (ranks[i] != wanted || is_listed(g, text))
                continue;
            if (g->e.rdns_count < most && g->e.rdns_count < EVIDENCE_RDNS_MAX && tries > 0) {
                add_name(g, text);
                tries--;
                continue;
            }
            g->e.rdns_left_out++;
            g->exempt_left_out = g->exempt_left_out || wanted == 1 || exempt_matches(g, text);
        }
    return g->e.rdns_count > 0 || tries > 0;
}

static void reverse_answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    (void)index;
    g->reverse_pending--;
    if (answer->status == DNS_TEMPERROR) { /* e.reverse keeps what it was set to when asked */
        /* LIMIT_ANSWERS is about other lookups: this one is the first of its account. */
        bool asked = g->e.limit == LIMIT_NONE || g->e.limit == LIMIT_ANSWERS;

        g->e.reverse_silent = g->context.resolver && asked && g->e.reverse == KNOWN_TEMPERROR &&
                              resolver_zone_is_silent(g->context.resolver, answer->name);
        return;
    }
    if (!g->postfix_confirmed)
        g->e.rdns_count = 0; /* the whole set replaces the one name that Postfix saw */
    g->e.rdns_partial = false;
    g->e.rdns_left_out = answer->left_out;
    g->exempt_left_out = answer->left_out > 0;
    if (answer->status == DNS_FOUND && !add_names(g, answer))
        g->e.reverse = KNOWN_TEMPERROR;
    else
        g->e.reverse = g->e.rdns_count > 0 ? KNOWN_PRESENT : KNOWN_ABSENT;
}

static void reverse_ask(struct gather *g)
{
    char name[ADDRESS_REVERSE_SIZE];

    g->asked |= NEED_REVERSE;
    if (g->e.reverse == KNOWN_NOT_ASKED)
        g->e.reverse = KNOWN_TEMPERROR;
    g->reverse_pending++;
    lookup_ask(g, &(struct gathering_question){.name = address_reverse_name(&g->e.client, name),
                                               .type = DNS_PTR,
                                               .account = ACCOUNT_REVERSE,
                                               .handler = reverse_answered});
}

static bool is_provider_name(const struct gather *g, const struct name *name)
{
    for (const char *const *domain = g->e.helo_provider; domain && *domain; domain++)
        if (name_under(name->text, *domain))
            return true;
    return false;
}

enum { CONFIRM_AT_ONCE = 2 };

/* One name that Postfix has confirmed is enough for FCrDNS. Others matter where they excuse HELO or exempt. */
static bool is_worth_confirming(const struct gather *g, const struct evidence_rdns *rdns)
{
    if (rdns->confirmed != KNOWN_NOT_ASKED)
        return false;
    return !g->postfix_confirmed || fit(g, &rdns->name) > 0 || is_provider_name(g, &rdns->name) ||
           exempt_matches(g, rdns->name.text);
}

static bool confirm_possible(const struct gather *g)
{
    for (unsigned i = 0; i < g->e.rdns_count; i++)
        if (is_worth_confirming(g, &g->e.rdns[i]))
            return true;
    return false;
}

static void confirm_answered(struct gather *g, unsigned index, const struct dns_answer *answer)
{
    struct evidence_rdns *rdns = &g->e.rdns[index];

    g->reverse_pending--;
    if (answer->status == DNS_TEMPERROR)
        return;
    if (answer->left_out == 0) /* otherwise the client may be among those left out */
        rdns->confirmed = KNOWN_ABSENT;
    rdns->has_address = answer->count > 0;
    for (unsigned i = 0; i < answer->count; i++)
        if (address_equal(&answer->records[i].address, &g->e.client))
            rdns->confirmed = KNOWN_PRESENT;
}

/*
 * Looks up a few names at a time, so that the answers' size is noticed before all are asked, and the most relevant ones
 * may be enough.
 */
static void confirm_ask(struct gather *g)
{
    unsigned before = g->pending;

    for (unsigned i = 0; i < g->e.rdns_count && g->pending - before < CONFIRM_AT_ONCE; i++) {
        struct evidence_rdns *rdns = &g->e.rdns[i];

        if (!is_worth_confirming(g, rdns))
            continue;
        if (name_equal(&rdns->name, &g->e.helo) && g->e.helo_is_client != KNOWN_NOT_ASKED) {
            rdns->confirmed = g->e.helo_is_client;
            rdns->has_address = g->helo_family[CLIENT_FAMILY] == KNOWN_PRESENT;
            continue;
        }
        rdns->confirmed = KNOWN_TEMPERROR;
        g->reverse_pending++;
        lookup_ask(g, &(struct gathering_question){.name = rdns->name.text,
                                                   .type = lookup_client_type(g),
                                                   .account = ACCOUNT_REVERSE,
                                                   .handler = confirm_answered,
                                                   .index = i});
    }
}

/* Finds the confirmed name that fits HELO best, and sets fcrdns from the state of all names. */
static void sum_up(struct gather *g)
{
    struct evidence *e = &g->e;
    bool failed = e->reverse == KNOWN_TEMPERROR, unasked = e->reverse == KNOWN_NOT_ASKED;
    int best = -1;

    e->confirmed = NULL;
    for (unsigned i = 0; i < e->rdns_count; i++) {
        const struct evidence_rdns *rdns = &e->rdns[i];
        int fits = rdns->confirmed == KNOWN_PRESENT ? fit(g, &rdns->name) : -1;

        if (fits > best) {
            best = fits;
            e->confirmed = rdns;
        }
        failed = failed || rdns->confirmed == KNOWN_TEMPERROR;
        unasked = unasked || rdns->confirmed == KNOWN_NOT_ASKED;
    }
    e->fcrdns = e->confirmed ? KNOWN_PRESENT : failed ? KNOWN_TEMPERROR : unasked ? KNOWN_NOT_ASKED : KNOWN_ABSENT;
}

/*
 * Postfix's confirmed name excuses HELO, or HELO is no name that could be excused: then the other PTR names are not
 * needed to judge, and count as known. With exemptions for reverse names they are needed.
 */
static void conclude(struct gather *g)
{
    struct evidence *e = &g->e;
    bool enough;

    sum_up(g);
    if (!e->rdns_partial || !g->postfix_confirmed || suffix_set_count(g->options.settings->exempt.rdns) > 0)
        return;
    enough =
        e->helo.kind != NAME_HOST || e->helo_is_client == KNOWN_PRESENT || name_same_domain(&e->rdns[0].name, &e->helo);
    e->rdns_partial = !enough;
}

static const char *confirmation(const struct evidence_rdns *rdns)
{
    if (rdns->confirmed == KNOWN_ABSENT)
        return rdns->has_address ? "resolves elsewhere" : "has no address";
    return rdns->confirmed == KNOWN_PRESENT ? "confirmed" : evidence_known_name(rdns->confirmed);
}

static void reverse_text(const struct evidence *e, struct text *t)
{
    for (unsigned i = 0; i < e->rdns_count; i++) {
        text_add(t, "reverse name      ");
        text_add_as(t, TEXT_PLAIN, e->rdns[i].name.text, SIZE_MAX);
        text_addf(t, " (%s)\n", confirmation(&e->rdns[i]));
    }
    if (e->rdns_count == 0)
        text_addf(t, "reverse name      %s\n", e->reverse == KNOWN_ABSENT ? "none" : evidence_known_name(e->reverse));
    if (e->reverse_silent)
        text_add(t, "                  the zone has not answered for an hour, while others have\n");
}

static void reverse_json(const struct evidence *e, struct json *j)
{
    json_text(j, "reverse", evidence_known_name(e->reverse));
    json_open(j, "rdns", '[');
    for (unsigned i = 0; i < e->rdns_count; i++) {
        json_open(j, NULL, '{');
        json_text(j, "name", e->rdns[i].name.text);
        json_text(j, "confirmed", evidence_known_name(e->rdns[i].confirmed));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void confirm_text(const struct evidence *e, struct text *t)
{
    text_addf(t, "forward-confirmed %s\n", evidence_known_answer(e->fcrdns));
}

static void confirm_json(const struct evidence *e, struct json *j)
{
    json_text(j, "fcrdns", evidence_known_name(e->fcrdns));
}

const struct gather_kind kind_reverse = {
    .need = NEED_REVERSE,
    .begin = begin,
    .possible = reverse_possible,
    .after_confirmed = NEED_HELO_ADDRESS, /* it may make the other PTR names unnecessary */
    .ask = reverse_ask,
    .conclude = conclude,
    .text = reverse_text,
    .json = reverse_json,
};

const struct gather_kind kind_confirm = {
    .need = NEED_CONFIRM,
    .possible = confirm_possible,
    .after = NEED_REVERSE,
    .ask = confirm_ask,
    .text = confirm_text,
    .json = confirm_json,
};

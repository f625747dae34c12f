/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spf: check_host() of RFC 7208 by itself, with live DNS. Prints the result for an address, the term that matched,
 * and every lookup. The evaluator is the daemon's, but the time limit is the one that the RFC recommends instead of
 * the daemon's deadline.
 */
#include "spf.h"

#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "ctl.h"
#include "json.h"
#include "policyfile.h"
#include "region.h"
#include "resolver.h"

enum { SECONDS_MAX = 20 /* RFC 7208 section 4.6.4 */ };

struct evaluation {
    struct ctl_session *session;
    struct spf *spf;
    struct resolver_query *query;
};

static void advance(struct evaluation *e);

static void answered(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct evaluation *e = arg;

    (void)from_cache;
    e->query = NULL;
    spf_feed(e->spf, answer);
    advance(e);
}

static void advance(struct evaluation *e)
{
    struct spf_ask ask;

    if (spf_step(e->spf, &ask) == SPF_ASK)
        e->query = resolver_ask(e->session->context.resolver, ask.name, ask.type, answered, e);
    if (!e->query)
        event_base_loopbreak(e->session->base);
}

static void print_plain(const char *label, const char *foreign)
{
    if (!*foreign)
        return;
    printf("%s: ", label);
    ctl_put(stdout, foreign);
    putchar('\n');
}

static void print_text(const struct spf_outcome *o, const struct spf_query *query)
{
    printf("result: %s\n", spf_result_name(o->result));
    print_plain("record", o->record);
    if (*o->term) {
        print_plain("term", o->term);
        print_plain("of", o->domain);
    } else if (o->result == SPF_NEUTRAL) {
        printf("term: none matched\n");
    }
    if (o->allows_everybody)
        printf("note: the record allows a large part of the Internet, so a pass proves nothing\n");
    else if (o->may_match_anybody)
        printf("note: the owner's DNS servers can make this term match any client, so a pass proves nothing\n");
    print_plain("reason", o->reason);
    printf("cost: %u of 10 terms with lookups, %u of %u void, %zu queries\n", o->lookups, o->voids, query->void_limit,
           o->trace_count);
    for (size_t i = 0; i < o->trace_count; i++) {
        const struct spf_trace *trace = &o->trace[i];

        printf("lookup: %s ", dns_type_name((uint16_t)trace->type));
        ctl_put(stdout, trace->name);
        printf(": %s, %u record%s\n", trace->why, trace->records, trace->records == 1 ? "" : "s");
    }
    print_plain("explanation", o->explanation);
}

static void print_json(const struct spf_outcome *o, const struct spf_query *query)
{
    struct json j;

    json_init(&j, stdout);
    json_open(&j, NULL, '{');
    json_text(&j, "result", spf_result_name(o->result));
    json_text(&j, "domain", query->domain);
    json_text(&j, "record", o->record);
    json_text(&j, "term", o->term);
    json_text(&j, "of", o->domain);
    json_text(&j, "reason", o->reason);
    json_text(&j, "explanation", o->explanation);
    json_bool(&j, "deny_all", o->deny_all);
    json_bool(&j, "allows_everybody", o->allows_everybody);
    json_bool(&j, "may_match_anybody", o->may_match_anybody);
    json_number(&j, "terms", o->lookups);
    json_number(&j, "voids", o->voids);
    json_open(&j, "lookups", '[');
    for (size_t i = 0; i < o->trace_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "type", dns_type_name((uint16_t)o->trace[i].type));
        json_text(&j, "name", o->trace[i].name);
        json_text(&j, "status", dns_status_name(o->trace[i].status));
        json_text(&j, "why", o->trace[i].why);
        json_number(&j, "records", o->trace[i].records);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    json_end(&j);
}

static int evaluate(struct ctl *ctl, const struct spf_query *query)
{
    const struct timeval limit = {SECONDS_MAX, 0};
    struct evaluation e = {.session = &ctl->session, .spf = spf_new(query, ctl->memory)};
    const struct spf_outcome *outcome;

    advance(&e);
    if (e.query) {
        event_base_loopexit(ctl->session.base, &limit);
        event_base_dispatch(ctl->session.base);
    }
    if (e.query)
        resolver_cancel(e.query);
    spf_abandon(e.spf);
    outcome = spf_outcome(e.spf);
    (ctl_given(ctl, 'j') ? print_json : print_text)(outcome, query);
    return outcome->result == SPF_PASS ? CTL_OK : CTL_WRONG;
}

static int run(struct ctl *ctl)
{
    const char *address = ctl->arguments[0], *helo = ctl_value(ctl, 'H');
    struct spf_query query = {
        .domain = ctl->arguments[1], .sender = ctl_value(ctl, 's'), .now = time(NULL), .explain = true};

    if (!address_parse(&query.client, address, strlen(address)))
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is not an IP address", address);
    if (strchr(query.domain, '@'))
        return ctl_fail(ctl, CTL_USAGE,
                        "\"%s\" is a mail address; give its domain, and the address with --sender: "
                        "heloctl spf --sender %s %s %s",
                        query.domain, query.domain, address, strrchr(query.domain, '@') + 1);
    if (!*query.domain)
        return ctl_fail(ctl, CTL_USAGE, "the domain is empty");
    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    query.helo = helo ? helo : query.domain;
    query.void_limit = ctl->settings->dns.void_limit;
    return ctl_session_open(ctl) ? evaluate(ctl, &query) : CTL_TROUBLE;
}

const struct ctl_verb ctl_spf = {
    .name = "spf",
    .arguments = "ADDRESS DOMAIN",
    .arguments_min = 2,
    .arguments_max = 2,
    .summary = "evaluate the SPF record of a domain for an address",
    .help = "Runs check_host() of RFC 7208 with live DNS, and shows the result, the record, the term that\n"
            "matched, what it cost, every lookup, and the explanation. Without --sender the sender is postmaster\n"
            "at the HELO name.",
    .exits = "0 pass, 1 any other result, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'s', "sender", "ADDRESS", "the envelope sender"},
                {'H', "helo", "NAME", "the HELO name (default: DOMAIN)"},
                {'j', "json", NULL, "print JSON"}},
};

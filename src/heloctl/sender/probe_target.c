/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * probe_target: finds receiving servers as a sender does (RFC 5321 section 5.1). It sends one query at a time,
 * because a person waits for one domain. A failed lookup is never reported as "has no address".
 */
#include "probe_target.h"

#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "resolver.h"

enum { HOSTS_MAX = 16 };

struct search {
    struct ctl_session *session;
    struct probe_targets *targets;
    const char *host; /* whose addresses are being looked up */
    bool done, failed;
    enum dns_status status;
    size_t mx_count;
    struct mx {
        uint16_t preference;
        char name[DNS_NAME_SIZE];
    } mx[HOSTS_MAX];
};

static void take_mx(struct search *f, const struct dns_answer *answer)
{
    for (uint16_t i = 0; i < answer->count && f->mx_count < HOSTS_MAX; i++) {
        struct mx *mx = &f->mx[f->mx_count++];

        mx->preference = answer->records[i].host.preference;
        strncpy(mx->name, answer->records[i].host.name, sizeof(mx->name) - 1);
    }
}

static void take_addresses(struct search *f, const struct dns_answer *answer)
{
    struct probe_targets *targets = f->targets;

    for (uint16_t i = 0; i < answer->count && targets->count < PROBE_TARGETS_MAX; i++) {
        struct probe_target *target = &targets->all[targets->count++];

        target->address = answer->records[i].address;
        strncpy(target->host, f->host, sizeof(target->host) - 1);
    }
}

static void on_answer(void *arg, const struct dns_answer *answer, bool from_cache)
{
    struct search *f = arg;

    (void)from_cache;
    f->done = true;
    f->status = answer->status;
    if (answer->status == DNS_TEMPERROR) {
        f->failed = true;
        snprintf(f->targets->why, sizeof(f->targets->why), "DNS did not answer the query for %s of %.255s: %s",
                 dns_type_name(answer->type), answer->name, answer->why);
    } else if (answer->status == DNS_FOUND && answer->type == DNS_MX) {
        take_mx(f, answer);
    } else if (answer->status == DNS_FOUND) {
        take_addresses(f, answer);
    }
}

static enum dns_status query(struct search *f, const char *name, enum dns_type type)
{
    f->done = false;
    f->status = DNS_TEMPERROR;
    if (!resolver_ask(f->session->context.resolver, name, type, on_answer, f)) {
        f->failed = true;
        snprintf(f->targets->why, sizeof(f->targets->why), "%.255s cannot be looked up", name);
        return DNS_TEMPERROR;
    }
    while (!f->done)
        event_base_loop(f->session->base, EVLOOP_ONCE);
    return f->status;
}

static int compare_mx(const void *a, const void *b)
{
    const struct mx *x = a, *y = b;

    return x->preference != y->preference ? (x->preference < y->preference ? -1 : 1) : strcmp(x->name, y->name);
}

static enum probe_found none(struct search *f, const char *name, const char *why)
{
    if (f->failed)
        return PROBE_UNSURE;
    snprintf(f->targets->why, sizeof(f->targets->why), "%.255s %s", name, why);
    return PROBE_NONE;
}

static enum probe_found find(struct search *f, const char *name)
{
    static const enum dns_type types[] = {DNS_A, DNS_AAAA};

    if (query(f, name, DNS_MX) == DNS_NXDOMAIN)
        return none(f, name, "does not exist in DNS");
    if (f->status == DNS_TEMPERROR)
        return PROBE_UNSURE;
    qsort(f->mx, f->mx_count, sizeof(f->mx[0]), compare_mx);
    if (f->mx_count == 1 && f->mx[0].name[0] == '\0')
        return none(f, name, "has a null MX record: it receives no mail (RFC 7505)");
    f->targets->by_mx = f->mx_count > 0;
    for (size_t i = 0; i < (f->mx_count ? f->mx_count : 1); i++) {
        f->host = f->mx_count ? f->mx[i].name : name;
        for (size_t t = 0; t < 2 && *f->host; t++)
            query(f, f->host, types[t]);
    }
    if (f->targets->count > 0)
        return PROBE_FOUND;
    return none(f, name, f->mx_count ? "has MX hosts, but none of them has an address" : "has no address");
}

enum probe_found probe_find(struct ctl *ctl, const char *name, struct probe_targets *targets)
{
    struct search f = {.session = &ctl->session, .targets = targets};

    if (address_parse(&targets->all[0].address, name, strlen(name))) {
        strncpy(targets->all[0].host, name, sizeof(targets->all[0].host) - 1);
        targets->count = 1;
        return PROBE_FOUND;
    }
    if (ctl_session_open(ctl))
        return find(&f, name);
    snprintf(targets->why, sizeof(targets->why), "there is no resolver");
    return PROBE_UNSURE;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_aim: chooses the name that each host should greet with, and learns what DNS says about it. Promises never to
 * propose a name that another host has, in the pool or in DNS: a candidate is looked up before it is proposed.
 */
#include <string.h>

#include "audit.h"
#include "series.h"

/* How often hosts whose candidate was taken get another one. Pools in use have few free numbers between taken ones. */
enum { ROUNDS = 20 };

enum {
    NO_NAME = AUDIT_BIT(AUDIT_HELO_SYNTAX) | AUDIT_BIT(AUDIT_HELO_NOT_FQDN) | AUDIT_BIT(AUDIT_HELO_LITERAL) |
              AUDIT_BIT(AUDIT_HELO_RESERVED),
    RENAME = NO_NAME | AUDIT_BIT(AUDIT_HELO_GENERIC) | AUDIT_BIT(AUDIT_HELO_OF_ANOTHER),
};

static const char *target_of(const struct audit_host *host)
{
    return host->target;
}

static void take_facts(struct audit_host *host, const struct evidence *e, struct region *scratch, struct region *keep)
{
    (void)scratch;
    audit_facts_take(&host->then, e, keep);
}

/*
 * A good confirmed reverse name is preferred, because then only a setting has to change and no DNS record. Otherwise
 * the host keeps its present name, unless a fault requires another one. Only in that case it needs a new name.
 */
static void choose(struct audit_host *host)
{
    if (host->foreign)
        return;
    if (!host->helo)
        host->target = host->ptr_good ? host->ptr : NULL;
    else if (host->ptr_good && (!host->name || !host->now.points_here || (host->faults & RENAME)))
        host->target = host->ptr;
    else if (host->name && !(host->faults & RENAME))
        host->target = host->name;
    else
        host->nameless = (host->faults & ~AUDIT_BIT(AUDIT_PTR_MANY)) != 0;
    host->then = host->now;
}

/* A name is free for a host when nothing has it, or the host itself. If DNS did not answer, it may be taken. */
static bool is_free(const struct audit_host *host)
{
    const struct audit_facts *name = &host->then;

    return !name->unknown && (!name->exists || (name->points_here && !*name->others)) && name->spf == SPF_NONE;
}

/*
 * Moves the hosts that get a candidate to the front of the array. The others get none, because there is no series to
 * continue.
 */
static size_t give_candidates(struct audit *audit, struct audit_host **hosts, size_t n, struct series *series)
{
    size_t given = 0;

    for (size_t i = 0; i < n; i++) {
        struct audit_host *host = hosts[i];

        host->target = series_next(series, host->registrable, audit->keep);
        if (!host->target)
            host->target = series_next(series, NULL, audit->keep);
        if (host->target)
            hosts[given++] = host;
    }
    return given;
}

/* One round. The hosts that are still without a name stay in the array. */
static void propose(struct audit *audit, struct audit_host **hosts, size_t *n, struct series *series)
{
    static const struct audit_pass pass = {"looking for free names", target_of, take_facts};
    size_t given = give_candidates(audit, hosts, *n, series);

    audit_gather(audit, hosts, given, &pass);
    *n = 0;
    for (size_t i = 0; i < given; i++) {
        hosts[i]->nameless = !is_free(hosts[i]);
        if (!hosts[i]->nameless)
            continue;
        hosts[i]->target = NULL;
        hosts[(*n)++] = hosts[i];
    }
}

void audit_aim(struct audit *audit, struct series *series)
{
    static const struct audit_pass pass = {"checking names", target_of, take_facts};
    struct audit_host **hosts = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct audit_host *));
    size_t n = 0;

    for (size_t i = 0; i < audit->count; i++) {
        struct audit_host *host = &audit->hosts[i];

        choose(host);
        if (host->target && (!host->name || strcmp(host->target, host->name) != 0))
            hosts[n++] = host;
    }
    audit_gather(audit, hosts, n, &pass);
    n = 0;
    for (size_t i = 0; i < audit->count; i++)
        if (audit->hosts[i].nameless)
            hosts[n++] = &audit->hosts[i];
    for (unsigned round = 0; n > 0 && round < ROUNDS; round++)
        propose(audit, hosts, &n, series);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_pool: finds what only the whole pool shows: names that do not fit the others, one name used from several
 * addresses, one address with several names. Sorting dominates the cost.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit.h"
#include "series.h"

int audit_compare_addresses(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;

    return address_compare(&x->address, &y->address);
}

static int compare_names(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;
    int by = strcmp(x->name ? x->name : "", y->name ? y->name : "");

    return by ? by : audit_compare_addresses(a, b);
}

struct audit_host **audit_sorted(struct audit *audit, int (*compare)(const void *, const void *))
{
    struct audit_host **all = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct audit_host *));

    for (size_t i = 0; i < audit->count; i++)
        all[i] = &audit->hosts[i];
    if (compare)
        qsort(all, audit->count, sizeof(struct audit_host *), compare);
    return all;
}

static int compare_targets(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;
    int by = strcmp(x->target, y->target);

    return by ? by : audit_compare_addresses(a, b);
}

struct audit_host **audit_by_target(struct audit *audit, size_t *count)
{
    struct audit_host **all = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct audit_host *));

    *count = 0;
    for (size_t i = 0; i < audit->count; i++)
        if (audit->hosts[i].helo && audit->hosts[i].target)
            all[(*count)++] = &audit->hosts[i];
    qsort(all, *count, sizeof(struct audit_host *), compare_targets);
    return all;
}

size_t audit_group_end(struct audit_host *const *hosts, size_t count, size_t at)
{
    size_t end = at + 1;

    while (end < count && strcmp(hosts[at]->target, hosts[end]->target) == 0)
        end++;
    return end;
}

static void find(struct audit_host *host, enum audit_fault fault, const char *detail)
{
    if (host->faults & audit_faults[fault].beside)
        return;
    host->faults |= AUDIT_BIT(fault);
    host->details[fault] = detail;
}

static bool shares_name(const struct audit_host *x, const struct audit_host *y)
{
    return x->name && y->name && strcmp(x->name, y->name) == 0 && x->address.family == y->address.family;
}

/* Moves a host from "points elsewhere" to the precise reason, and drops what follows from it. */
static void name_owner(struct audit_host *host, const char *detail)
{
    for (unsigned i = 0; i < AUDIT_FAULTS; i++)
        if (audit_faults[i].beside & AUDIT_BIT(AUDIT_HELO_OF_ANOTHER))
            host->faults &= ~AUDIT_BIT(i);
    find(host, AUDIT_HELO_OF_ANOTHER, detail);
}

/*
 * Hosts of one name and one address family. If the name points to exactly one of them, it is that host's own name and
 * the others greet with it by mistake; typically one HELO name was set for the whole server. Otherwise the name is
 * meant for all of them, as behind NAT, and that is only remarked.
 */
static void judge_shared(struct audit *audit, struct audit_host **hosts, size_t n, size_t addresses)
{
    char text[ADDRESS_TEXT_SIZE];
    const struct audit_host *owner = NULL;
    const char *detail;
    size_t owners = 0;

    for (size_t i = 0; i < n; i++) {
        if (!hosts[i]->now.points_here || (owner && address_equal(&owner->address, &hosts[i]->address)))
            continue;
        owner = hosts[i];
        owners++;
    }
    detail = owners == 1 ? region_printf(audit->keep, "%s is %s; %zu other address%s", owner->name,
                                         address_format(&owner->address, text), addresses - 1,
                                         addresses == 2 ? " greets with it" : "es greet with it")
                         : region_printf(audit->keep, "%zu addresses", addresses);
    for (size_t i = 0; i < n; i++) {
        if (owners != 1)
            find(hosts[i], AUDIT_HELO_SHARED, detail);
        else if (!hosts[i]->now.points_here)
            name_owner(hosts[i], detail);
    }
}

/* A dual-stack server has one name and one address of each family, so each family is looked at on its own. */
static void find_shared(struct audit *audit, struct audit_host **hosts)
{
    for (size_t at = 0, end; at < audit->count; at = end) {
        size_t addresses = 1;

        for (end = at + 1; end < audit->count && shares_name(hosts[at], hosts[end]); end++)
            addresses += !address_equal(&hosts[end - 1]->address, &hosts[end]->address);
        if (addresses > 1)
            judge_shared(audit, hosts + at, end - at, addresses);
    }
}

static void find_several(struct audit *audit, struct audit_host **hosts)
{
    for (size_t at = 0, end; at < audit->count; at = end) {
        for (end = at + 1; end < audit->count && address_equal(&hosts[at]->address, &hosts[end]->address); end++)
            ;
        for (size_t i = at; end - at > 1 && i < end; i++)
            if (hosts[i]->helo)
                find(hosts[i], AUDIT_HELO_SEVERAL, region_printf(audit->keep, "%zu names", end - at));
    }
}

static struct series *find_odd(struct audit *audit)
{
    struct series_name *names = region_alloc(audit->keep, (audit->count + 1) * sizeof(*names));
    struct audit_host **owners = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct audit_host *));
    struct series *series;
    size_t n = 0;

    for (size_t i = 0; i < audit->count; i++) {
        struct audit_host *host = &audit->hosts[i];

        if (!host->name || (host->faults & audit_faults[AUDIT_NAME_ODD].beside))
            continue;
        owners[n] = host;
        names[n++] = (struct series_name){.name = host->name, .domain = host->registrable};
    }
    series = series_judge(names, n, audit->keep);
    for (size_t i = 0; i < n; i++)
        if (names[i].odd)
            find(owners[i], AUDIT_NAME_ODD, names[i].odd);
    return series;
}

struct series *audit_pool(struct audit *audit)
{
    find_shared(audit, audit_sorted(audit, compare_names));
    find_several(audit, audit_sorted(audit, audit_compare_addresses));
    return find_odd(audit);
}

/* Pairs of one address lie together, and one without a name in front of the others. */
static int compare_pairs(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;
    int by = audit_compare_addresses(a, b);

    if (by == 0)
        by = strcasecmp(x->helo ? x->helo : "", y->helo ? y->helo : "");
    return by ? by : x < y ? -1 : 1;
}

static void merge(struct audit_host *into, struct audit_host *from)
{
    into->messages += from->messages;
    into->aligned += from->aligned;
    if (!into->helo)
        into->helo = from->helo;
    if (!into->header_from)
        into->header_from = from->header_from;
    from->address.family = ADDRESS_NONE;
}

/* Two spellings of one name are one pair; so is an address without a name and the same address with one. */
static bool same_pair(const struct audit_host *x, const struct audit_host *y)
{
    return address_equal(&x->address, &y->address) && (!x->helo || (y->helo && strcasecmp(x->helo, y->helo) == 0));
}

void audit_unify(struct audit *audit)
{
    struct audit_host **hosts = audit_sorted(audit, compare_pairs), *first = NULL;
    size_t kept = 0;

    for (size_t i = 0; i < audit->count; i++) {
        if (first && same_pair(first, hosts[i]))
            merge(first, hosts[i]);
        else
            first = hosts[i];
    }
    for (size_t i = 0; i < audit->count; i++)
        if (audit->hosts[i].address.family != ADDRESS_NONE)
            audit->hosts[kept++] = audit->hosts[i];
    audit->count = kept;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_pool: what only the whole pool shows (odd names, names and addresses that come several times), and the name
 * that each host should have. Cost n log n.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "series.h"

static int compare_addresses(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;

    if (x->address.family != y->address.family)
        return x->address.family < y->address.family ? -1 : 1;
    return memcmp(x->address.bytes, y->address.bytes, sizeof(x->address.bytes));
}

static int compare_names(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;
    int by = strcmp(x->name ? x->name : "", y->name ? y->name : "");

    return by ? by : compare_addresses(a, b);
}

static struct audit_host **sorted(struct audit *audit, int (*compare)(const void *, const void *))
{
    struct audit_host **all = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct audit_host *));

    for (size_t i = 0; all && i < audit->count; i++)
        all[i] = &audit->hosts[i];
    if (all)
        qsort(all, audit->count, sizeof(struct audit_host *), compare);
    return all;
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

/* A server of both families has one name and an address in each: more of one family share it. */
static void find_shared(struct audit *audit, struct audit_host **hosts)
{
    for (size_t at = 0, end; at < audit->count; at = end) {
        size_t addresses = 1;

        for (end = at + 1; end < audit->count && shares_name(hosts[at], hosts[end]); end++)
            addresses += !address_equal(&hosts[end - 1]->address, &hosts[end]->address);
        for (size_t i = at; addresses > 1 && i < end; i++)
            find(hosts[i], AUDIT_HELO_SHARED, region_printf(audit->keep, "%zu addresses", addresses));
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

    if (!names || !owners)
        return NULL;
    for (size_t i = 0; i < audit->count; i++) {
        struct audit_host *host = &audit->hosts[i];

        if (!host->name || (host->faults & audit_faults[AUDIT_NAME_ODD].beside))
            continue;
        owners[n] = host;
        names[n++] = (struct series_name){.name = host->name, .domain = host->registrable};
    }
    series = series_judge(names, n, audit->keep);
    for (size_t i = 0; series && i < n; i++)
        if (names[i].odd)
            find(owners[i], AUDIT_NAME_ODD, names[i].odd);
    return series;
}

/*
 * A reverse name that is confirmed and its owner's wins: only a setting is to be changed then. Else the name that the
 * host has, if it may stay; else the next of the pool's series.
 */
static void aim(struct audit_host *host, struct series *series, struct region *r)
{
    const uint32_t rename = audit_faults[AUDIT_HELO_SHARED].beside | AUDIT_BIT(AUDIT_HELO_GENERIC);

    if (host->foreign)
        return;
    if (!host->helo)
        host->target = host->ptr_good ? host->ptr : NULL;
    else if (host->ptr_good && (!host->name || !host->points_here || (host->faults & rename)))
        host->target = host->ptr;
    else if (host->name && !(host->faults & rename))
        host->target = host->name;
    else if (host->faults & ~AUDIT_BIT(AUDIT_PTR_MANY))
        host->target = series_next(series, NULL, r);
}

bool audit_pool(struct audit *audit)
{
    struct audit_host **by_name = sorted(audit, compare_names), **by_address = sorted(audit, compare_addresses);
    struct series *series;

    if (!by_name || !by_address)
        return false;
    find_shared(audit, by_name);
    find_several(audit, by_address);
    series = find_odd(audit);
    if (!series)
        return false;
    for (size_t i = 0; i < audit->count; i++)
        aim(&audit->hosts[i], series, audit->keep);
    return !region_failed(audit->keep);
}

static int compare_pairs(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;
    int by = compare_addresses(a, b);

    if (by == 0)
        by = strcmp(x->helo ? x->helo : "", y->helo ? y->helo : "");
    return by ? by : x < y ? -1 : 1;
}

static bool same_pair(const struct audit_host *x, const struct audit_host *y)
{
    return address_equal(&x->address, &y->address) && !x->helo == !y->helo &&
           (!x->helo || strcmp(x->helo, y->helo) == 0);
}

bool audit_unify(struct audit *audit)
{
    struct audit_host **hosts = sorted(audit, compare_pairs), *first = NULL;
    size_t kept = 0;

    if (!hosts)
        return false;
    for (size_t i = 0; i < audit->count; i++) {
        if (!first || !same_pair(first, hosts[i])) {
            first = hosts[i];
            continue;
        }
        first->messages += hosts[i]->messages;
        hosts[i]->address.family = ADDRESS_NONE;
    }
    for (size_t i = 0; i < audit->count; i++)
        if (audit->hosts[i].address.family != ADDRESS_NONE)
            audit->hosts[kept++] = audit->hosts[i];
    audit->count = kept;
    return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_plan: which name each server should greet with, from which addresses. The first IPv4 and the first IPv6 address
 * of one name are one dual-stack server, and so on; a pool with one name, behind NAT for example, needs no choice.
 */
#include <string.h>
#include <strings.h>

#include "audit.h"

enum { EXAMPLES = 3 };

bool audit_renames(const struct audit_host *host)
{
    return host->helo && host->target && strcasecmp(host->helo, host->target) != 0;
}

/* One of the two may be NULL. */
static void put_source(struct audit_source *out, const struct audit_host *v4, const struct audit_host *v6)
{
    *out = (struct audit_source){.name = v4 ? v4->target : v6->target};
    if (v4)
        address_format(&v4->address, out->v4);
    if (v6)
        address_format(&v6->address, out->v6);
    snprintf(out->tag, sizeof(out->tag), "%s", v4 ? out->v4 : out->v6);
    for (char *c = out->tag; *c; c++)
        *c = (char)(*c == '.' || *c == ':' ? '-' : *c);
}

/* The sources of one name. Printed only if one of its hosts has to change. */
static size_t take_name(struct audit_host *const *hosts, size_t n, struct audit_source *out)
{
    size_t v4 = 0, count = 0;
    bool renames = false;

    for (size_t i = 0; i < n; i++) {
        renames = renames || audit_renames(hosts[i]);
        v4 += hosts[i]->address.family == ADDRESS_IPV4;
    }
    for (size_t i = 0; renames && (i < v4 || i < n - v4); i++)
        put_source(&out[count++], i < v4 ? hosts[i] : NULL, i < n - v4 ? hosts[v4 + i] : NULL);
    return count;
}

static bool is_double(const struct audit_host *x, const struct audit_host *y)
{
    return strcmp(x->target, y->target) == 0 && address_equal(&x->address, &y->address);
}

/* An address once for each target: where it greets with several names, the pair that has to change is kept. */
static size_t drop_doubles(struct audit_host **hosts, size_t n)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !is_double(hosts[kept - 1], hosts[i]))
            hosts[kept++] = hosts[i];
        else if (audit_renames(hosts[i]))
            hosts[kept - 1] = hosts[i];
    return kept;
}

void audit_print_mtas(struct audit *audit, const struct audit_mta *mta, FILE *out)
{
    size_t n, count = 0;
    struct audit_host **hosts = audit_by_target(audit, &n);
    struct audit_source *sources = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct audit_source));
    struct audit_plan plan = {.sources = sources};

    n = drop_doubles(hosts, n);
    for (size_t at = 0, end; at < n; at = end) {
        end = audit_group_end(hosts, n, at);
        plan.one = at == 0 && end == n;
        count += take_name(hosts + at, end - at, sources + count);
    }
    if (count == 0)
        return;
    fprintf(out, "\nSettings that make the server greet with the right name:\n");
    plan.count = mta || count < EXAMPLES ? count : EXAMPLES;
    plan.left = count - plan.count;
    for (const struct audit_mta *one = audit_mtas; one->name; one++) {
        if (mta && mta != one)
            continue;
        fputc('\n', out);
        one->print(&plan, out);
    }
}

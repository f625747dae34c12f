/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_mtas: how to make each mail server greet with the right name from the right address, a row for each server.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit.h"

enum { EXAMPLES = 3, TAG_SIZE = ADDRESS_TEXT_SIZE };

/* One host as the rows print it. */
struct greeting {
    const char *name;
    char address[ADDRESS_TEXT_SIZE];
    char tag[TAG_SIZE]; /* the address as a part of a name: 203-0-113-5 */
    bool ipv6;
};

static void postfix(const struct greeting *g, FILE *out)
{
    fprintf(out, "  out-%s unix - - n - - smtp\n    -o smtp_bind_address%s=%s\n    -o smtp_helo_name=%s\n", g->tag,
            g->ipv6 ? "6" : "", g->address, g->name);
}

/* The colon ends a key of lsearch; one that holds some is quoted. */
static void exim(const struct greeting *g, FILE *out)
{
    fprintf(out, g->ipv6 ? "  \"%s\": %s\n" : "  %s: %s\n", g->address, g->name);
}

static void powermta(const struct greeting *g, FILE *out)
{
    fprintf(out, "  <virtual-mta out-%s>\n    smtp-source-host %s %s\n  </virtual-mta>\n", g->tag, g->address, g->name);
}

static void momentum(const struct greeting *g, FILE *out)
{
    fprintf(out, "  binding \"out-%s\" {\n    bind_address = \"%s\"\n    ehlo_hostname = \"%s\"\n  }\n", g->tag,
            g->address, g->name);
}

static void kumomta(const struct greeting *g, FILE *out)
{
    fprintf(out, "  kumo.make_egress_source { name = 'out-%s', source_address = '%s', ehlo_domain = '%s' }\n", g->tag,
            g->address, g->name);
}

static void mailwizz(const struct greeting *g, FILE *out)
{
    fprintf(out,
            "  delivery server \"%s\": hostname %s; with PowerMTA behind it the additional header\n"
            "    X-Virtual-MTA: out-%s\n",
            g->name, g->name, g->tag);
}

static const struct mta {
    const char *name, *where;
    void (*print)(const struct greeting *g, FILE *out);
} mtas[] = {
    {"postfix", "Postfix, master.cf: a transport for each address (main.cf where there is one address only)", postfix},
    {"exim",
     "Exim: helo_data = ${lookup{$sending_ip_address}iplsearch{/etc/exim4/helo_data}{$value}{$primary_hostname}}\n"
     "in the smtp transport, and in /etc/exim4/helo_data",
     exim},
    {"powermta", "PowerMTA, config", powermta},
    {"momentum", "Momentum, ecelerity.conf", momentum},
    {"kumomta", "KumoMTA, in get_egress_source", kumomta},
    {"mailwizz", "MailWizz: it greets nobody but its relay; a delivery server for each address, whose relay greets so",
     mailwizz},
};
enum { MTAS = sizeof(mtas) / sizeof(mtas[0]) };

bool audit_is_mta(const char *name)
{
    for (size_t i = 0; i < MTAS; i++)
        if (strcmp(mtas[i].name, name) == 0)
            return true;
    return false;
}

bool audit_renames(const struct audit_host *host)
{
    return host->helo && host->target && strcasecmp(host->helo, host->target) != 0;
}

static void print_host(const struct mta *mta, const struct audit_host *host, FILE *out)
{
    struct greeting g = {.name = host->target, .ipv6 = host->address.family == ADDRESS_IPV6};
    size_t i;

    address_format(&host->address, g.address);
    for (i = 0; g.address[i]; i++)
        g.tag[i] = g.address[i] == '.' || g.address[i] == ':' ? '-' : g.address[i];
    g.tag[i] = '\0';
    mta->print(&g, out);
}

static void print_mta(const struct audit *audit, const struct mta *mta, size_t most, FILE *out)
{
    size_t told = 0, left = 0;

    fprintf(out, "\n%s:\n", mta->where);
    for (size_t i = 0; i < audit->count; i++) {
        if (!audit_renames(&audit->hosts[i]))
            continue;
        if (told == most) {
            left++;
            continue;
        }
        told++;
        print_host(mta, &audit->hosts[i], out);
    }
    if (left > 0)
        fprintf(out, "  ... and %zu more: --mta %s\n", left, mta->name);
}

void audit_print_mtas(const struct audit *audit, const char *mta, FILE *out)
{
    size_t renames = 0;

    for (size_t i = 0; i < audit->count; i++)
        renames += audit_renames(&audit->hosts[i]);
    for (size_t i = 0; renames > 0 && i < MTAS; i++)
        if (!mta || strcmp(mta, mtas[i].name) == 0)
            print_mta(audit, &mtas[i], mta ? SIZE_MAX : EXAMPLES, out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_records: the DNS records that would mend a pool, as zone lines or JSON. One SPF record for each name, whatever
 * number of addresses it has. Promises lines that a zone file can hold, whatever a foreign record held.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"

enum { VALUE_SIZE = 4096, STRING_MAX = 250 };

#define BIT(fault) AUDIT_BIT(AUDIT_##fault)

struct record {
    const char *owner, *type, *value;
};
typedef void record_sink(void *arg, const struct record *record);

static bool takes_own_name(const struct audit_host *host)
{
    return host->name && strcmp(host->target, host->name) == 0;
}

static bool is_new_name(const struct audit_host *host)
{
    return !takes_own_name(host) && !(host->ptr && strcmp(host->target, host->ptr) == 0);
}

static bool wants(const struct audit_host *host, uint32_t faults)
{
    return takes_own_name(host) ? (host->faults & faults) != 0 : is_new_name(host);
}

static bool wants_spf(const struct audit_host *host)
{
    return host->helo && host->target &&
           wants(host, BIT(SPF_NONE) | BIT(SPF_NEUTRAL) | BIT(SPF_DENIES) | BIT(SPF_BROKEN) | BIT(HELO_UNRESOLVABLE)) &&
           !(host->unknown & BIT(SPF_NONE));
}

static void tell_addresses(const struct audit_host *host, record_sink *sink, void *arg)
{
    char reverse[ADDRESS_REVERSE_SIZE], text[ADDRESS_TEXT_SIZE];

    if (!host->helo || !host->target)
        return;
    if (wants(host, BIT(PTR_MISSING) | BIT(PTR_NOT_HELO)))
        sink(arg, &(struct record){address_reverse_name(&host->address, reverse), "PTR", host->target});
    if (wants(host, BIT(HELO_UNRESOLVABLE) | BIT(HELO_ELSEWHERE)))
        sink(arg, &(struct record){host->target, host->address.family == ADDRESS_IPV4 ? "A" : "AAAA",
                                   address_format(&host->address, text)});
}

/* The record that the hosts' common name should have: what it has now with their addresses in front, or a new one. */
static void tell_spf(struct audit_host *const *hosts, size_t n, record_sink *sink, void *arg)
{
    char value[VALUE_SIZE], text[ADDRESS_TEXT_SIZE];
    const char *old = NULL;
    struct text t;

    for (size_t i = 0; i < n; i++)
        if (hosts[i]->spf_record && takes_own_name(hosts[i]) && !(hosts[i]->faults & BIT(SPF_BROKEN)))
            old = hosts[i]->spf_record;
    text_init(&t, value, sizeof(value));
    text_add(&t, "v=spf1");
    for (size_t i = 0; old && i < n; i++)
        text_addf(&t, " ip%u:%s", hosts[i]->address.family, address_format(&hosts[i]->address, text));
    text_add_as(&t, TEXT_PLAIN, old ? old + strcspn(old, " ") : " a -all", SIZE_MAX);
    if (!t.full)
        sink(arg, &(struct record){hosts[0]->target, "TXT", value});
}

static int compare_targets(const void *a, const void *b)
{
    const struct audit_host *x = *(struct audit_host *const *)a, *y = *(struct audit_host *const *)b;
    int by = strcmp(x->target, y->target);

    return by ? by : x < y ? -1 : x > y;
}

static void each_record(struct audit *audit, record_sink *sink, void *arg)
{
    struct audit_host **hosts = region_alloc(audit->keep, (audit->count + 1) * sizeof(struct audit_host *));
    size_t n = 0;

    for (size_t i = 0; i < audit->count; i++) {
        tell_addresses(&audit->hosts[i], sink, arg);
        if (hosts && wants_spf(&audit->hosts[i]))
            hosts[n++] = &audit->hosts[i];
    }
    if (n > 0)
        qsort(hosts, n, sizeof(struct audit_host *), compare_targets);
    for (size_t at = 0, end; at < n; at = end) {
        for (end = at + 1; end < n && strcmp(hosts[at]->target, hosts[end]->target) == 0; end++)
            ;
        tell_spf(hosts + at, end - at, sink, arg);
    }
}

/* Character strings of a TXT record: at most 255 bytes each (RFC 1035 section 3.3). */
static void put_strings(FILE *out, const char *s)
{
    size_t n = 0;

    fputc('"', out);
    for (; *s; s++) {
        if (n++ == STRING_MAX) {
            fputs("\" \"", out);
            n = 1;
        }
        if (*s == '"' || *s == '\\')
            fputc('\\', out);
        fputc(*s, out);
    }
    fputc('"', out);
}

static void put_line(void *arg, const struct record *record)
{
    FILE *out = arg;

    fprintf(out, "  %s. IN %s ", record->owner, record->type);
    if (strcmp(record->type, "TXT") == 0)
        put_strings(out, record->value);
    else
        fprintf(out, "%s%s", record->value, strcmp(record->type, "PTR") == 0 ? "." : "");
    fputc('\n', out);
}

static void put_json(void *arg, const struct record *record)
{
    struct json *j = arg;

    json_open(j, NULL, '{');
    json_text(j, "name", record->owner);
    json_text(j, "type", record->type);
    json_text(j, "value", record->value);
    json_close(j, '}');
}

void audit_print_records(struct audit *audit, FILE *out)
{
    each_record(audit, put_line, out);
}

void audit_json_records(struct audit *audit, struct json *j)
{
    json_open(j, "records", '[');
    each_record(audit, put_json, j);
    json_close(j, ']');
}

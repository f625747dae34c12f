/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit_records: the DNS records that would fix a pool, as zone lines or JSON, each with the record that it
 * replaces. Records that are right already are left out. A name gets one SPF record, however many addresses it has.
 * Promises lines that a zone file can hold, whatever a foreign record held.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audit.h"

enum { VALUE_SIZE = 70000, STRING_MAX = 250, V4_ZONE_LABELS = 1, V6_ZONE_LABELS = 16 };

/* One DNS record that should change. */
struct record {
    const char *zone, *owner;
    const char *type;  /* NULL: nothing to publish, `note` alone */
    const char *value; /* as it should read afterwards */
    const char *old;   /* what it replaces; NULL: nothing */
    const char *note;  /* foreign; NULL: none */
};

struct records {
    struct audit *audit;
    struct record *all; /* room for three of each host */
    size_t count;
};

static void put(struct records *records, const struct record *record)
{
    struct record *kept = &records->all[records->count++];
    struct region *r = records->audit->keep;

    *kept = *record;
    kept->owner = region_strdup(r, record->owner);
    kept->zone = region_strdup(r, record->zone);
    kept->value = record->value ? region_strdup(r, record->value) : NULL;
}

/* Reverse zones are cut at /24 and /64, which is where most are delegated. */
static void put_ptr(struct records *records, const struct audit_host *host)
{
    char reverse[ADDRESS_REVERSE_SIZE];
    const char *zone;

    if (host->then.is_reverse)
        return;
    zone = address_reverse_name(&host->address, reverse);
    for (int labels = host->address.family == ADDRESS_IPV4 ? V4_ZONE_LABELS : V6_ZONE_LABELS; labels > 0; labels--)
        zone = strchr(zone, '.') + 1;
    put(records, &(struct record){.zone = zone,
                                  .owner = reverse,
                                  .type = "PTR",
                                  .value = host->target,
                                  .old = host->ptr_all && *host->ptr_all ? host->ptr_all : NULL});
}

static const char *zone_of(const struct audit_host *host)
{
    return host->then.domain ? host->then.domain : host->target;
}

/* Whether the pool itself has this address under the same name. */
static bool is_of(struct audit_host *const *hosts, size_t n, const char *text, size_t length)
{
    struct address address;

    if (!address_parse(&address, text, length))
        return false;
    for (size_t i = 0; i < n; i++)
        if (address_equal(&hosts[i]->address, &address))
            return true;
    return false;
}

static void put_address(struct records *records, struct audit_host *const *hosts, size_t n,
                        const struct audit_host *host)
{
    struct record record = {.zone = zone_of(host), .owner = host->target};
    char text[ADDRESS_TEXT_SIZE];

    if (host->then.points_here)
        return;
    record.type = host->address.family == ADDRESS_IPV4 ? "A" : "AAAA";
    record.value = address_format(&host->address, text);
    for (const char *other = host->then.others; *other; other += strcspn(other, " "), other += *other == ' ')
        if (!is_of(hosts, n, other, strcspn(other, " ")))
            record.old = host->then.others;
    if (record.old)
        record.note = "keep the old record, too, if its address also belongs to this server";
    put(records, &record);
}

/* Whether the record lets this address pass once the name's address records are right. */
static bool is_covered(const char *record, const struct audit_host *host)
{
    size_t n;

    for (const char *word = record + strcspn(record, " "); *word; word += n) {
        struct network network;
        const char *colon;

        word += strspn(word, " ");
        n = strcspn(word, " ");
        colon = memchr(word, ':', n);
        if (n > 0 && *word == '+') {
            word++;
            n--;
        }
        if (n >= 3 && strncasecmp(word + n - 3, "all", 3) == 0 && n <= 4)
            return false;
        if (n == 1 && (*word == 'a' || *word == 'A'))
            return true;
        if (colon && strncasecmp(word, "a:", 2) == 0 && strlen(host->target) == n - 2 &&
            strncasecmp(colon + 1, host->target, n - 2) == 0)
            return true;
        if (colon && strncasecmp(word, "ip", 2) == 0 &&
            network_parse(&network, colon + 1, n - (size_t)(colon + 1 - word)) && address_in(&host->address, &network))
            return true;
    }
    return false;
}

static bool lacks_spf(const struct audit_host *host)
{
    const struct audit_facts *name = &host->then;

    if (name->spf == SPF_PASS || name->spf == SPF_TEMPERROR || name->spf == SPF_NOT_ASKED)
        return false;
    return name->spf == SPF_NONE || name->spf == SPF_PERMERROR || !name->spf_record ||
           !is_covered(name->spf_record, host);
}

/*
 * A domain that mail addresses use needs a record that its owner writes: "a -all" would deny the domain's other
 * servers. Such a name gets a record that denies nobody, and a broken one is only reported.
 */
static void put_new_spf(struct records *records, const struct audit_host *host)
{
    bool is_domain = host->then.domain && strcmp(host->then.domain, host->target) == 0;
    struct record record = {.zone = zone_of(host), .owner = host->target, .type = "TXT"};

    record.value = is_domain ? "v=spf1 a ?all" : "v=spf1 a -all";
    if (host->then.spf == SPF_PERMERROR) {
        record.old = host->then.spf_record ? host->then.spf_record : "every record that begins with v=spf1";
        if (is_domain) {
            record.type = record.value = NULL;
            record.note = "fix the SPF record of this name by hand: other servers send under it, too";
        }
    }
    put(records, &record);
}

/* The hosts have one target. Their record is kept, with the addresses that it lacks in front. */
static void put_spf(struct records *records, struct audit_host *const *hosts, size_t n, char *value)
{
    const struct audit_host *like = NULL;
    char text[ADDRESS_TEXT_SIZE];
    struct text t;

    text_init(&t, value, VALUE_SIZE);
    text_add(&t, "v=spf1");
    for (size_t i = 0; i < n; i++) {
        if (!hosts[i]->helo || !lacks_spf(hosts[i]))
            continue;
        like = hosts[i];
        text_addf(&t, " ip%u:%s", hosts[i]->address.family, address_format(&hosts[i]->address, text));
    }
    if (!like)
        return;
    if (like->then.spf == SPF_NONE || like->then.spf == SPF_PERMERROR || !like->then.spf_record) {
        put_new_spf(records, like);
        return;
    }
    text_add_as(&t, TEXT_PLAIN, like->then.spf_record + strcspn(like->then.spf_record, " "), SIZE_MAX);
    if (!t.full)
        put(records, &(struct record){.zone = zone_of(like),
                                      .owner = like->target,
                                      .type = "TXT",
                                      .value = value,
                                      .old = like->then.spf_record});
}

static int compare_records(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    bool x_reverse = strstr(x->zone, ".arpa") != NULL, y_reverse = strstr(y->zone, ".arpa") != NULL;
    int by = strcmp(x->zone, y->zone);

    if (x_reverse != y_reverse)
        return x_reverse ? 1 : -1;
    if (by == 0)
        by = strcmp(x->owner, y->owner);
    if (by == 0)
        by = strcmp(x->type ? x->type : "", y->type ? y->type : "");
    return by ? by : strcmp(x->value ? x->value : "", y->value ? y->value : "");
}

/* Twice the same pair, or one address with two names, must not print a record twice. */
static size_t drop_doubles(struct record *all, size_t count)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_records(&all[kept - 1], &all[i]) != 0)
            all[kept++] = all[i];
    return kept;
}

static void put_group(struct records *records, struct audit_host *const *hosts, size_t n, char *value)
{
    for (size_t i = 0; i < n; i++) {
        if (hosts[i]->then.unknown) {
            put(records,
                &(struct record){.zone = zone_of(hosts[i]),
                                 .owner = hosts[i]->target,
                                 .note = "DNS did not answer every query about it: run the audit again first"});
            continue;
        }
        put_ptr(records, hosts[i]);
        put_address(records, hosts, n, hosts[i]);
    }
    put_spf(records, hosts, n, value);
}

/* All records, sorted by zone. */
static const struct record *sorted(struct audit *audit, size_t *count)
{
    struct records records = {.audit = audit};
    char *value = region_alloc(audit->keep, VALUE_SIZE);
    size_t n;
    struct audit_host **hosts = audit_by_target(audit, &n);

    records.all = region_alloc(audit->keep, (3 * audit->count + 1) * sizeof(*records.all));
    for (size_t at = 0, end; at < n; at = end) {
        end = audit_group_end(hosts, n, at);
        put_group(&records, hosts + at, end - at, value);
    }
    qsort(records.all, records.count, sizeof(*records.all), compare_records);
    *count = drop_doubles(records.all, records.count);
    return records.all;
}

/* Character strings of a TXT record hold at most 255 bytes each (RFC 1035 section 3.3). */
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

static void put_line(FILE *out, const struct record *record)
{
    if (record->note && !record->type) {
        fprintf(out, "; %s: %s\n", record->owner, record->note);
        return;
    }
    if (record->old) {
        fprintf(out, "; replaces the %s record%s ", record->type,
                strchr(record->old, ' ') && *record->type != 'T' ? "s" : "");
        ctl_put(out, record->old);
        fprintf(out, "%s%s\n", record->note ? ": " : "", record->note ? record->note : "");
    }
    fprintf(out, "%s. IN %s ", record->owner, record->type);
    if (strcmp(record->type, "TXT") == 0)
        put_strings(out, record->value);
    else
        fprintf(out, "%s%s", record->value, strcmp(record->type, "PTR") == 0 ? "." : "");
    fputc('\n', out);
}

void audit_print_records(struct audit *audit, FILE *out)
{
    const char *zone = "";
    size_t n;
    const struct record *records = sorted(audit, &n);

    if (n > 0)
        fprintf(out, "\nDNS records to publish:\n");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(zone, records[i].zone) != 0)
            fprintf(out, "\n; zone %s\n", records[i].zone);
        zone = records[i].zone;
        put_line(out, &records[i]);
    }
}

void audit_json_records(struct audit *audit, struct json *j)
{
    size_t n;
    const struct record *records = sorted(audit, &n);

    json_open(j, "records", '[');
    for (size_t i = 0; i < n; i++) {
        if (!records[i].type)
            continue;
        json_open(j, NULL, '{');
        json_text(j, "name", records[i].owner);
        json_text(j, "type", records[i].type);
        json_text(j, "value", records[i].value);
        json_text(j, "action", records[i].old ? "replace" : "add");
        json_text(j, "replaces", records[i].old);
        json_close(j, '}');
    }
    json_close(j, ']');
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fixture: reads SPF cases (the form is in fixture.h), answers lookups from their zones, compares outcomes.
 */
#include "fixture.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct word {
    char *text;
    size_t size;
};

static unsigned line_number;

__attribute__((noreturn)) static void fail(const char *what, const char *about)
{
    printf("Bail out! line %u: %s: %s\n", line_number, what, about);
    exit(99);
}

/* Cuts a line into words, in place. */
static unsigned split(char *line, struct word *words)
{
    unsigned count = 0;
    char *in = line;

    while (*(in += strspn(in, " \t\n")) && count < FIXTURE_WORDS) {
        bool quoted = *in == '"';
        char *out = in += quoted, byte;

        words[count].text = out;
        while (*in && (quoted ? *in != '"' : !isspace((unsigned char)*in))) {
            byte = *in++;
            if (byte == '\\' && *in == 'x' && isxdigit((unsigned char)in[1]) && isxdigit((unsigned char)in[2])) {
                char digits[3] = {in[1], in[2], '\0'};

                byte = (char)strtoul(digits, NULL, 16);
                in += 3;
            }
            *out++ = byte;
        }
        words[count].size = (size_t)(out - words[count].text);
        count++;
        in += *in != '\0';
        *out = '\0';
    }
    return count;
}

static const struct {
    const char *name;
    unsigned type;
    unsigned least, most; /* words of data */
} types[] = {
    {"A", DNS_A, 1, 1},      {"AAAA", DNS_AAAA, 1, 1},   {"MX", DNS_MX, 2, 2}, {"PTR", DNS_PTR, 1, 1},
    {"TXT", DNS_TXT, 0, 60}, {"CNAME", DNS_CNAME, 1, 1}, {"TIMEOUT", 0, 0, 0},
};

/* As the resolver gives names: lower case, no trailing dot. */
static const char *host_name(struct region *r, const char *s)
{
    size_t n = strlen(s);
    char *out = region_strndup(r, s, n && s[n - 1] == '.' ? n - 1 : n);

    for (char *c = out; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    return out;
}

static void set_data(struct fixture_record *record, const struct word *words, unsigned count, struct region *r)
{
    size_t size = 0;
    char *bytes;

    switch (record->type) {
    case DNS_A:
    case DNS_AAAA:
        if (!address_parse(&record->data.address, words[0].text, words[0].size))
            fail("malformed address", words[0].text);
        break;
    case DNS_MX:
        record->data.host.preference = (uint16_t)strtoul(words[0].text, NULL, 10);
        record->data.host.name = host_name(r, words[1].text);
        break;
    case DNS_PTR:
    case DNS_CNAME:
        record->data.host.name = host_name(r, words[0].text);
        break;
    case DNS_TXT:
        bytes = region_alloc(r, 60 * 1024);
        for (unsigned i = 0; i < count; i++) {
            memcpy(bytes + size, words[i].text, words[i].size);
            size += words[i].size;
        }
        record->data.text.bytes = (const uint8_t *)bytes;
        record->data.text.size = size;
        break;
    default:
        break;
    }
}

static void add_record(struct fixture_zone *zone, const struct word *words, unsigned count)
{
    struct fixture_record *record = region_alloc(zone->region, sizeof *record);

    if (count < 3 || !record)
        fail("incomplete", "zone");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(words[2].text, types[i].name))
            continue;
        if (count - 3 < types[i].least || count - 3 > types[i].most)
            fail("wrong number of words", types[i].name);
        record->owner = region_strdup(zone->region, words[1].text);
        record->type = types[i].type;
        set_data(record, words + 3, count - 3, zone->region);
        *zone->end = record;
        zone->end = &record->next;
        return;
    }
    fail("unknown type", words[2].text);
}

/* The rows of a case. */
static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    {"client", offsetof(struct fixture_case, client)},
    {"helo", offsetof(struct fixture_case, helo)},
    {"sender", offsetof(struct fixture_case, sender)},
    {"domain", offsetof(struct fixture_case, domain)},
    {"void_limit", offsetof(struct fixture_case, void_limit)},
    {"result", offsetof(struct fixture_case, result)},
    {"explanation", offsetof(struct fixture_case, explanation)},
    {"term", offsetof(struct fixture_case, term)},
    {"reason", offsetof(struct fixture_case, reason)},
    {"record", offsetof(struct fixture_case, record)},
    {"deny_all", offsetof(struct fixture_case, deny_all)},
    {"lookups", offsetof(struct fixture_case, lookups)},
    {"voids", offsetof(struct fixture_case, voids)},
    {"asks", offsetof(struct fixture_case, asks)},
};

static void set_field(struct fixture_case *c, const struct word *words, unsigned count, struct region *r)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(words[0].text, fields[i].name))
            continue;
        if (count < 2)
            fail("no value", words[0].text);
        *(const char **)((char *)c + fields[i].offset) = region_strdup(r, words[1].text);
        if (count > 2 && !strcmp(words[0].text, "result"))
            c->result2 = region_strdup(r, words[2].text);
        return;
    }
    fail("unknown word", words[0].text);
}

static void finish_case(const struct fixture_zone *zone, struct fixture_case *c, fixture_run *run, void *arg)
{
    if (c->name)
        run(zone, c, arg);
    memset(c, 0, sizeof *c);
}

static void start_scenario(struct fixture_zone *zone, const char *name)
{
    region_reset(zone->region);
    zone->name = region_strdup(zone->region, name);
    zone->first = NULL;
    zone->end = &zone->first;
}

void fixture_read(FILE *in, fixture_run *run, void *arg)
{
    static char line[65536];
    struct word words[FIXTURE_WORDS];
    struct fixture_zone zone = {.region = region_new((size_t)64 << 20)};
    struct fixture_case c = {0};

    start_scenario(&zone, "");
    for (line_number = 1; fgets(line, sizeof line, in); line_number++) {
        unsigned count = *line == '#' ? 0 : split(line, words);

        if (!count) {
            if (*line != '#')
                finish_case(&zone, &c, run, arg);
        } else if (!strcmp(words[0].text, "scenario") && count == 2) {
            finish_case(&zone, &c, run, arg);
            start_scenario(&zone, words[1].text);
        } else if (!strcmp(words[0].text, "zone")) {
            add_record(&zone, words, count);
        } else if (!strcmp(words[0].text, "case") && count == 2) {
            finish_case(&zone, &c, run, arg);
            c.name = region_strdup(zone.region, words[1].text);
        } else {
            set_field(&c, words, count, zone.region);
        }
    }
    finish_case(&zone, &c, run, arg);
    region_free(zone.region);
}

struct spf_query fixture_query(const struct fixture_case *c)
{
    struct spf_query query = {.helo = c->helo, .sender = c->sender, .now = 1000000000, .explain = true};
    const char *at = c->sender ? strrchr(c->sender, '@') : NULL;

    query.domain = c->domain ? c->domain : at ? at + 1 : c->helo;
    query.void_limit = c->void_limit ? (unsigned)strtoul(c->void_limit, NULL, 10) : 2;
    if (!c->client || !address_parse(&query.client, c->client, strlen(c->client)))
        fail("malformed client", c->name);
    return query;
}

/* The records of one type at one name; what stands there instead is told by `status`, and by `alias` a CNAME. */
static size_t collect(const struct fixture_zone *zone, const char *name, unsigned type, struct dns_record *records,
                      enum dns_status *status, const char **alias)
{
    size_t count = 0;
    bool timeout = false;

    *status = DNS_NXDOMAIN;
    *alias = NULL;
    for (const struct fixture_record *r = zone->first; r; r = r->next) {
        if (strcasecmp(r->owner, name))
            continue;
        if (*status == DNS_NXDOMAIN)
            *status = DNS_NODATA;
        timeout = timeout || !r->type;
        if (r->type == DNS_CNAME)
            *alias = r->data.host.name;
        if (r->type == type && count < DNS_RECORDS_MAX)
            records[count++] = r->data;
    }
    if (count)
        *status = DNS_FOUND;
    else if (timeout)
        *status = DNS_TEMPERROR;
    return count;
}

void fixture_answer(const struct fixture_zone *zone, const struct spf_ask *ask, struct region *r,
                    struct dns_answer *out)
{
    static const char *const why[] = {"ok", "nodata", "nxdomain", "timeout"};
    struct dns_record *records = region_alloc(r, DNS_RECORDS_MAX * sizeof *records);
    const char *name = ask->name, *alias = name;

    *out = (struct dns_answer){.type = (uint16_t)ask->type, .ttl = 60, .name = ask->name, .records = records};
    for (int links = 0; alias && links < 8; links++) {
        name = alias;
        out->count = (uint16_t)collect(zone, name, ask->type, records, &out->status, &alias);
        if (out->status != DNS_NODATA)
            alias = NULL;
    }
    if (alias)
        out->status = DNS_TEMPERROR; /* a loop */
    out->canonical = name;
    out->why = why[out->status];
}

static bool check_text(const char *what, const char *wanted, const char *got)
{
    if (!wanted || !strcmp(wanted, got))
        return true;
    printf("# %s: got \"%s\", wanted \"%s\"\n", what, got, wanted);
    return false;
}

static bool check_number(const char *what, const char *wanted, size_t got, bool most)
{
    size_t n = wanted ? (size_t)strtoul(wanted, NULL, 10) : 0;

    if (!wanted || n == got || (most && got < n))
        return true;
    printf("# %s: got %zu, wanted %s%s\n", what, got, most ? "at most " : "", wanted);
    return false;
}

bool fixture_report(const struct fixture_case *c, const struct spf_outcome *got, unsigned number)
{
    const char *result = spf_result_name(got->result);
    bool ok = true;

    if (!c->result)
        fail("no result", c->name);
    if (!c->result2 || strcmp(c->result2, result))
        ok = check_text("result", c->result, result);
    ok = check_text("explanation", c->explanation, got->explanation) && ok;
    ok = check_text("term", c->term, got->term) && ok;
    ok = check_text("record", c->record, got->record) && ok;
    ok = check_text("deny_all", c->deny_all, got->deny_all ? "yes" : "no") && ok;
    ok = check_number("lookups", c->lookups, got->lookups, false) && ok;
    ok = check_number("voids", c->voids, got->voids, false) && ok;
    ok = check_number("asks", c->asks, got->trace_count, true) && ok;
    if (c->reason && !strstr(got->reason, c->reason)) {
        printf("# reason: \"%s\" has no \"%s\"\n", got->reason, c->reason);
        ok = false;
    }
    if (!ok)
        for (size_t i = 0; i < got->trace_count; i++)
            printf("# asked %s %u: %s, %u records\n", got->trace[i].name, (unsigned)got->trace[i].type,
                   got->trace[i].why, got->trace[i].records);
    printf("%s %u - %s: %s%s%s\n", ok ? "ok" : "not ok", number, c->name, result, *got->reason ? ", " : "",
           got->reason);
    return ok;
}

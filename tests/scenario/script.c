/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * script: answers of a scenario in place of the DNS. A name without a line does not exist; a name with lines of other
 * types has no data of this one; CNAME is followed. An IPv4 network is a record for each of its addresses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "resolver.h"
#include "script.h"
#include "units.h"

enum { LINES_MAX = 4096, WAITING_MAX = 512 };

struct line {
    char *name;
    uint16_t type; /* 0: of every type */
    char *value;
    uint64_t delay_ms;
};

struct resolver_query {
    char *name;
    enum dns_type type;
    resolver_done *done;
    void *arg;
    uint64_t due_ms;
    bool never;
};

struct resolver {
    struct line lines[LINES_MAX];
    unsigned line_count, asked, waiting_count;
    struct resolver_query *waiting[WAITING_MAX];
};

static const struct {
    const char *name;
    uint16_t type;
} types[] = {{"A", DNS_A},     {"AAAA", DNS_AAAA},   {"PTR", DNS_PTR}, {"MX", DNS_MX},
             {"TXT", DNS_TXT}, {"CNAME", DNS_CNAME}, {"ANY", 0}};

struct resolver *resolver_new(struct event_base *base, const struct resolver_options *options, char *error, size_t n)
{
    (void)base;
    (void)options;
    (void)error;
    (void)n;
    return calloc(1, sizeof(struct resolver));
}

void script_clear(struct resolver *r)
{
    for (unsigned i = 0; i < r->line_count; i++) {
        free(r->lines[i].name);
        free(r->lines[i].value);
    }
    for (unsigned i = 0; i < r->waiting_count; i++) {
        free(r->waiting[i]->name);
        free(r->waiting[i]);
    }
    memset(r, 0, sizeof(*r));
}

void resolver_free(struct resolver *r)
{
    if (r)
        script_clear(r);
    free(r);
}

/* An address stands for its reverse name. */
static char *owner(const char *word)
{
    char reverse[ADDRESS_REVERSE_SIZE];
    struct address a;

    if (address_parse(&a, word, strlen(word)))
        return strdup(address_reverse_name(&a, reverse));
    return strdup(word);
}

bool script_add(struct resolver *r, const char *text, const char **error)
{
    char name[300], type[16];
    struct line *line = &r->lines[r->line_count];
    int rest = 0;

    *error = "wants NAME TYPE VALUE";
    if (r->line_count == LINES_MAX || sscanf(text, "%299s %15s %n", name, type, &rest) != 2 || rest == 0)
        return false;
    *line = (struct line){.name = NULL};
    *error = "unknown type";
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, type) == 0) {
            line->type = types[i].type;
            *error = NULL;
        }
    if (*error)
        return false;
    if (strncmp(text + rest, "delay ", 6) == 0 && !units_duration(text + rest + 6, &line->delay_ms)) {
        *error = "delay wants a duration";
        return false;
    }
    line->name = owner(name);
    line->value = strdup(text + rest);
    r->line_count++;
    return true;
}

/* "*" is every name that is no address's. */
static bool owns(const struct line *line, const char *name)
{
    return strcmp(line->name, "*") == 0 ? !strstr(name, ".arpa") : strcasecmp(line->name, name) == 0;
}

static bool fits(const struct line *line, const char *name, uint16_t type)
{
    return owns(line, name) && (line->type == 0 || line->type == type);
}

/* What a line says for all records of its owner: servfail and kin; NULL when it is a record. */
static const char *word_of(const struct resolver *r, const char *name, uint16_t type)
{
    static const char *const words[] = {"servfail", "refused", "nxdomain", "nodata", "never", "silent"};

    for (unsigned i = 0; i < r->line_count; i++)
        for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
            if (fits(&r->lines[i], name, type) && strcmp(r->lines[i].value, words[w]) == 0)
                return words[w];
    return NULL;
}

static bool record(struct dns_record *out, uint16_t type, const char *value)
{
    char *end;

    switch (type) {
    case DNS_A:
    case DNS_AAAA:
        return address_parse(&out->address, value, strlen(value));
    case DNS_MX:
        out->host.preference = (uint16_t)strtoul(value, &end, 10);
        out->host.name = end + strspn(end, " ");
        if (strcmp(out->host.name, ".") == 0)
            out->host.name = "";
        return true;
    case DNS_TXT:
        out->text.bytes = (const uint8_t *)value;
        out->text.size = strlen(value);
        return true;
    default:
        out->host.name = value;
        return true;
    }
}

static void add_record(struct dns_answer *a, struct dns_record *records, const char *value)
{
    if (a->count == DNS_RECORDS_MAX)
        a->left_out++;
    else if (record(&records[a->count], a->type, value))
        a->count++;
}

static void add_records(struct dns_answer *a, struct dns_record *records, const char *value)
{
    struct network net;
    char each[ADDRESS_TEXT_SIZE];

    if (a->type != DNS_A || !strchr(value, '/') || !network_parse(&net, value, strlen(value))) {
        add_record(a, records, value);
        return;
    }
    for (struct address at = net.base; address_in(&at, &net);) {
        add_record(a, records, address_format(&at, each));
        for (int octet = 3; octet >= 0 && ++at.bytes[octet] == 0; octet--)
            continue;
    }
}

static void answer_with(const struct resolver *r, struct dns_answer *a, struct dns_record *records)
{
    const char *name = a->name, *alias;
    bool exists;

    for (unsigned hops = 0; hops < 8; hops++) {
        const char *word = word_of(r, name, a->type);

        exists = word != NULL && strcmp(word, "nodata") == 0;
        alias = NULL;
        if (word && (strcmp(word, "servfail") == 0 || strcmp(word, "refused") == 0 || strcmp(word, "silent") == 0)) {
            a->status = DNS_TEMPERROR;
            a->why = word;
            return;
        }
        for (unsigned i = 0; i < r->line_count && !word; i++) {
            const struct line *line = &r->lines[i];
            bool same = owns(line, name) && strncmp(line->value, "delay ", 6) != 0;

            exists = exists || same;
            if (same && line->type == DNS_CNAME)
                alias = line->value;
            if (same && line->type == a->type)
                add_records(a, records, line->value);
        }
        if (!alias || a->count > 0)
            break;
        name = alias;
    }
    a->canonical = name;
    a->status = a->count > 0 ? DNS_FOUND : exists ? DNS_NODATA : DNS_NXDOMAIN;
    a->why = a->count > 0 ? "ok" : exists ? "nodata" : "nxdomain";
}

struct resolver_query *resolver_ask(struct resolver *r, const char *name, enum dns_type type, resolver_done *done,
                                    void *arg)
{
    struct resolver_query *q = calloc(1, sizeof(*q));
    const char *word = word_of(r, name, (uint16_t)type);

    if (!q || r->waiting_count == WAITING_MAX)
        abort();
    *q = (struct resolver_query){.name = strdup(name), .type = type, .done = done, .arg = arg, .due_ms = clock_ms()};
    q->never = word && strcmp(word, "never") == 0;
    for (unsigned i = 0; i < r->line_count; i++)
        if (fits(&r->lines[i], name, (uint16_t)type))
            q->due_ms += r->lines[i].delay_ms;
    r->waiting[r->waiting_count++] = q;
    r->asked++;
    return q;
}

static void forget(struct resolver *r, unsigned i)
{
    free(r->waiting[i]->name);
    free(r->waiting[i]);
    memmove(&r->waiting[i], &r->waiting[i + 1], (r->waiting_count - i - 1) * sizeof(r->waiting[0]));
    r->waiting_count--;
}

/* There is one resolver in a scenario run; a cancelled query just never answers. */
void resolver_cancel(struct resolver_query *q)
{
    q->never = true;
}

const struct dns_answer *resolver_get(struct resolver *r, const struct resolver_question *question,
                                      struct resolver_query **query)
{
    *query = resolver_ask(r, question->name, question->type, question->done, question->arg);
    return NULL;
}

const struct dns_answer *resolver_cached(struct resolver *r, const char *name, enum dns_type type)
{
    (void)r;
    (void)name;
    (void)type;
    return NULL;
}

bool script_deliver(struct resolver *r, uint64_t until_ms)
{
    struct dns_record records[DNS_RECORDS_MAX];
    struct dns_answer answer = {.ttl = 300};
    struct resolver_query q;
    unsigned next = r->waiting_count;

    for (unsigned i = 0; i < r->waiting_count; i++)
        if (!r->waiting[i]->never && (next == r->waiting_count || r->waiting[i]->due_ms < r->waiting[next]->due_ms))
            next = i;
    if (next == r->waiting_count || r->waiting[next]->due_ms > until_ms)
        return false;
    q = *r->waiting[next];
    q.name = strdup(q.name);
    forget(r, next);
    if (q.due_ms > clock_ms())
        clock_advance(q.due_ms - clock_ms());
    answer.name = answer.canonical = q.name;
    answer.type = (uint16_t)q.type;
    answer.records = records;
    answer_with(r, &answer, records);
    q.done(q.arg, &answer, false);
    free(q.name);
    return true;
}

/* "silent": it fails, and has for more than an hour. */
bool resolver_zone_is_silent(const struct resolver *r, const char *reverse_name)
{
    const char *word = word_of(r, reverse_name, DNS_PTR);

    return word && strcmp(word, "silent") == 0;
}

unsigned script_asked(const struct resolver *r)
{
    return r->asked;
}

void resolver_count_hits(struct resolver *r, unsigned answers)
{
    (void)r;
    (void)answers;
}

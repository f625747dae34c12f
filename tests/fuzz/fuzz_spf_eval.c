/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz_spf_eval: a whole evaluation. Line one is the HELO name, line two the sender (a leading '6' makes the client an
 * IPv6 one), each further line the answer to the next question: "!" NXDOMAIN, "?" NODATA, "*" trouble, else its records
 * with '|' between them. The last line answers all that is still asked. However hostile: it ends within the limits.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "spf.h"

enum { QUESTIONS_MAX = 123, RECORDS_MAX = 40 };

struct lines {
    char *text;
    char *next;
};

static char *next_line(struct lines *lines)
{
    char *line = lines->next, *end = strchr(line, '\n');

    if (end) {
        *end = '\0';
        lines->next = end + 1;
    }
    return line;
}

static void set_record(struct dns_record *record, char *text, enum dns_type type)
{
    if (type == DNS_TXT) {
        record->text.bytes = (const uint8_t *)text;
        record->text.size = strlen(text);
    } else if (type == DNS_A || type == DNS_AAAA) {
        if (!address_parse(&record->address, text, strlen(text)))
            address_parse(&record->address, type == DNS_A ? "192.0.2.1" : "2001:db8::1", type == DNS_A ? 9 : 11);
    } else {
        if (strlen(text) > 253)
            text[253] = '\0';
        for (char *c = text; *c; c++) /* as the resolver gives names */
            *c = *c <= ' ' || *c > '~' ? 'x' : (char)tolower(*c);
        record->host.name = text;
        record->host.preference = 0;
    }
}

static void answer(struct lines *lines, const struct spf_ask *ask, struct spf *spf)
{
    static const char marks[] = "!?*";
    static const enum dns_status statuses[] = {DNS_NXDOMAIN, DNS_NODATA, DNS_TEMPERROR};
    char *copy = strdup(next_line(lines)), *rest = copy;
    struct dns_record records[RECORDS_MAX];
    struct dns_answer a = {.type = (uint16_t)ask->type, .name = ask->name, .why = "ok", .records = records};
    const char *mark = copy && *copy ? strchr(marks, *copy) : NULL;

    if (!copy || mark) {
        a.status = mark ? statuses[mark - marks] : DNS_TEMPERROR;
    } else {
        for (char *text; a.count < RECORDS_MAX && (text = strsep(&rest, "|"));)
            set_record(&records[a.count++], text, ask->type);
        a.status = DNS_FOUND;
    }
    spf_feed(spf, &a);
    free(copy); /* answers are borrowed */
}

static void check_printable(const char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            abort();
}

static void check(const struct spf_outcome *o, const struct spf_query *query)
{
    if (o->result == SPF_NOT_ASKED || o->result > SPF_PERMERROR || o->lookups > 10 ||
        o->voids > query->void_limit + 1 || o->trace_count > QUESTIONS_MAX)
        abort();
    if (*o->explanation && o->result != SPF_FAIL)
        abort();
    check_printable(o->record);
    check_printable(o->term);
    check_printable(o->domain);
    check_printable(o->reason);
    check_printable(o->explanation);
}

static void evaluate(struct lines *lines, struct region *r)
{
    struct spf_query query = {.void_limit = 2, .explain = true};
    unsigned questions = 0;
    struct spf_ask ask;
    struct spf *spf;

    query.domain = query.helo = next_line(lines); /* not in the initializer, whose order C leaves open */
    query.sender = next_line(lines);
    if (*query.sender == '6')
        address_parse(&query.client, "2001:db8::1", 11);
    else
        address_parse(&query.client, "192.0.2.1", 9);
    spf = spf_new(&query, r);
    while (spf && spf_step(spf, &ask) == SPF_ASK) {
        if (!*ask.name || strlen(ask.name) > 253 || ++questions > QUESTIONS_MAX)
            abort();
        answer(lines, &ask, spf);
    }
    if (!spf)
        return;
    check(spf_outcome(spf), &query);
    if (*spf_outcome(spf)->record)
        fuzz_accept();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct region *r = region_new(1 << 20);
    struct lines lines = {.text = malloc(size + 1)};

    if (r && lines.text) {
        memcpy(lines.text, data, size);
        lines.text[size] = '\0';
        lines.next = lines.text;
        evaluate(&lines, r);
    }
    free(lines.text);
    region_free(r);
    return 0;
}

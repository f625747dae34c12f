/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc: the report's XML by expat, piece by piece. Promises that no document makes it use more than a fixed amount
 * of memory: no document type (so no entities), sixteen levels, names and texts of bounded length; and that a row is
 * handed on only when it has a valid source address and a count.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "dmarc.h"

#ifdef HAVE_EXPAT

#include <expat.h>

enum { LEVELS_MAX = 16, PATH_SIZE = 256, TEXT_SIZE = 1024, NAME_SIZE = 256 };

struct dmarc_reader {
    XML_Parser parser;
    dmarc_sink *sink;
    void *arg;
    const char *error;
    unsigned level;
    size_t path_ends[LEVELS_MAX + 1]; /* length of the path at each level */
    char path[PATH_SIZE];             /* "feedback/record/row/" */
    char text[TEXT_SIZE];             /* of the innermost element */
    size_t text_used;
    bool text_cut;
    struct dmarc_record record;
    char header_from[NAME_SIZE], helo[NAME_SIZE], spf_domain[NAME_SIZE], spf_scope[16];
};

static void fail(struct dmarc_reader *r, const char *error)
{
    if (!r->error)
        r->error = error;
    XML_StopParser(r->parser, XML_FALSE);
}

/* A text that is too long for what it should be counts as none. */
static void keep(char *out, size_t size, const struct dmarc_reader *r)
{
    size_t n = r->text_used < size && !r->text_cut ? r->text_used : 0;

    memcpy(out, r->text, n);
    out[n] = '\0';
}

static void take_source(struct dmarc_reader *r)
{
    if (r->text_cut || !address_parse(&r->record.source, r->text, r->text_used))
        r->record.source.family = ADDRESS_NONE;
}

static void take_count(struct dmarc_reader *r)
{
    bool digits = r->text_used > 0 && r->text_used <= 18 && strspn(r->text, "0123456789") == r->text_used;

    r->record.count = digits ? strtoull(r->text, NULL, 10) : 0;
}

static void take_dkim(struct dmarc_reader *r)
{
    r->record.dkim_aligned = strcmp(r->text, "pass") == 0;
}

static void take_spf(struct dmarc_reader *r)
{
    r->record.spf_aligned = strcmp(r->text, "pass") == 0;
}

static void take_header_from(struct dmarc_reader *r)
{
    keep(r->header_from, sizeof(r->header_from), r);
}

static void take_spf_domain(struct dmarc_reader *r)
{
    keep(r->spf_domain, sizeof(r->spf_domain), r);
}

static void take_spf_scope(struct dmarc_reader *r)
{
    keep(r->spf_scope, sizeof(r->spf_scope), r);
}

static void take_spf_result(struct dmarc_reader *r)
{
    if (strcmp(r->spf_scope, "helo") == 0)
        memcpy(r->helo, r->spf_domain, sizeof(r->helo));
    r->spf_scope[0] = r->spf_domain[0] = '\0';
}

static void take_record(struct dmarc_reader *r)
{
    r->record.header_from = r->header_from;
    r->record.helo = r->helo;
    if (r->record.source.family == ADDRESS_NONE || r->record.count == 0)
        fail(r, "a record without a valid source_ip and count");
    else if (!r->sink(r->arg, &r->record))
        fail(r, "out of memory, or too many sources");
    r->record = (struct dmarc_record){.count = 0};
    r->header_from[0] = r->helo[0] = r->spf_scope[0] = r->spf_domain[0] = '\0';
}

/* What is taken of a report, at the end of each element. */
static const struct {
    const char *path;
    void (*take)(struct dmarc_reader *r);
} elements[] = {
    {"feedback/record/row/source_ip/", take_source},
    {"feedback/record/row/count/", take_count},
    {"feedback/record/row/policy_evaluated/dkim/", take_dkim},
    {"feedback/record/row/policy_evaluated/spf/", take_spf},
    {"feedback/record/identifiers/header_from/", take_header_from},
    {"feedback/record/auth_results/spf/domain/", take_spf_domain},
    {"feedback/record/auth_results/spf/scope/", take_spf_scope},
    {"feedback/record/auth_results/spf/", take_spf_result},
    {"feedback/record/", take_record},
};

static void begin(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct dmarc_reader *r = arg;
    const char *colon = strchr(name, ':'); /* a namespace prefix says nothing here */
    size_t at = r->path_ends[r->level], n;

    (void)attributes;
    name = colon ? colon + 1 : name;
    n = strlen(name);
    if (r->level == LEVELS_MAX || at + n + 2 > sizeof(r->path)) {
        fail(r, "elements nested too deep");
        return;
    }
    if (r->level == 0 && strcmp(name, "feedback") != 0) {
        fail(r, "no DMARC aggregate report: the root element is not feedback");
        return;
    }
    memcpy(r->path + at, name, n);
    memcpy(r->path + at + n, "/", 2);
    r->path_ends[++r->level] = at + n + 1;
    r->text_used = 0;
    r->text_cut = false;
}

static void end(void *arg, const XML_Char *name)
{
    struct dmarc_reader *r = arg;

    (void)name;
    while (r->text_used > 0 && strchr(" \t\r\n", r->text[r->text_used - 1]))
        r->text_used--;
    r->text[r->text_used] = '\0';
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]) && !r->error; i++)
        if (strcmp(r->path, elements[i].path) == 0)
            elements[i].take(r);
    if (r->level > 0)
        r->path[r->path_ends[--r->level]] = '\0';
    r->text_used = 0;
}

static void text(void *arg, const XML_Char *s, int length)
{
    struct dmarc_reader *r = arg;

    for (int i = 0; i < length; i++) {
        if (r->text_used == 0 && strchr(" \t\r\n", s[i]))
            continue;
        if (r->text_used + 1 == sizeof(r->text)) {
            r->text_cut = true;
            return;
        }
        r->text[r->text_used++] = s[i];
    }
}

static void doctype(void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    fail(arg, "a document type: no report has one, and entities are not read");
}

struct dmarc_reader *dmarc_reader_new(dmarc_sink *sink, void *arg)
{
    struct dmarc_reader *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->parser = XML_ParserCreate(NULL);
    if (!r->parser) {
        free(r);
        return NULL;
    }
    r->sink = sink;
    r->arg = arg;
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, begin, end);
    XML_SetCharacterDataHandler(r->parser, text);
    XML_SetStartDoctypeDeclHandler(r->parser, doctype);
    return r;
}

void dmarc_reader_free(struct dmarc_reader *r)
{
    if (!r)
        return;
    XML_ParserFree(r->parser);
    free(r);
}

bool dmarc_reader_feed(struct dmarc_reader *r, const void *bytes, size_t n, bool last)
{
    if (r->error)
        return false;
    if (XML_Parse(r->parser, bytes, (int)n, last) == XML_STATUS_OK)
        return true;
    if (!r->error)
        r->error = XML_ErrorString(XML_GetErrorCode(r->parser));
    if (!r->error)
        r->error = "no XML";
    return false;
}

const char *dmarc_reader_error(const struct dmarc_reader *r)
{
    return r == NULL ? "out of memory" : r->error;
}

#else

struct dmarc_reader *dmarc_reader_new(dmarc_sink *sink, void *arg)
{
    (void)sink;
    (void)arg;
    return NULL;
}

void dmarc_reader_free(struct dmarc_reader *r)
{
    (void)r;
}

bool dmarc_reader_feed(struct dmarc_reader *r, const void *bytes, size_t n, bool last)
{
    (void)r;
    (void)bytes;
    (void)n;
    (void)last;
    return false;
}

const char *dmarc_reader_error(const struct dmarc_reader *r)
{
    (void)r;
    return "built without expat";
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc: reads the XML of a report with expat, piece by piece. Promises that no document makes it use more than a fixed
 * amount of memory: no document type and therefore no entities, sixteen levels, names and texts of bounded length. A
 * row is handed on only if it has a valid source address and a count. It is lenient with what receivers really write:
 * blank lines before the declaration, "Pass" in capitals, any encoding that iconv knows, an <xs:schema> around it all.
 * A build without expat has no reader.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "dmarc.h"
#include "sure.h"

#ifdef HAVE_EXPAT

#include <expat.h>

enum { LEVELS_MAX = 16, PATH_SIZE = 256, TEXT_SIZE = 1024, NAME_SIZE = 256, DATE_SIZE = 24, REPLACEMENT = 0xfffd };

struct dmarc_reader {
    XML_Parser parser;
    const struct dmarc_handler *handler;
    void *arg;
    const char *error;
    struct dmarc_tally tally;
    bool started;     /* a byte that is no blank was seen */
    bool wanted;      /* the handler's answer to begin() */
    bool begun, done; /* begin() was called; </feedback> was read */
    bool wrapped;     /* the root is a schema, and feedback is inside */
    unsigned skipped; /* open elements of the schema */
    unsigned level;
    size_t path_ends[LEVELS_MAX + 1]; /* length of the path at each level */
    char path[PATH_SIZE];             /* "feedback/record/row/" */
    char text[TEXT_SIZE];             /* of the innermost element */
    size_t text_used;
    bool text_cut;
    struct dmarc_record record;
    char header_from[NAME_SIZE], helo[NAME_SIZE], spf_domain[NAME_SIZE], spf_scope[16];
    char org[NAME_SIZE], id[NAME_SIZE], domain[NAME_SIZE], date_begin[DATE_SIZE], date_end[DATE_SIZE];
};

static void fail(struct dmarc_reader *r, const char *error)
{
    if (!r->error)
        r->error = error;
    XML_StopParser(r->parser, XML_FALSE);
}

/* A text that is too long for what it should be counts as none. */
static void keep(const struct dmarc_reader *r, char *out, size_t size)
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
    r->record.dkim_aligned = strcasecmp(r->text, "pass") == 0;
}

static void take_spf(struct dmarc_reader *r)
{
    r->record.spf_aligned = strcasecmp(r->text, "pass") == 0;
}

static void take_spf_result(struct dmarc_reader *r)
{
    if (strcasecmp(r->spf_scope, "helo") == 0)
        memcpy(r->helo, r->spf_domain, sizeof(r->helo));
    r->spf_scope[0] = r->spf_domain[0] = '\0';
}

static void begin_report(struct dmarc_reader *r)
{
    const struct dmarc_identity identity = {r->org, r->id, r->domain, r->date_begin, r->date_end};

    if (r->begun)
        return;
    r->begun = true;
    r->wanted = r->handler->begin(r->arg, &identity);
    r->tally.reports++;
    r->tally.doubles += !r->wanted;
}

static void take_record(struct dmarc_reader *r)
{
    begin_report(r);
    r->record.header_from = r->header_from;
    r->record.helo = r->helo;
    if (r->record.source.family == ADDRESS_NONE || r->record.count == 0) {
        r->tally.bad += r->wanted;
    } else if (r->wanted) {
        r->tally.rows++;
        if (!r->handler->row(r->arg, &r->record))
            fail(r, "too many sources");
    }
    r->record = (struct dmarc_record){.count = 0};
    r->header_from[0] = r->helo[0] = r->spf_scope[0] = r->spf_domain[0] = '\0';
}

/* The rest is not examined, because some receivers do not close their schema after the report. */
static void take_report(struct dmarc_reader *r)
{
    begin_report(r);
    r->done = true;
    XML_StopParser(r->parser, XML_FALSE);
}

/* What is taken from a report at the end of each element: a text is kept, or a function acts. */
#define KEEP(member) offsetof(struct dmarc_reader, member), sizeof(((struct dmarc_reader *)NULL)->member)
static const struct {
    const char *path;
    void (*take)(struct dmarc_reader *r);
    size_t at, size; /* where the text is kept; without a function */
} elements[] = {
    {"feedback/record/row/source_ip/", take_source, 0, 0},
    {"feedback/record/row/count/", take_count, 0, 0},
    {"feedback/record/row/policy_evaluated/dkim/", take_dkim, 0, 0},
    {"feedback/record/row/policy_evaluated/spf/", take_spf, 0, 0},
    {"feedback/record/identifiers/header_from/", NULL, KEEP(header_from)},
    {"feedback/record/auth_results/spf/domain/", NULL, KEEP(spf_domain)},
    {"feedback/record/auth_results/spf/scope/", NULL, KEEP(spf_scope)},
    {"feedback/record/auth_results/spf/", take_spf_result, 0, 0},
    {"feedback/record/", take_record, 0, 0},
    {"feedback/report_metadata/org_name/", NULL, KEEP(org)},
    {"feedback/report_metadata/report_id/", NULL, KEEP(id)},
    {"feedback/report_metadata/date_range/begin/", NULL, KEEP(date_begin)},
    {"feedback/report_metadata/date_range/end/", NULL, KEEP(date_end)},
    {"feedback/policy_published/domain/", NULL, KEEP(domain)},
    {"feedback/", take_report, 0, 0},
};

static void take_element(struct dmarc_reader *r)
{
    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        if (strcmp(r->path, elements[i].path) != 0)
            continue;
        if (elements[i].take)
            elements[i].take(r);
        else
            keep(r, (char *)r + elements[i].at, elements[i].size);
    }
}

/* Whether this element is a schema that some receivers write around the report, or a part of it. */
static bool skip_schema(struct dmarc_reader *r, const char *name)
{
    if (!r->wrapped && strcmp(name, "schema") == 0) {
        r->wrapped = true;
        return true;
    }
    if (!r->wrapped || strcmp(name, "feedback") == 0) {
        r->skipped = 0;
        return false;
    }
    r->skipped++;
    return true;
}

static void begin(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct dmarc_reader *r = arg;
    const char *colon = strchr(name, ':'); /* the namespace prefix does not matter */
    size_t at = r->path_ends[r->level], n;

    (void)attributes;
    name = colon ? colon + 1 : name;
    n = strlen(name);
    if (r->level == 0 && skip_schema(r, name))
        return;
    if (r->level == LEVELS_MAX || at + n + 2 > sizeof(r->path)) {
        fail(r, "elements nested too deep");
        return;
    }
    if (r->level == 0 && strcmp(name, "feedback") != 0) {
        fail(r, "not a DMARC aggregate report: the root element is not feedback");
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
    if (r->level == 0)
        return; /* of a schema */
    while (r->text_used > 0 && strchr(" \t\r\n", r->text[r->text_used - 1]))
        r->text_used--;
    r->text[r->text_used] = '\0';
    if (!r->error)
        take_element(r);
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
    fail(arg, "it has a DOCTYPE, which no report needs and heloctl rejects");
}

/* The character of one byte. Bytes that stand for none alone become a replacement: no field that we read has them. */
static int character_of(iconv_t convert, unsigned char byte)
{
    unsigned char out[8] = {0};
    char in = (char)byte, *from = &in, *to = (char *)out;
    size_t from_left = 1, to_left = sizeof(out);

    iconv(convert, NULL, NULL, NULL, NULL);
    if (iconv(convert, &from, &from_left, &to, &to_left) == (size_t)-1 || to_left != sizeof(out) - 4 || out[2] ||
        out[3])
        return REPLACEMENT;
    return out[0] | out[1] << 8;
}

/* Encodings beside UTF-8, UTF-16, ISO-8859-1 and US-ASCII, such as windows-1252. */
static int unknown_encoding(void *arg, const XML_Char *name, XML_Encoding *info)
{
    iconv_t convert = iconv_open("UTF-32LE", name);

    (void)arg;
    if (convert == (iconv_t)-1)
        return XML_STATUS_ERROR;
    for (int byte = 0; byte < 256; byte++)
        info->map[byte] = byte < 128 ? byte : character_of(convert, (unsigned char)byte);
    info->data = NULL;
    info->convert = NULL;
    info->release = NULL;
    iconv_close(convert);
    return XML_STATUS_OK;
}

struct dmarc_reader *dmarc_reader_new(const struct dmarc_handler *handler, void *arg)
{
    struct dmarc_reader *r = sure(calloc(1, sizeof(*r)));

    r->parser = sure(XML_ParserCreate(NULL));
    r->handler = handler;
    r->arg = arg;
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, begin, end);
    XML_SetCharacterDataHandler(r->parser, text);
    XML_SetStartDoctypeDeclHandler(r->parser, doctype);
    XML_SetUnknownEncodingHandler(r->parser, unknown_encoding, NULL);
    return r;
}

void dmarc_reader_free(struct dmarc_reader *r)
{
    XML_ParserFree(r->parser);
    free(r);
}

bool dmarc_reader_feed(struct dmarc_reader *r, const void *bytes, size_t n, bool last)
{
    const char *at = bytes, *end = at + n;

    if (r->error || r->done)
        return !r->error;
    while (!r->started && at < end && *at && strchr(" \t\r\n", *at))
        at++;
    r->started = r->started || at < end;
    if (XML_Parse(r->parser, at, (int)(end - at), last) == XML_STATUS_OK || r->done)
        return true;
    if (!r->error)
        r->error = XML_ErrorString(XML_GetErrorCode(r->parser));
    if (!r->error)
        r->error = "not XML";
    return false;
}

const char *dmarc_reader_error(const struct dmarc_reader *r)
{
    return r->error;
}

const struct dmarc_tally *dmarc_reader_tally(const struct dmarc_reader *r)
{
    return &r->tally;
}

#endif

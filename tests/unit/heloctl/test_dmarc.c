/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dmarc: reports read from memory. Each row is fed whole and byte by byte, and what is handed on is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"
#include "dmarc.h"
#include "text.h"

#ifdef HAVE_EXPAT

#define SOURCE "<source_ip>192.0.2.1</source_ip>"
#define ROW(inner) "<feedback><record><row>" inner "</row></record></feedback>"
#define AUTH(inner)                                                                                                    \
    "<feedback><record><row>" SOURCE "<count>1</count></row><auth_results>" inner "</auth_results></record></"         \
    "feedback>"

struct row {
    const char *what, *xml, *wanted, *error; /* wanted: "address count dkim/spf from helo;" for each record */
};

static const struct row rows[] = {
    {"the least", ROW(SOURCE "<count>3</count>"), "192.0.2.1 3 -/- from= helo=;", NULL},
    {"IPv6 and blanks", ROW("<source_ip> 2001:db8::1\n </source_ip><count> 2 </count>"),
     "2001:db8::1 2 -/- from= helo=;", NULL},
    {"aligned", ROW(SOURCE "<count>1</count><policy_evaluated><dkim>pass</dkim><spf>fail</spf></policy_evaluated>"),
     "192.0.2.1 1 dkim/- from= helo=;", NULL},
    {"scope helo", AUTH("<spf><domain>m.kiln.net</domain><scope>helo</scope><result>pass</result></spf>"),
     "192.0.2.1 1 -/- from= helo=m.kiln.net;", NULL},
    {"scope mfrom", AUTH("<spf><domain>m.kiln.net</domain><scope>mfrom</scope></spf>"), "192.0.2.1 1 -/- from= helo=;",
     NULL},
    {"scope before domain", AUTH("<spf><scope>helo</scope><domain>m.kiln.net</domain></spf>"),
     "192.0.2.1 1 -/- from= helo=m.kiln.net;", NULL},
    {"both scopes",
     AUTH("<spf><domain>m.kiln.net</domain><scope>helo</scope></spf><spf><domain>kiln.net</domain>"
          "<scope>mfrom</scope></spf>"),
     "192.0.2.1 1 -/- from= helo=m.kiln.net;", NULL},
    {"a domain of DKIM does not count for SPF",
     AUTH("<dkim><domain>kiln.net</domain></dkim><spf><scope>helo</scope></spf>"), "192.0.2.1 1 -/- from= helo=;",
     NULL},
    {"nothing leaks into the next record",
     "<feedback><record><row>" SOURCE "<count>1</count></row>"
     "<identifiers><header_from>a.net</header_from></identifiers>"
     "<auth_results><spf><domain>m.net</domain><scope>helo</scope></spf></auth_results></record>"
     "<record><row>" SOURCE "<count>2</count></row></record></feedback>",
     "192.0.2.1 1 -/- from=a.net helo=m.net;192.0.2.1 2 -/- from= helo=;", NULL},
    {"a namespace",
     "<d:feedback xmlns:d='urn:x'><d:record><d:row><d:source_ip>192.0.2.1</d:source_ip><d:count>1"
     "</d:count></d:row></d:record></d:feedback>",
     "192.0.2.1 1 -/- from= helo=;", NULL},
    {"a comment inside", ROW("<source_ip>192.<!-- x -->0.2.1</source_ip><count>1</count>"),
     "192.0.2.1 1 -/- from= helo=;", NULL},
    {"no source", ROW("<count>1</count>"), "", NULL},
    {"count zero", ROW(SOURCE "<count>0</count>"), "", NULL},
    {"a huge count", ROW(SOURCE "<count>99999999999999999999</count>"), "", NULL},
    {"a bad row is skipped, not the rest",
     "<feedback><record><row><source_ip>[192.0.2.1]</source_ip><count>1</count></row></record>"
     "<record><row>" SOURCE "<count>2</count></row></record></feedback>",
     "192.0.2.1 2 -/- from= helo=;", NULL},
    {"blank lines before the declaration", "\n \r\n<?xml version='1.0'?>" ROW(SOURCE "<count>1</count>"),
     "192.0.2.1 1 -/- from= helo=;", NULL},
    {"capitals", ROW(SOURCE "<count>1</count><policy_evaluated><dkim>Pass</dkim><spf>PASS</spf></policy_evaluated>"),
     "192.0.2.1 1 dkim/spf from= helo=;", NULL},
    {"windows-1252",
     "<?xml version='1.0' encoding='windows-1252'?><feedback><report_metadata><org_name>M\xfcller \x80"
     "</org_name></report_metadata><record><row>" SOURCE "<count>1</count></row></record></feedback>",
     "192.0.2.1 1 -/- from= helo=;", NULL},
    {"iso-8859-15", "<?xml version='1.0' encoding='iso-8859-15'?><!-- \xa4 -->" ROW(SOURCE "<count>1</count>"),
     "192.0.2.1 1 -/- from= helo=;", NULL},
    {"a schema that is never closed",
     "<xs:schema xmlns:xs='urn:x' target='y'><xs:element name='z'>" ROW(SOURCE "<count>1</count>"),
     "192.0.2.1 1 -/- from= helo=;", NULL},
    {"a schema that is closed", "<xs:schema xmlns:xs='urn:x'>" ROW(SOURCE "<count>1</count>") "</xs:schema>",
     "192.0.2.1 1 -/- from= helo=;", NULL},
    {"a report that is not wanted",
     "<feedback><report_metadata><report_id>again</report_id></report_metadata>"
     "<record><row>" SOURCE "<count>1</count></row></record></feedback>",
     "", NULL},
    {"another root", "<html/>", "", "not a DMARC aggregate report: the root element is not feedback"},
    {"a document type", "<!DOCTYPE feedback><feedback/>", "",
     "it has a DOCTYPE, which no report needs and heloctl rejects"},
    {"an empty report", "<feedback/>", "", NULL},
};

static bool want(void *arg, const struct dmarc_identity *identity)
{
    (void)arg;
    return strcmp(identity->id, "again") != 0;
}

static bool note(void *arg, const struct dmarc_record *record)
{
    char address[ADDRESS_TEXT_SIZE];

    text_addf(arg, "%s %llu %s/%s ", address_format(&record->source, address), record->count,
              record->dkim_aligned ? "dkim" : "-", record->spf_aligned ? "spf" : "-");
    text_addf(arg, "from=%s helo=%s;", record->header_from, record->helo);
    return true;
}

static const struct dmarc_handler noting = {want, note, NULL};

/* Returns how many of the two things differ. */
static int read_row(const struct row *row, size_t step)
{
    char got[1000];
    struct text t;
    struct dmarc_reader *reader;
    size_t n = strlen(row->xml);
    bool good = true;
    int failed = 0;
    const char *error;

    text_init(&t, got, sizeof(got));
    reader = dmarc_reader_new(&noting, &t);
    assert_non_null(reader);
    for (size_t at = 0; good && at < n; at += step)
        good = dmarc_reader_feed(reader, row->xml + at, n - at < step ? n - at : step, false);
    good = good && dmarc_reader_feed(reader, "", 0, true);
    error = dmarc_reader_error(reader);
    if (strcmp(got, row->wanted) != 0 || strcmp(error ? error : "", row->error ? row->error : "") != 0 ||
        good != !row->error) {
        print_error("%s, by %zu bytes: \"%s\", error \"%s\"\n", row->what, step, got, error ? error : "");
        failed = 1;
    }
    dmarc_reader_free(reader);
    return failed;
}

static void test_rows(void **state)
{
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        failed += read_row(&rows[i], 100000) + read_row(&rows[i], 1);
    assert_int_equal(failed, 0);
}

static bool refuse(void *arg, const struct dmarc_record *record)
{
    (void)record;
    ++*(int *)arg;
    return false;
}

static void test_sink_stops(void **state)
{
    static const char xml[] = "<feedback><record><row>" SOURCE "<count>1</count></row></record>"
                              "<record><row>" SOURCE "<count>1</count></row></record></feedback>";
    int calls = 0;
    const struct dmarc_handler refusing = {want, refuse, NULL};
    struct dmarc_reader *reader = dmarc_reader_new(&refusing, &calls);

    (void)state;
    assert_false(dmarc_reader_feed(reader, xml, strlen(xml), true));
    assert_int_equal(calls, 1);
    assert_false(dmarc_reader_feed(reader, xml, strlen(xml), true));
    assert_int_equal(calls, 1);
    dmarc_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_sink_stops)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    puts("1..0 # SKIP built without expat");
    return 0;
}

#endif

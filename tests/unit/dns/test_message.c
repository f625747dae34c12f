/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parser of DNS answers: a row per message, good, odd and hostile. Each message is parsed from a block of exactly
 * its size, so that a sanitizer sees a byte read past it; then each of its beginnings is parsed as well.
 */
#include "messages.h"

enum { OUT_SIZE = 4096 };

#define B_EXAMPLE "\1b\7example\0"
#define C_EXAMPLE "\1c\7example\0"
/* ns.example, host.example, five numbers; the last is 30. Of the zone "example" at offset 14 of a.example. */
#define SOA_RR                                                                                                         \
    "\300\016" T_SOA IN TTL60 "\0\43"                                                                                  \
    "\2ns\300\016"                                                                                                     \
    "\4host\300\016"                                                                                                   \
    "\0\0\0\1"                                                                                                         \
    "\0\0\0\2"                                                                                                         \
    "\0\0\0\3"                                                                                                         \
    "\0\0\0\4"                                                                                                         \
    "\0\0\0\36"                                                                                                        \
    "\0\0\0"
#define SOA_GOOD                                                                                                       \
    "\300\016" T_SOA IN TTL60 "\0\40"                                                                                  \
    "\2ns\300\016"                                                                                                     \
    "\4host\300\016"                                                                                                   \
    "\0\0\0\1"                                                                                                         \
    "\0\0\0\2"                                                                                                         \
    "\0\0\0\3"                                                                                                         \
    "\0\0\0\4"                                                                                                         \
    "\0\0\0\36"
#define BODY(s) s, sizeof(s) - 1

static const struct {
    const char *row, *name;
    uint16_t type;
    unsigned flags, answers, authorities;
    const char *body;
    size_t size;
    const char *want;
} rows[] = {
    {"A", "a.example", DNS_A, RESPONSE, 1, 0, BODY(Q T_A IN TTL60 "\0\4" ADDR), "found ok ttl=60: 192.0.2.1"},
    {"AAAA", "a.example", DNS_AAAA, RESPONSE, 1, 0,
     BODY(Q T_AAAA IN TTL60 "\0\20"
                            "\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"),
     "found ok ttl=60: 2001:db8::1"},
    {"least TTL of the set", "a.example", DNS_A, RESPONSE, 2, 0,
     BODY(Q T_A IN TTL60 "\0\4" ADDR Q T_A IN TTL9 "\0\4"
                         "\300\0\2\2"),
     "found ok ttl=9: 192.0.2.1 192.0.2.2"},
    {"TTL with its sign set", "a.example", DNS_A, RESPONSE, 1, 0,
     BODY(Q T_A IN "\200\0\0\74"
                   "\0\4" ADDR),
     "found ok ttl=0: 192.0.2.1"},
    {"owner written out in upper case", "a.example", DNS_A, RESPONSE, 1, 0,
     BODY("\1A\7EXAMPLE\0" T_A IN TTL60 "\0\4" ADDR), "found ok ttl=60: 192.0.2.1"},
    {"trailing bytes", "a.example", DNS_A, RESPONSE, 1, 0, BODY(Q T_A IN TTL60 "\0\4" ADDR "\377\377\377"),
     "found ok ttl=60: 192.0.2.1"},
    {"another class", "a.example", DNS_A, RESPONSE, 2, 0,
     BODY(Q T_A "\0\3" TTL9 "\0\4" ADDR Q T_A IN TTL60 "\0\4" ADDR), "found ok ttl=60: 192.0.2.1"},
    {"record of another name", "a.example", DNS_A, RESPONSE, 2, 0,
     BODY(B_EXAMPLE T_A IN TTL9 "\0\4"
                                "\1\2\3\4" Q T_A IN TTL60 "\0\4" ADDR),
     "found ok ttl=60: 192.0.2.1"},
    {"nothing but another name", "a.example", DNS_A, RESPONSE, 1, 0, BODY(B_EXAMPLE T_A IN TTL60 "\0\4" ADDR),
     "temperror badresp ttl=0:"},
    {"another type of the name", "a.example", DNS_A, RESPONSE, 1, 0,
     BODY(Q T_TXT IN TTL60 "\0\2"
                           "\1x"),
     "temperror badresp ttl=0:"},

    {"alias", "a.example", DNS_A, RESPONSE, 2, 0,
     BODY(Q T_CNAME IN TTL9 "\0\13" B_EXAMPLE B_EXAMPLE T_A IN TTL60 "\0\4" ADDR),
     "found ok ttl=9 canonical=b.example: 192.0.2.1"},
    {"alias behind its target", "a.example", DNS_A, RESPONSE, 2, 0,
     BODY(B_EXAMPLE T_A IN TTL60 "\0\4" ADDR Q T_CNAME IN TTL9 "\0\13" B_EXAMPLE),
     "found ok ttl=9 canonical=b.example: 192.0.2.1"},
    {"aliases in reverse order", "a.example", DNS_A, RESPONSE, 3, 0,
     BODY(C_EXAMPLE T_A IN TTL60 "\0\4" ADDR B_EXAMPLE T_CNAME IN TTL60 "\0\13" C_EXAMPLE Q T_CNAME IN TTL60
                                 "\0\13" B_EXAMPLE),
     "found ok ttl=60 canonical=c.example: 192.0.2.1"},
    {"alias of another name", "a.example", DNS_A, RESPONSE, 2, 0,
     BODY(C_EXAMPLE T_CNAME IN TTL60 "\0\13" B_EXAMPLE B_EXAMPLE T_A IN TTL60 "\0\4" ADDR), "temperror badresp ttl=0:"},
    {"alias without its target", "a.example", DNS_A, RESPONSE, 1, 0, BODY(Q T_CNAME IN TTL9 "\0\13" B_EXAMPLE),
     "temperror cname ttl=9 canonical=b.example chase=b.example:"},
    {"alias to a name without the type", "a.example", DNS_A, RESPONSE, 1, 1,
     BODY(Q T_CNAME IN TTL60 "\0\13" B_EXAMPLE SOA_GOOD), "nodata nodata ttl=30 canonical=b.example:"},
    {"alias to a name that is not", "a.example", DNS_A, RESPONSE | NXDOMAIN, 1, 1,
     BODY(Q T_CNAME IN TTL9 "\0\13" B_EXAMPLE SOA_GOOD), "nxdomain nxdomain ttl=9 canonical=b.example:"},
    {"alias of itself", "a.example", DNS_A, RESPONSE, 1, 0, BODY(Q T_CNAME IN TTL9 "\0\2" Q), "temperror cname ttl=0:"},
    {"aliases in a circle", "a.example", DNS_A, RESPONSE, 2, 0,
     BODY(Q T_CNAME IN TTL9 "\0\13" B_EXAMPLE B_EXAMPLE T_CNAME IN TTL9 "\0\2" Q), "temperror cname ttl=0:"},
    {"alias to the root, alone", "a.example", DNS_A, RESPONSE, 1, 0,
     BODY(Q T_CNAME IN TTL9 "\0\1"
                            "\0"),
     "temperror cname ttl=9 canonical=:"},
    {"RFC 2317", "1.2.0.192.in-addr.arpa", DNS_PTR, RESPONSE, 2, 0,
     BODY(Q T_CNAME IN TTL60 "\0\11"
                             "\0011\0040/26\300\016"
                             "\0011\0040/26\300\016" T_PTR IN TTL60 "\0\13" B_EXAMPLE),
     "found ok ttl=60 canonical=1.0/26.2.0.192.in-addr.arpa: b.example"},

    {"NXDOMAIN", "a.example", DNS_A, RESPONSE | NXDOMAIN, 0, 1, BODY(SOA_GOOD), "nxdomain nxdomain ttl=30:"},
    {"NXDOMAIN without SOA", "a.example", DNS_A, RESPONSE | NXDOMAIN, 0, 0, BODY(""), "nxdomain nxdomain ttl=0:"},
    {"NODATA", "a.example", DNS_A, RESPONSE, 0, 1, BODY(SOA_GOOD), "nodata nodata ttl=30:"},
    {"SOA with bytes left over", "a.example", DNS_A, RESPONSE, 0, 1, BODY(SOA_RR), "nodata nodata ttl=0:"},
    {"FORMERR", "a.example", DNS_A, RESPONSE | 1, 0, 0, BODY(""), "temperror formerr ttl=0:"},
    {"SERVFAIL", "a.example", DNS_A, RESPONSE | 2, 0, 0, BODY(""), "temperror servfail ttl=0:"},
    {"NOTIMP", "a.example", DNS_A, RESPONSE | 4, 0, 0, BODY(""), "temperror notimp ttl=0:"},
    {"REFUSED", "a.example", DNS_A, RESPONSE | 5, 0, 0, BODY(""), "temperror refused ttl=0:"},
    {"rcode 6", "a.example", DNS_A, RESPONSE | 6, 0, 0, BODY(""), "temperror rcode ttl=0:"},
    {"SERVFAIL with a record", "a.example", DNS_A, RESPONSE | 2, 1, 0, BODY(Q T_A IN TTL60 "\0\4" ADDR),
     "temperror servfail ttl=0:"},
    {"truncated", "a.example", DNS_A, RESPONSE | TRUNCATED, 1, 0, BODY(Q T_A IN TTL60 "\0\4" ADDR),
     "temperror truncated ttl=0:"},
    {"a query", "a.example", DNS_A, 0x0100, 0, 0, BODY(""), "temperror badresp ttl=0:"},

    {"A of 5 bytes", "a.example", DNS_A, RESPONSE, 1, 0, BODY(Q T_A IN TTL60 "\0\5" ADDR "\1"),
     "temperror badresp ttl=0:"},
    {"A of 3 bytes", "a.example", DNS_A, RESPONSE, 1, 0,
     BODY(Q T_A IN TTL60 "\0\3"
                         "\300\0\2"),
     "temperror badresp ttl=0:"},
    {"rdata past the end", "a.example", DNS_A, RESPONSE, 1, 0, BODY(Q T_A IN TTL60 "\1\220" ADDR),
     "temperror badresp ttl=0:"},
    {"more records claimed than there are", "a.example", DNS_A, RESPONSE, 2, 0, BODY(Q T_A IN TTL60 "\0\4" ADDR),
     "temperror badresp ttl=0:"},
    {"owner points at itself", "a.example", DNS_A, RESPONSE, 1, 0, BODY("\300\033" T_A IN TTL60 "\0\4" ADDR),
     "temperror badresp ttl=0:"},
    {"owner points forward", "a.example", DNS_A, RESPONSE, 1, 0, BODY("\300\050" T_A IN TTL60 "\0\4" ADDR),
     "temperror badresp ttl=0:"},
    {"owner points past the end", "a.example", DNS_A, RESPONSE, 1, 0, BODY("\377\377" T_A IN TTL60 "\0\4" ADDR),
     "temperror badresp ttl=0:"},
    {"labels that lead back to themselves", "a.example", DNS_A, RESPONSE, 1, 0,
     BODY("\1x\300\033" T_A IN TTL60 "\0\4" ADDR), "temperror badresp ttl=0:"},
    {"label type 10", "a.example", DNS_PTR, RESPONSE, 1, 0,
     BODY(Q T_PTR IN TTL60 "\0\5"
                           "\200abc\0"),
     "temperror badresp ttl=0:"},
    {"label type 01", "a.example", DNS_PTR, RESPONSE, 1, 0,
     BODY(Q T_PTR IN TTL60 "\0\5"
                           "\100abc\0"),
     "temperror badresp ttl=0:"},
    {"name ends before its rdata", "a.example", DNS_PTR, RESPONSE, 1, 0, BODY(Q T_PTR IN TTL60 "\0\14" B_EXAMPLE "x"),
     "temperror badresp ttl=0:"},
    {"name goes on behind its rdata", "a.example", DNS_PTR, RESPONSE, 1, 0, BODY(Q T_PTR IN TTL60 "\0\2" B_EXAMPLE),
     "temperror badresp ttl=0:"},
    {"alias goes on behind its rdata", "a.example", DNS_A, RESPONSE, 1, 0, BODY(Q T_CNAME IN TTL60 "\0\2" B_EXAMPLE),
     "temperror badresp ttl=0:"},

    {"PTR", "a.example", DNS_PTR, RESPONSE, 2, 0,
     BODY(Q T_PTR IN TTL60 "\0\13" B_EXAMPLE Q T_PTR IN TTL60 "\0\13" C_EXAMPLE),
     "found ok ttl=60: b.example c.example"},
    {"PTR twice, in upper case", "a.example", DNS_PTR, RESPONSE, 2, 0,
     BODY(Q T_PTR IN TTL60 "\0\13" B_EXAMPLE Q T_PTR IN TTL60 "\0\13"
                           "\1B\7EXAMPLE\0"),
     "found ok ttl=60: b.example"},
    {"PTR with NUL", "a.example", DNS_PTR, RESPONSE, 1, 0,
     BODY(Q T_PTR IN TTL60 "\0\5"
                           "\3a\0b\0"),
     "nodata nodata ttl=60 left=1:"},
    {"PTR with a line end", "a.example", DNS_PTR, RESPONSE, 2, 0,
     BODY(Q T_PTR IN TTL60 "\0\5"
                           "\3a\nb\0" Q T_PTR IN TTL60 "\0\13" B_EXAMPLE),
     "found ok ttl=60 left=1: b.example"},
    {"PTR with a dot in a label", "a.example", DNS_PTR, RESPONSE, 1, 0,
     BODY(Q T_PTR IN TTL60 "\0\5"
                           "\3a.b\0"),
     "nodata nodata ttl=60 left=1:"},
    {"PTR with 8 bits", "a.example", DNS_PTR, RESPONSE, 1, 0,
     BODY(Q T_PTR IN TTL60 "\0\4"
                           "\2\303\251\0"),
     "nodata nodata ttl=60 left=1:"},
    {"PTR to the root", "a.example", DNS_PTR, RESPONSE, 1, 0,
     BODY(Q T_PTR IN TTL60 "\0\1"
                           "\0"),
     "nodata nodata ttl=60 left=1:"},
    {"PTR of no bytes", "a.example", DNS_PTR, RESPONSE, 1, 0, BODY(Q T_PTR IN TTL60 "\0\0"),
     "temperror badresp ttl=0:"},

    {"MX", "a.example", DNS_MX, RESPONSE, 2, 0,
     BODY(Q T_MX IN TTL60 "\0\15"
                          "\0\24" B_EXAMPLE Q T_MX IN TTL60 "\0\15"
                          "\0\12" C_EXAMPLE),
     "found ok ttl=60: 20/b.example 10/c.example"},
    {"null MX", "a.example", DNS_MX, RESPONSE, 1, 0,
     BODY(Q T_MX IN TTL60 "\0\3"
                          "\0\0"
                          "\0"),
     "found ok ttl=60: 0/"},
    {"MX of one byte", "a.example", DNS_MX, RESPONSE, 1, 0,
     BODY(Q T_MX IN TTL60 "\0\1"
                          "\0"),
     "temperror badresp ttl=0:"},

    {"TXT", "a.example", DNS_TXT, RESPONSE, 2, 0,
     BODY(Q T_TXT IN TTL60 "\0\13"
                           "\7v=spf1 "
                           "\2-a" Q T_TXT IN TTL60 "\0\2"
                           "\1x"),
     "found ok ttl=60: [v=spf1 -a] [x]"},
    {"TXT with any byte", "a.example", DNS_TXT, RESPONSE, 1, 0,
     BODY(Q T_TXT IN TTL60 "\0\5"
                           "\4\0\n\377]"),
     "found ok ttl=60: [???]]"},
    {"TXT of no bytes", "a.example", DNS_TXT, RESPONSE, 1, 0, BODY(Q T_TXT IN TTL60 "\0\0"), "found ok ttl=60: []"},
    {"TXT with an empty string", "a.example", DNS_TXT, RESPONSE, 1, 0,
     BODY(Q T_TXT IN TTL60 "\0\3"
                           "\0\1x"),
     "found ok ttl=60: [x]"},
    {"TXT string longer than its rdata", "a.example", DNS_TXT, RESPONSE, 1, 0,
     BODY(Q T_TXT IN TTL60 "\0\2"
                           "\5x"
                           "yyyyyyyy"),
     "temperror badresp ttl=0:"},
};

static void show(const struct dns_answer *a, const char *chase, char out[OUT_SIZE])
{
    char shown[ADDRESS_TEXT_SIZE];
    struct text t;

    text_init(&t, out, OUT_SIZE);
    text_addf(&t, "%s %s ttl=%u", dns_status_name(a->status), a->why, (unsigned)a->ttl);
    if (a->left_out > 0)
        text_addf(&t, " left=%u", a->left_out);
    if (strcmp(a->canonical, a->name) != 0)
        text_addf(&t, " canonical=%s", a->canonical);
    if (*chase != '\0')
        text_addf(&t, " chase=%s", chase);
    text_add(&t, ":");
    for (size_t i = 0; i < a->count; i++) {
        const struct dns_record *r = &a->records[i];
        text_add(&t, " ");
        if (a->type == DNS_A || a->type == DNS_AAAA) {
            text_add(&t, address_format(&r->address, shown));
        } else if (a->type == DNS_TXT) {
            text_add(&t, "[");
            text_add_as(&t, TEXT_PLAIN, (const char *)r->text.bytes, r->text.size);
            text_add(&t, "]");
            assert_int_equal(r->text.bytes[r->text.size], 0);
        } else if (a->type == DNS_MX) {
            text_addf(&t, "%u/%s", r->host.preference, r->host.name);
        } else {
            text_add(&t, r->host.name);
        }
    }
}

static void test_rows(void **state)
{
    static uint8_t message[BUILD_SIZE];
    char out[OUT_SIZE], chase[DNS_NAME_SIZE];
    int failed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t size = begin(message, rows[i].name, rows[i].type, rows[i].flags,
                            (unsigned[]){1, rows[i].answers, rows[i].authorities});
        memcpy(message + size, rows[i].body, rows[i].size);
        size += rows[i].size;
        struct answer *a = parse(message, size, rows[i].name, rows[i].type, chase);
        show(&a->view, chase, out);
        if (strcmp(out, rows[i].want) != 0) {
            print_error("row \"%s\": got \"%s\", want \"%s\"\n", rows[i].row, out, rows[i].want);
            failed++;
        }
        answer_unref(a);
    }
    assert_int_equal(failed, 0);
}

/* What is cut off inside the records it counts is never an answer. */
static void test_every_beginning(void **state)
{
    static uint8_t message[BUILD_SIZE];
    char chase[DNS_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t head = begin(message, rows[i].name, rows[i].type, rows[i].flags,
                            (unsigned[]){1, rows[i].answers, rows[i].authorities});
        bool spare = strcmp(rows[i].row, "trailing bytes") == 0;
        memcpy(message + head, rows[i].body, rows[i].size);
        for (size_t size = 0; size < head + rows[i].size - (spare ? 3 : 0); size++) {
            struct answer *a = parse(message, size, rows[i].name, rows[i].type, chase);
            if (a->view.status != DNS_TEMPERROR)
                print_error("row \"%s\" cut after %zu bytes\n", rows[i].row, size);
            assert_int_equal(a->view.status, DNS_TEMPERROR);
            answer_unref(a);
        }
    }
}

static void test_question(void **state)
{
    static const struct {
        const char *row, *asked, *answered;
        uint16_t type;
        unsigned questions;
        bool good;
    } cases[] = {
        {"the same", "a.example", "a.example", DNS_A, 1, true},
        {"in upper case", "a.example", "A.EXAMPLE", DNS_A, 1, true},
        {"another name", "a.example", "b.example", DNS_A, 1, false},
        {"another type", "a.example", "a.example", DNS_AAAA, 1, false},
        {"none", "a.example", "a.example", DNS_A, 0, false},
        {"two", "a.example", "a.example", DNS_A, 2, false},
    };
    static uint8_t message[BUILD_SIZE];
    static const char record[] = Q T_A IN TTL60 "\0\4" ADDR;
    char chase[DNS_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size =
            begin(message, cases[i].answered, cases[i].type, RESPONSE, (unsigned[]){cases[i].questions, 1, 0});
        memcpy(message + size, record, sizeof record - 1);
        struct answer *a = parse(message, size + sizeof record - 1, cases[i].asked, DNS_A, chase);
        if ((a->view.status == DNS_FOUND) != cases[i].good)
            print_error("row \"%s\": %s\n", cases[i].row, dns_status_name(a->view.status));
        assert_int_equal(a->view.status, cases[i].good ? DNS_FOUND : DNS_TEMPERROR);
        answer_unref(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_every_beginning),
        cmocka_unit_test(test_question),
    };

    return cmocka_run_group_tests_name("dns message", tests, NULL, NULL);
}

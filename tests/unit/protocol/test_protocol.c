/* SPDX-License-Identifier: BSD-2-Clause */
/* test_protocol: requests as Postfix sends them and as it never would, whole, in pieces and pipelined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "protocol.h"

#define HEAD "request=smtpd_access_policy\n"
#define ROWS(table) (sizeof(table) / sizeof(table)[0])
#define S(literal) literal, sizeof literal - 1

/* All that Postfix 3.7 sends, in its order, and two attributes of later versions. */
static const char postfix_question[] =
    HEAD "protocol_state=RCPT\nprotocol_name=ESMTP\nclient_address=203.0.113.5\nclient_name=mx.example.net\n"
         "client_port=52312\nreverse_client_name=mx.example.net\nserver_address=192.0.2.25\nserver_port=25\n"
         "helo_name=mx.example.net\nsender=a=b@example.net\nrecipient=r1@test.example\nrecipient_count=0\n"
         "queue_id=4Xyz\ninstance=1a2.6740.3.0\nsize=12345\netrn_domain=\nstress=\nsasl_method=\nsasl_username=bob\n"
         "sasl_sender=\nccert_subject=CN=x\nccert_issuer=\nccert_fingerprint=AA:BB\nccert_pubkey_fingerprint=CC:DD\n"
         "encryption_protocol=TLSv1.3\nencryption_cipher=TLS_AES_256_GCM_SHA384\nencryption_keysize=256\n"
         "policy_context=strict\ncompatibility_level=3.8\nmail_version=3.8.1\ntls_sni=\n\n";

static void whole_question(void **state)
{
    char buffer[sizeof postfix_question];
    struct protocol_scan scan = {0};
    struct request req;
    const char *error = NULL;
    size_t used = 0;

    (void)state;
    memcpy(buffer, postfix_question, sizeof buffer);
    memset(&req, 0xff, sizeof req);
    assert_int_equal(protocol_parse(&scan, buffer, sizeof buffer - 1, &req, &used, &error), PROTOCOL_REQUEST);
    assert_int_equal(used, sizeof buffer - 1);
    assert_int_equal(req.state, REQUEST_STATE_RCPT);
    assert_int_equal(req.client.family, ADDRESS_IPV4);
    assert_true(req.esmtp);
    assert_true(req.encrypted);
    assert_false(req.stress);
    assert_string_equal(req.protocol_state, "RCPT");
    assert_string_equal(req.protocol_name, "ESMTP");
    assert_string_equal(req.client_address, "203.0.113.5");
    assert_string_equal(req.client_name, "mx.example.net");
    assert_string_equal(req.reverse_client_name, "mx.example.net");
    assert_string_equal(req.server_address, "192.0.2.25");
    assert_string_equal(req.server_port, "25");
    assert_string_equal(req.helo_name, "mx.example.net");
    assert_string_equal(req.sender, "a=b@example.net");
    assert_string_equal(req.recipient, "r1@test.example");
    assert_string_equal(req.queue_id, "4Xyz");
    assert_string_equal(req.instance, "1a2.6740.3.0");
    assert_string_equal(req.stress_text, "");
    assert_string_equal(req.sasl_username, "bob");
    assert_string_equal(req.ccert_subject, "CN=x");
    assert_string_equal(req.ccert_fingerprint, "AA:BB");
    assert_string_equal(req.ccert_pubkey_fingerprint, "CC:DD");
    assert_string_equal(req.encryption_protocol, "TLSv1.3");
    assert_string_equal(req.policy_context, "strict");
}

static const struct {
    const char *name;
    const char *in;
    size_t n;
    enum protocol_result result;
    const char *helo; /* of a request */
} cases[] = {
    {"nothing", S(""), PROTOCOL_MORE, NULL},
    {"no end", S(HEAD "helo_name=x\n"), PROTOCOL_MORE, NULL},
    {"half a line", S(HEAD "helo"), PROTOCOL_MORE, NULL},
    {"smallest", S(HEAD "\n"), PROTOCOL_REQUEST, ""},
    {"request comes last", S("helo_name=x\n" HEAD "\n"), PROTOCOL_REQUEST, "x"},
    {"first of repeated", S(HEAD "helo_name=x\nhelo_name=y\n\n"), PROTOCOL_REQUEST, "x"},
    {"first of repeated, empty", S(HEAD "helo_name=\nhelo_name=y\n\n"), PROTOCOL_REQUEST, ""},
    {"unknown names", S("=x\nfoo=\n" HEAD "helo_namex=1\nhelo_nam=2\nhelo_name=3\nHELO_NAME=4\n\n"), PROTOCOL_REQUEST,
     "3"},
    {"equals in the value", S(HEAD "helo_name==a=b=\n\n"), PROTOCOL_REQUEST, "=a=b="},
    {"blanks are kept", S(HEAD "helo_name= x \n helo_name=y\n\n"), PROTOCOL_REQUEST, " x "},
    {"8-bit and controls", S(HEAD "helo_name=\x01\xc3\xa9\x7f\n\n"), PROTOCOL_REQUEST, "\x01\xc3\xa9\x7f"},
    {"CR is part of the value", S(HEAD "helo_name=x\r\n\n"), PROTOCOL_REQUEST, "x\r"},
    {"only a LF", S("\n"), PROTOCOL_VIOLATION, NULL},
    {"no request", S("helo_name=x\n\n"), PROTOCOL_VIOLATION, NULL},
    {"another request", S("request=junk\n\n"), PROTOCOL_VIOLATION, NULL},
    {"request with more", S("request=smtpd_access_policy2\n\n"), PROTOCOL_VIOLATION, NULL},
    {"first request is another", S("request=junk\n" HEAD "\n"), PROTOCOL_VIOLATION, NULL},
    {"CRLF line ends", S("request=smtpd_access_policy\r\nhelo_name=x\r\n\r\n"), PROTOCOL_VIOLATION, NULL},
    {"line without equals", S(HEAD "helo_name\n\n"), PROTOCOL_VIOLATION, NULL},
    {"HTTP", S("GET / HTTP/1.1\n"), PROTOCOL_VIOLATION, NULL},
    {"NUL in a value", S(HEAD "helo_name=a\0b\n\n"), PROTOCOL_VIOLATION, NULL},
    {"NUL in an unknown line", S(HEAD "foo=\0"), PROTOCOL_VIOLATION, NULL},
    {"NUL after the request", S(HEAD "helo_name=x\n\n\0"), PROTOCOL_REQUEST, "x"},
};

struct outcome {
    enum protocol_result result;
    size_t used;
    char helo[64];
};

/* Feeds `step` bytes more at a time, and moves the buffer between two calls, as a growing buffer does. */
static struct outcome feed(const char *in, size_t n, size_t step)
{
    struct outcome out = {PROTOCOL_MORE, 0, ""};
    struct protocol_scan scan = {0};
    char *buffer = NULL;
    size_t have = 0;

    while (out.result == PROTOCOL_MORE && (have < n || buffer == NULL)) {
        size_t more = n - have < step ? n - have : step;
        char *moved = malloc(have + more + 1);
        const char *error = NULL;
        struct request req;

        assert_non_null(moved);
        if (have > 0)
            memcpy(moved, buffer, have);
        memcpy(moved + have, in + have, more);
        free(buffer);
        buffer = moved;
        have += more;
        out.result = protocol_parse(&scan, buffer, have, &req, &out.used, &error);
        assert_int_equal(out.result == PROTOCOL_VIOLATION, error != NULL);
        if (out.result == PROTOCOL_REQUEST)
            snprintf(out.helo, sizeof out.helo, "%s", req.helo_name);
    }
    free(buffer);
    return out;
}

static void case_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS(cases); i++) {
        for (size_t step = 1; step < 2 * cases[i].n + 2; step += step) {
            struct outcome out = feed(cases[i].in, cases[i].n, step);
            if (out.result != cases[i].result || (cases[i].helo != NULL && strcmp(out.helo, cases[i].helo) != 0))
                fail_msg("%s, %zu at a time: result %d, helo %s", cases[i].name, step, out.result, out.helo);
        }
    }
}

static const struct {
    const char *name;
    size_t filler; /* bytes of a value after "helo_name=" or "unknown=" */
    const char *filled;
    unsigned lines; /* short unknown lines */
    enum protocol_result result;
} limits[] = {
    {"known line as long as may be", PROTOCOL_LINE_MAX - 10, "helo_name=", 0, PROTOCOL_REQUEST},
    {"known line one longer", PROTOCOL_LINE_MAX - 9, "helo_name=", 0, PROTOCOL_VIOLATION},
    {"unknown line", 50000, "unknown=", 0, PROTOCOL_REQUEST},
    {"unknown line, name like a known", 50000, "helo_name2=", 0, PROTOCOL_REQUEST},
    {"request as long as may be", PROTOCOL_REQUEST_MAX - 38, "unknown=", 0, PROTOCOL_REQUEST},
    {"request one longer", PROTOCOL_REQUEST_MAX - 37, "unknown=", 0, PROTOCOL_VIOLATION},
    {"line without an end", PROTOCOL_REQUEST_MAX * 2, "x", 0, PROTOCOL_VIOLATION},
    {"as many lines as may be", 0, "unknown=", PROTOCOL_LINES_MAX - 2, PROTOCOL_REQUEST},
    {"one line more", 0, "unknown=", PROTOCOL_LINES_MAX - 1, PROTOCOL_VIOLATION},
};

static void limit_table(void **state)
{
    static const size_t steps[] = {1000000, 4096, 1};
    static char in[3 * PROTOCOL_REQUEST_MAX];

    (void)state;
    for (size_t i = 0; i < ROWS(limits); i++) {
        size_t n = (size_t)sprintf(in, HEAD "%s", limits[i].filled);
        memset(in + n, 'x', limits[i].filler);
        n += limits[i].filler;
        in[n++] = '\n';
        for (unsigned line = 0; line < limits[i].lines; line++)
            n += (size_t)sprintf(in + n, "u=\n");
        in[n++] = '\n';
        for (size_t step = 0; step < ROWS(steps) - (n > 1000); step++) {
            struct outcome out = feed(in, n, steps[step]);
            if (out.result != limits[i].result)
                fail_msg("%s, %zu at a time: result %d", limits[i].name, steps[step], out.result);
        }
    }
}

/* Violations are noticed as soon as they are certain, not when the request ends (which it may never). */
static void noticed_early(void **state)
{
    static char line[PROTOCOL_LINE_MAX + 2] = "helo_name=";

    (void)state;
    memset(line + 10, 'x', sizeof line - 10);
    assert_int_equal(feed(line, sizeof line, SIZE_MAX).result, PROTOCOL_VIOLATION);
    assert_int_equal(feed(line, sizeof line - 2, SIZE_MAX).result, PROTOCOL_MORE);
}

static void pipelined(void **state)
{
    char in[] = HEAD "helo_name=one\n\n" HEAD "helo_name=two\n\n" HEAD "helo_na";
    size_t at = 0, used = 0, n = sizeof in - 1;
    static const char *const helos[] = {"one", "two"};
    struct request req;
    const char *error;

    (void)state;
    for (size_t i = 0; i < ROWS(helos); i++) {
        struct protocol_scan scan = {0};
        assert_int_equal(protocol_parse(&scan, in + at, n - at, &req, &used, &error), PROTOCOL_REQUEST);
        assert_string_equal(req.helo_name, helos[i]);
        assert_string_equal(req.sender, "");
        at += used;
    }
    assert_int_equal(protocol_parse(&(struct protocol_scan){0}, in + at, n - at, &req, &used, &error), PROTOCOL_MORE);
}

static void derived_fields(void **state)
{
    static const struct {
        const char *line;
        enum request_state state;
        enum address_family family;
        bool esmtp, stress, encrypted;
    } rows[] = {
        {"protocol_state=CONNECT\n", REQUEST_STATE_CONNECT, ADDRESS_NONE, false, false, false},
        {"protocol_state=HELO\nprotocol_name=SMTP\n", REQUEST_STATE_HELO, ADDRESS_NONE, false, false, false},
        {"protocol_state=EHLO\nprotocol_name=ESMTP\n", REQUEST_STATE_HELO, ADDRESS_NONE, true, false, false},
        {"protocol_state=MAIL\nstress=yes\n", REQUEST_STATE_MAIL, ADDRESS_NONE, false, true, false},
        {"protocol_state=RCPT\nstress=\n", REQUEST_STATE_RCPT, ADDRESS_NONE, false, false, false},
        {"protocol_state=DATA\nclient_address=unknown\n", REQUEST_STATE_DATA, ADDRESS_NONE, false, false, false},
        {"protocol_state=END-OF-MESSAGE\nclient_address=2001:db8::1\n", REQUEST_STATE_DATA, ADDRESS_IPV6, false, false,
         false},
        {"protocol_state=VRFY\nclient_address=::ffff:192.0.2.1\n", REQUEST_STATE_VRFY, ADDRESS_IPV4, false, false,
         false},
        {"protocol_state=ETRN\nclient_address=192.0.2.1x\n", REQUEST_STATE_VRFY, ADDRESS_NONE, false, false, false},
        {"protocol_state=rcpt\nprotocol_name=esmtp\nstress=YES\n", REQUEST_STATE_OTHER, ADDRESS_NONE, false, false,
         false},
        /* With smtpd_delay_reject=no, while Postfix handles EHLO. */
        {"protocol_state=EHLO\nprotocol_name=SMTP\n", REQUEST_STATE_HELO, ADDRESS_NONE, true, false, false},
        {"protocol_state=RCPT\nprotocol_name=SMTP\n", REQUEST_STATE_RCPT, ADDRESS_NONE, false, false, false},
        {"protocol_state=MAIL\nencryption_protocol=TLSv1.2\n", REQUEST_STATE_MAIL, ADDRESS_NONE, false, false, true},
        {"protocol_state=MAIL\nencryption_protocol=\n", REQUEST_STATE_MAIL, ADDRESS_NONE, false, false, false},
        {"", REQUEST_STATE_OTHER, ADDRESS_NONE, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct protocol_scan scan = {0};
        struct request req;
        const char *error;
        char in[200];
        size_t used, n = (size_t)snprintf(in, sizeof in, HEAD "%s\n", rows[i].line);

        assert_int_equal(protocol_parse(&scan, in, n, &req, &used, &error), PROTOCOL_REQUEST);
        if (req.state != rows[i].state || req.client.family != rows[i].family || req.esmtp != rows[i].esmtp ||
            req.stress != rows[i].stress || req.encrypted != rows[i].encrypted)
            fail_msg("%s", rows[i].line);
    }
}

static double feed_bytewise(size_t n)
{
    char *buffer = malloc(n);
    struct protocol_scan scan = {0};
    clock_t begin = clock();
    struct request req;
    const char *error;
    size_t used;

    assert_non_null(buffer);
    memset(buffer, 'x', n);
    for (size_t have = 1; have <= n; have++)
        assert_int_equal(protocol_parse(&scan, buffer, have, &req, &used, &error), PROTOCOL_MORE);
    free(buffer);
    return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

/* Eight times the bytes take about eight times as long; were it quadratic, 64 times. The best of three is compared. */
static void linear_time(void **state)
{
    double small = 1e9, large = 1e9;

    (void)state;
    for (int i = 0; i < 3; i++) {
        double s = feed_bytewise(8000), l = feed_bytewise(64000);
        small = s < small ? s : small;
        large = l < large ? l : large;
    }
    if (large > 30 * small + 0.002)
        fail_msg("%f s for 8000 bytes, %f s for 64000", small, large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_question), cmocka_unit_test(case_table), cmocka_unit_test(limit_table),
        cmocka_unit_test(noticed_early),  cmocka_unit_test(pipelined),  cmocka_unit_test(derived_fields),
        cmocka_unit_test(linear_time),
    };
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}

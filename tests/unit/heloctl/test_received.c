/* SPDX-License-Identifier: BSD-2-Clause */
/* Received headers as Postfix, Exim and sendmail write them, hostile ones, dates, and the headers of a message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "received.h"

static const struct {
    const char *value, *client, *helo, *name, *by, *protocol;
    bool confirmed, tls, authenticated;
} cases[] = {
    /* Postfix */
    {"from mail.far.net (mail.far.net [203.0.113.5]) (using TLSv1.3 with cipher X (256/256 bits) key-exchange X25519) "
     "(No client certificate requested) by mx.test.example (Postfix) with ESMTPS id 4F0 for <r@test.example>; "
     "Sat, 28 Nov 2026 10:00:01 +0100 (CET)",
     "203.0.113.5", "mail.far.net", "mail.far.net", "mx.test.example", "ESMTPS", true, true, false},
    {"from [10.0.0.7] (unknown [203.0.113.5]) by mx (Postfix) with SMTP id 4F0; Sat, 28 Nov 2026 09:00:01 +0000",
     "203.0.113.5", "[10.0.0.7]", "", "mx", "SMTP", false, false, false},
    {"from x (v6.far.net [IPv6:2001:db8::7]) by mx (Postfix) with ESMTPSA id 4F0; Sat, 28 Nov 2026 09:00:01 GMT",
     "2001:db8::7", "x", "v6.far.net", "mx", "ESMTPSA", true, true, true},
    /* Exim */
    {"from mail.far.net ([203.0.113.5] helo=other.far.net) by mx with esmtps (TLS1.3) tls TLS_AES_256 (Exim 4.96) "
     "(envelope-from <a@far.net>) id 1abc-0001 for r@test.example; Sat, 28 Nov 2026 09:00:01 +0000",
     "203.0.113.5", "other.far.net", "mail.far.net", "mx", "ESMTPS", true, true, false},
    {"from mail.far.net ([203.0.113.5]) by mx with esmtp (Exim 4.96) id 1; Sat, 28 Nov 2026 09:00:01 +0000",
     "203.0.113.5", "mail.far.net", "mail.far.net", "mx", "ESMTP", true, false, false},
    {"from [203.0.113.5] (helo=ylmf-pc) by mx with smtp (Exim 4.96) id 1; Sat, 28 Nov 2026 09:00:01 +0000",
     "203.0.113.5", "ylmf-pc", "", "mx", "SMTP", false, false, false},
    {"from [203.0.113.5]:4711 (helo=x) by mx with smtp (Exim 4.96) id 1; Sat, 28 Nov 2026 09:00:01 +0000",
     "203.0.113.5", "x", "", "mx", "SMTP", false, false, false},
    /* sendmail */
    {"from x.far.net (mail.far.net [203.0.113.5]) by mx (8.17.1/8.17.1) with ESMTPS id 3AS; "
     "Sat, 28 Nov 2026 09:00:01 GMT",
     "203.0.113.5", "x.far.net", "mail.far.net", "mx", "ESMTPS", true, true, false},
    {"from x (mail.far.net [203.0.113.5] (may be forged)) by mx (8.17.1/8.17.1) with ESMTP id 3AS; "
     "Sat, 28 Nov 2026 09:00:01 GMT",
     "203.0.113.5", "x", "mail.far.net", "mx", "ESMTP", false, false, false},
    {"from x (ident@mail.far.net [203.0.113.5]) by mx (8.17.1/8.17.1) with ESMTP id 3AS; Sat, 28 Nov 2026 09:00:01 GMT",
     "203.0.113.5", "x", "mail.far.net", "mx", "ESMTP", true, false, false},
    {"from x ([203.0.113.5]) by mx (8.17.1/8.17.1) with ESMTP id 3AS; Sat, 28 Nov 2026 09:00:01 GMT", "203.0.113.5",
     "x", "", "mx", "ESMTP", false, false, false},
    /* A HELO name that looks like the rest of a header: an address in it is not the client's. */
    {"from [192.0.2.66] (unknown [203.0.113.5]) by mx (Postfix) with ESMTP id 1; Sat, 28 Nov 2026 09:00:01 +0000",
     "203.0.113.5", "[192.0.2.66]", "", "mx", "ESMTP", false, false, false},
};

static void test_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct received got;
        char client[ADDRESS_TEXT_SIZE];

        print_message("# %s\n", cases[i].value);
        assert_true(received_read(cases[i].value, strlen(cases[i].value), &got));
        assert_string_equal(address_format(&got.client, client), cases[i].client);
        assert_string_equal(got.helo, cases[i].helo);
        assert_string_equal(got.name, cases[i].name);
        assert_string_equal(got.by, cases[i].by);
        assert_string_equal(got.protocol, cases[i].protocol);
        assert_int_equal(got.confirmed, cases[i].confirmed);
        assert_int_equal(got.tls, cases[i].tls);
        assert_int_equal(got.authenticated, cases[i].authenticated);
        assert_int_equal(got.when, 1795856401);
    }
}

static void test_no_client(void **state)
{
    static const char *const values[] = {
        "",
        "by mx (Postfix, from userid 0) id 4F0; Sat, 28 Nov 2026 09:00:01 +0000",
        "from",
        "from x by mx",
        "from x (y [not an address]) by mx",
        "from x (y [203.0.113.5",
        "from x ((((((((",
        "from root by mx with local (Exim 4.96) id 1",
    };
    struct received got;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        if (received_read(values[i], strlen(values[i]), &got))
            fail_msg("was read: %s", values[i]);
}

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        long long when;
    } dates[] = {
        {" Sat, 28 Nov 2026 10:00:01 +0100 (CET)", 1795856401},
        {"28 Nov 2026 04:00:01 -0500", 1795856401},
        {"28 Nov 2026 09:00 +0000", 1795856400},
        {"28 Nov 2026 09:00:01", 1795856401},
        {"", 0},
        {"Sat, 28 Foo 2026 10:00:01", 0},
        {"99999999999999999999 Nov 2026 09:00:01", 0},
        {"28 Nov 1900 09:00:01", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++)
        assert_int_equal(received_date(dates[i].text, strlen(dates[i].text)), dates[i].when);
}

static void test_headers(void **state)
{
    static const char message[] =
        "From x\nReturn-Path: <a@b>\r\nRECEIVED: from x\r\n\tby y\r\nno header\n: none\nA:b\n\n"
        "Body: no\n";
    static const char *const want[][2] = {{"return-path", " <a@b>"}, {"received", " from x by y"}, {"a", "b"}};
    struct headers h;

    (void)state;
    headers_begin(&h, message, sizeof(message) - 1);
    for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
        assert_true(headers_next(&h));
        assert_string_equal(h.name, want[i][0]);
        assert_string_equal(h.value, want[i][1]);
    }
    assert_false(headers_next(&h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_no_client),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_headers),
    };

    return cmocka_run_group_tests_name("received", tests, NULL, NULL);
}

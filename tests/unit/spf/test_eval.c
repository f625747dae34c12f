/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The evaluator's promises to its caller: deadlines, memory, what it keeps of its query. What RFC 7208 asks of it is
 * shown in tests/spf.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "spf.h"

static struct spf_query query_for(const char *domain)
{
    struct spf_query query = {.domain = domain, .helo = domain, .sender = "", .void_limit = 2, .explain = true};

    assert_true(address_parse(&query.client, "192.0.2.1", 9));
    return query;
}

static void feed_text(struct spf *spf, const char *text)
{
    struct dns_record record = {.text = {(const uint8_t *)text, strlen(text)}};
    struct dns_answer answer = {
        .status = DNS_FOUND, .type = DNS_TXT, .count = 1, .name = "", .canonical = "", .why = "ok", .records = &record};

    spf_feed(spf, &answer);
}

static void a_deadline_is_temperror(void **state)
{
    struct region *r = region_new(1 << 20);
    struct spf_query query = query_for("mail.example.net");
    struct spf *spf = spf_new(&query, r);
    struct spf_ask ask;

    (void)state;
    assert_int_equal(spf_step(spf, &ask), SPF_ASK);
    assert_string_equal(ask.name, "mail.example.net");
    assert_int_equal(ask.type, DNS_TXT);
    feed_text(spf, "v=spf1 a -all");
    assert_int_equal(spf_step(spf, &ask), SPF_ASK);
    assert_int_equal(ask.type, DNS_A);
    spf_abandon(spf);
    assert_int_equal(spf_outcome(spf)->result, SPF_TEMPERROR);
    assert_string_equal(spf_outcome(spf)->reason, "deadline");
    assert_string_equal(spf_outcome(spf)->record, "v=spf1 a -all");
    assert_int_equal(spf_outcome(spf)->trace_count, 1);
    assert_int_equal(spf_step(spf, &ask), SPF_DONE);
    region_free(r);
}

static void a_deadline_before_the_first_step_is_temperror(void **state)
{
    struct region *r = region_new(1 << 20);
    struct spf_query query = query_for("mail.example.net");
    struct spf *spf = spf_new(&query, r);

    (void)state;
    spf_abandon(spf);
    assert_int_equal(spf_outcome(spf)->result, SPF_TEMPERROR);
    region_free(r);
}

static void a_deadline_keeps_a_result_without_its_explanation(void **state)
{
    struct region *r = region_new(1 << 20);
    struct spf_query query = query_for("mail.example.net");
    struct spf *spf = spf_new(&query, r);
    struct spf_ask ask;

    (void)state;
    spf_step(spf, &ask);
    feed_text(spf, "v=spf1 -all exp=why.example.net");
    assert_int_equal(spf_step(spf, &ask), SPF_ASK);
    assert_string_equal(ask.name, "why.example.net");
    spf_abandon(spf);
    assert_int_equal(spf_outcome(spf)->result, SPF_FAIL);
    assert_string_equal(spf_outcome(spf)->term, "-all");
    assert_string_equal(spf_outcome(spf)->explanation, "");
    region_free(r);
}

static void an_explanation_is_asked_for_only_on_demand(void **state)
{
    struct region *r = region_new(1 << 20);
    struct spf_query query = query_for("mail.example.net");
    struct spf_ask ask;
    struct spf *spf;

    (void)state;
    query.explain = false;
    spf = spf_new(&query, r);
    spf_step(spf, &ask);
    feed_text(spf, "v=spf1 -all exp=why.example.net");
    assert_int_equal(spf_step(spf, &ask), SPF_DONE);
    assert_int_equal(spf_outcome(spf)->result, SPF_FAIL);
    region_free(r);
}

/* With every limit of memory: no crash, and never a result that the record does not have. */
static void no_memory_is_temperror(void **state)
{
    bool failed = false, passed = false;

    (void)state;
    for (size_t limit = 1000; limit < 40000; limit += 40) {
        struct region *r = region_new(limit);
        struct spf_query query = query_for("mail.example.net");
        struct spf *spf = r ? spf_new(&query, r) : NULL;
        struct spf_ask ask;

        if (spf) {
            if (spf_step(spf, &ask) == SPF_ASK)
                feed_text(spf, "v=spf1 exists:%{l}.example.net ip4:192.0.2.0/24 -all");
            if (spf_step(spf, &ask) == SPF_ASK)
                spf_feed(spf, &(struct dns_answer){.status = DNS_NXDOMAIN, .why = "nxdomain"});
            assert_int_equal(spf_step(spf, &ask), SPF_DONE);
            passed = passed || spf_outcome(spf)->result == SPF_PASS;
            failed = failed || spf_outcome(spf)->result == SPF_TEMPERROR;
            if (spf_outcome(spf)->result == SPF_TEMPERROR)
                assert_string_equal(spf_outcome(spf)->reason, "out of memory");
            else
                assert_int_equal(spf_outcome(spf)->result, SPF_PASS);
        }
        region_free(r);
    }
    assert_true(passed && failed);
}

static void texts_of_the_query_are_copied(void **state)
{
    char name[] = "mail.example.net", sender[] = "joe@sender.example";
    struct region *r = region_new(1 << 20);
    struct spf_query query = query_for(name);
    struct spf_ask ask;
    struct spf *spf;

    (void)state;
    query.sender = sender;
    spf = spf_new(&query, r);
    memset(name, 'x', sizeof name - 1);
    memset(sender, 'x', sizeof sender - 1);
    spf_step(spf, &ask);
    assert_string_equal(ask.name, "mail.example.net");
    feed_text(spf, "v=spf1 exists:%{l}.%{o}.%{h} -all");
    spf_step(spf, &ask);
    assert_string_equal(ask.name, "joe.sender.example.mail.example.net");
    region_free(r);
}

static void no_address_and_no_names(void **state)
{
    struct region *r = region_new(1 << 20);
    struct spf_query query = query_for("mail.example.net");
    struct spf_ask ask;
    struct spf *spf;

    (void)state;
    query.client.family = ADDRESS_NONE;
    spf = spf_new(&query, r);
    assert_int_equal(spf_step(spf, &ask), SPF_DONE);
    assert_int_equal(spf_outcome(spf)->result, SPF_NONE);
    query = (struct spf_query){.client = {.family = ADDRESS_IPV4}};
    spf = spf_new(&query, r);
    assert_int_equal(spf_step(spf, &ask), SPF_DONE);
    assert_int_equal(spf_outcome(spf)->result, SPF_NONE);
    assert_string_equal(spf_outcome(spf)->reason, "no domain");
    region_free(r);
}

static void result_names(void **state)
{
    static const char *const names[] = {"not_asked", "none",     "neutral",   "pass",
                                        "fail",      "softfail", "temperror", "permerror"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(spf_result_name((enum spf_result)i), names[i]);
    assert_string_equal(spf_result_name((enum spf_result)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deadline_is_temperror),
        cmocka_unit_test(a_deadline_before_the_first_step_is_temperror),
        cmocka_unit_test(a_deadline_keeps_a_result_without_its_explanation),
        cmocka_unit_test(an_explanation_is_asked_for_only_on_demand),
        cmocka_unit_test(no_memory_is_temperror),
        cmocka_unit_test(texts_of_the_query_are_copied),
        cmocka_unit_test(no_address_and_no_names),
        cmocka_unit_test(result_names),
    };

    return cmocka_run_group_tests_name("spf evaluation", tests, NULL, NULL);
}

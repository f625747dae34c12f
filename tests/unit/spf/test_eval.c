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

/* A small DNS for records that include each other. */
static const struct {
    const char *name, *text;
} zone[] = {
    {"all.example.net", "v=spf1 +all"},
    {"half.example.net", "v=spf1 ip4:0.0.0.0/1 ?all"},
    {"other.example.net", "v=spf1 ip4:128.0.0.0/1"},
    {"one.example.net", "v=spf1 ip4:192.0.2.1"},
    {"deny.example.net", "v=spf1 -ip4:0.0.0.0/0 +all"},
    {"exists.example.net", "v=spf1 exists:%{i}.any.example.net"},
    {"192.0.2.1.one.example.net", "v=spf1 ip4:192.0.2.1"}, /* written for the client that asks */
    {"mail.example.net.one.example.net", "v=spf1 ip4:192.0.2.1"},
    {"vendor.example.net", "v=spf1 redirect=%{i}.vendor.example.net"},
    {"192.0.2.1.vendor.example.net", "v=spf1 ip4:198.51.100.9 ?all"},
};

static void feed_zone(struct spf *spf, const struct spf_ask *ask, const char *record)
{
    struct dns_record address = {.address = {.family = 0}};
    struct dns_answer answer = {.status = DNS_FOUND,
                                .type = (uint16_t)ask->type,
                                .count = 1,
                                .name = "",
                                .canonical = "",
                                .why = "ok",
                                .records = &address};

    for (size_t i = 0; i < sizeof zone / sizeof zone[0]; i++)
        if (strcmp(zone[i].name, ask->name) == 0)
            record = zone[i].text;
    if (ask->type == DNS_TXT) {
        feed_text(spf, record);
        return;
    }
    if (ask->type == DNS_MX)
        address.host.name = "mx.example.net";
    else if (ask->type == DNS_PTR)
        address.host.name = "a.mail.example.net";
    else
        assert_true(address_parse(&address.address, "192.0.2.1", 9));
    spf_feed(spf, &answer);
}

static const struct {
    const char *record;
    enum spf_result result;
    bool everybody;
} breadths[] = {
    {"v=spf1 +all", SPF_PASS, true},
    {"v=spf1 all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 +all", SPF_PASS, true}, /* a term that matches first does not hide it */
    {"v=spf1 -ip4:198.51.100.0/24 +all", SPF_PASS, true},
    {"v=spf1 ip4:0.0.0.0/0", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 ip4:0.0.0.0/0 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 ip4:0.0.0.0/1 ip4:128.0.0.0/1", SPF_PASS, true},
    {"v=spf1 ip4:192.0.0.0/8 -all", SPF_PASS, false}, /* just a /8 */
    {"v=spf1 ip4:192.0.0.0/8 ip4:2.0.0.0/32 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.0.0/9 ip4:4.0.0.0/9 ip4:6.0.0.0/9 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 ip4:10.0.0.0/8 ip4:172.16.0.0/12 ip4:192.168.0.0/16 -all", SPF_PASS, false},
    {"v=spf1 ip4:192.0.2.0/24 ip4:198.0.0.0/12 -all", SPF_PASS, false},
    {"v=spf1 ip4:192.0.2.1 -ip4:0.0.0.0/0", SPF_PASS, false},
    {"v=spf1 ip4:192.0.2.1 ?ip4:0.0.0.0/0 ~all", SPF_PASS, false},
    {"v=spf1 ip4:192.0.2.1 -all +all", SPF_PASS, false}, /* nothing follows "all" */
    {"v=spf1 ip4:192.0.2.1 ip6:::/0 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 ip6:2000::/3 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 ip6:2a00::/16 -all", SPF_PASS, false},
    {"v=spf1 ip4:192.0.2.1 ip6:2a00::/17 ip6:2600::/16 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 ip6:2a00:1::/32 ip6:2600:1::/20 -all", SPF_PASS, false},
    {"v=spf1 a/0 -all", SPF_PASS, true},
    {"v=spf1 a/1 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 a//0 -all", SPF_PASS, true},
    {"v=spf1 a/24 mx/24 -all", SPF_PASS, false},
    {"v=spf1 mx/0 -all", SPF_PASS, true},
    {"v=spf1 a mx -all", SPF_PASS, false},
    {"v=spf1 include:all.example.net -all", SPF_PASS, true},
    {"v=spf1 include:half.example.net include:other.example.net -all", SPF_PASS, true},
    {"v=spf1 include:one.example.net -all", SPF_PASS, false},
    {"v=spf1 include:deny.example.net include:one.example.net", SPF_PASS, true},
    {"v=spf1 -include:half.example.net include:one.example.net", SPF_PASS, false},
    {"v=spf1 redirect=all.example.net", SPF_PASS, true},
    {"v=spf1 redirect=one.example.net", SPF_PASS, false},
    {"v=spf1 exists:any.example.net -all", SPF_PASS, true},
    {"v=spf1 exists:%{i}.any.example.net -all", SPF_PASS, true}, /* its servers may answer for every client */
    {"v=spf1 exists:%{ir}.%{v}.any.example.net ip4:192.0.2.1 -all", SPF_PASS, true},
    {"v=spf1 ip4:192.0.2.1 exists:%{i}.any.example.net -all", SPF_PASS, false}, /* another term shows the client */
    {"v=spf1 ?exists:%{i}.any.example.net -all", SPF_NEUTRAL, false},
    {"v=spf1 a:%{i}.any.example.net -all", SPF_PASS, true},
    {"v=spf1 mx:%{i}.any.example.net -all", SPF_PASS, true},
    {"v=spf1 a:%{h}.any.example.net -all", SPF_PASS, false}, /* the HELO name is not the client's address */
    {"v=spf1 include:%{i}.one.example.net -all", SPF_PASS, true},
    {"v=spf1 include:exists.example.net -all", SPF_PASS, true},
    {"v=spf1 redirect=%{i}.one.example.net", SPF_PASS, true},
    {"v=spf1 redirect=exists.example.net", SPF_PASS, true},
    {"v=spf1 include:vendor.example.net ip4:192.0.2.1 -all", SPF_PASS, false}, /* its redirect did not match */
    {"v=spf1 include:%{d}.one.example.net -all", SPF_PASS, false},
    {"v=spf1 ptr -all", SPF_PASS, true}, /* under its own domain, reverse DNS is the proof */
    {"v=spf1 ptr:example.net -all", SPF_PASS, true},
    {"v=spf1 -exists:any.example.net ip4:192.0.2.1", SPF_FAIL, false},
    {"v=spf1 ip4:198.51.100.1 -all", SPF_FAIL, false},
};

static void a_record_that_allows_everybody_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof breadths / sizeof breadths[0]; i++) {
        struct region *r = region_new(1 << 20);
        struct spf_query query = query_for("mail.example.net");
        struct spf *spf = spf_new(&query, r);
        const struct spf_outcome *o;
        struct spf_ask ask;

        while (spf_step(spf, &ask) == SPF_ASK)
            feed_zone(spf, &ask, breadths[i].record);
        o = spf_outcome(spf);
        if (o->result != breadths[i].result || (o->allows_everybody || o->may_match_anybody) != breadths[i].everybody)
            fail_msg("%s: %s, allows %s", breadths[i].record, spf_result_name(o->result),
                     o->allows_everybody    ? "everybody"
                     : o->may_match_anybody ? "perhaps anybody"
                                            : "some");
        region_free(r);
    }
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
        cmocka_unit_test(a_record_that_allows_everybody_is_noticed),
    };

    return cmocka_run_group_tests_name("spf evaluation", tests, NULL, NULL);
}

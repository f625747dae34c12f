/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply: verdict to what Postfix is told: codes, texts, ids, headers, templates; and that no foreign byte gets out.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence_builder.h"
#include "decision.h"
#include "policy_builder.h"

/* Of these tests' own, so that they do not hang on defaults that are calibrated. */
static const char points[] = "all=0 helo_bad_syntax:100 helo_is_ours:100 helo_factory:80 helo_not_fqdn:60 "
                             "rdns_missing:40 "
                             "rdns_unconfirmed:35 helo_unresolvable:20 helo_spf_deny_all:70 greeting_helo:15 "
                             "helo_not_rdns:2 helo_spf_pass:-10 helo_same_domain:-15";

static struct policy test_policy(void)
{
    struct policy policy = builder_policy();

    builder_set(&policy, points);
    return policy;
}

static struct reply answer(const struct policy *policy, const char *line, bool first)
{
    const struct evidence *e = builder_evidence(line, region);
    struct verdict *v = region_alloc(region, sizeof(*v));

    builder_verdict(policy, e, region, v);
    memcpy(v->id, "7QK2M9", 7);
    return decision_reply(v, e, first, region);
}

static const struct {
    const char *name, *line;
    enum policy_mode mode;
    bool first;
    enum reply_verb verb;
    unsigned code;
    const char *enhanced, *text; /* text: a part of it */
} replies[] = {
    {"clean", "helo=mail.blau.com rdns=mail.blau.com:pass", MODE_ENFORCE, true, REPLY_DUNNO, 0, NULL, NULL},
    {"syntax", "helo=a?b", MODE_ENFORCE, true, REPLY_STATUS, 550, "5.5.2", "a?b is not a valid host name"},
    {"the id ends it", "helo=a?b", MODE_ENFORCE, true, REPLY_STATUS, 550, "5.5.2", " [id 7QK2M9]"},
    {"our name", "helo=mx.blau.com ours", MODE_ENFORCE, true, REPLY_STATUS, 550, "5.7.1", "mx.blau.com"},
    {"a deferral is 450 with class 4", "helo=user", MODE_ENFORCE, true, REPLY_STATUS, 450, "4.7.1",
     "user is a factory default"},
    {"soft", "helo=mx.blau.com ours", MODE_SOFT, true, REPLY_STATUS, 450, "4.7.1", "[id 7QK2M9]"},
    {"monitor", "helo=mx.blau.com ours", MODE_MONITOR, true, REPLY_DUNNO, 0, NULL, NULL},
    {"mark", "helo=mail.blau.com rdns=none", MODE_ENFORCE, true, REPLY_PREPEND, 0, NULL, "Authentication-Results: "},
    {"mark, but not a second time", "helo=mail.blau.com rdns=none", MODE_ENFORCE, false, REPLY_DUNNO, 0, NULL, NULL},
    {"a rejection is repeated", "helo=a?b", MODE_ENFORCE, false, REPLY_STATUS, 550, "5.5.2", "[id 7QK2M9]"},
    {"past client_rate", "helo=mail.blau.com rdns=none limit=client_rate", MODE_ENFORCE, true, REPLY_STATUS, 450,
     "4.7.1", "your network sends more greetings in a minute than this server looks up: try again later"},
    {"past client_waiting", "helo=mail.blau.com rdns=none limit=client_waiting", MODE_ENFORCE, true, REPLY_STATUS, 450,
     "4.7.1", "are waiting for DNS answers: try again later [id 7QK2M9]"},
    {"past client_rate in monitor mode", "helo=mail.blau.com rdns=none limit=client_rate", MODE_MONITOR, true,
     REPLY_DUNNO, 0, NULL, NULL},
    {"no reverse name", "helo=mail.blau.com rdns=none addr=nxdomain spf=denyall", MODE_ENFORCE, true, REPLY_STATUS, 550,
     "5.7.23", "no host of that name sends mail"},
};

static void reply_table(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        struct policy policy = test_policy();
        struct reply r;
        bool good;

        policy.mode = replies[i].mode;
        r = answer(&policy, replies[i].line, replies[i].first);
        good = r.verb == replies[i].verb && r.code == replies[i].code &&
               (!replies[i].enhanced || strcmp(r.enhanced, replies[i].enhanced) == 0) &&
               (!replies[i].text || (r.text && strstr(r.text, replies[i].text)));
        if (good)
            continue;
        print_error("%s: %d %u %s %s\n", replies[i].name, (int)r.verb, r.code, r.enhanced ? r.enhanced : "",
                    r.text ? r.text : "");
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static const struct {
    const char *name, *line;
    enum policy_header header;
    const char *whole;
} headers[] = {
    {"pass", "helo=mail.blau.com rdns=a.blau.com:pass spf=pass", HEADER_AUTHENTICATION_RESULTS,
     "Authentication-Results: mx.blau.com; iprev=pass policy.iprev=25.1.2.3 (a.blau.com); "
     "spf=pass smtp.helo=mail.blau.com (HELO score 0: helo_not_rdns:2,helo_same_domain:0,helo_spf_pass:-2)"},
    {"no reverse name is permerror", "helo=x rdns=none", HEADER_AUTHENTICATION_RESULTS,
     "Authentication-Results: mx.blau.com; iprev=permerror policy.iprev=25.1.2.3 "
     "(HELO score 100: helo_not_fqdn:60,rdns_missing:40)"},
    {"unconfirmed is fail; IPv6 is quoted", "helo=x rdns=a.rot.com:fail client=2a00:1::1",
     HEADER_AUTHENTICATION_RESULTS,
     "Authentication-Results: mx.blau.com; iprev=fail policy.iprev=\"2a00:1::1\" (a.rot.com) "
     "(HELO score 95: helo_not_fqdn:60,rdns_unconfirmed:35)"},
    {"temperror", "helo=x rdns=temperror", HEADER_AUTHENTICATION_RESULTS,
     "Authentication-Results: mx.blau.com; iprev=temperror policy.iprev=25.1.2.3 "
     "(HELO score 60: helo_not_fqdn:60,rdns_temperror:0)"},
    {"nothing asked", "helo=x", HEADER_AUTHENTICATION_RESULTS,
     "Authentication-Results: mx.blau.com; none (HELO score 60: helo_not_fqdn:60)"},
    {"nothing sure", "helo=x rdns=a.rot.com:fail partial", HEADER_AUTHENTICATION_RESULTS,
     "Authentication-Results: mx.blau.com; none (HELO score 60: helo_not_fqdn:60)"},
    {"score", "helo=x rdns=none proto=SMTP", HEADER_SCORE,
     "X-HELO-Score: 115 policy=default action=mark iprev=permerror id=7QK2M9 "
     "findings=helo_not_fqdn:60,rdns_missing:40,greeting_helo:15"},
};

/* Where gathering stopped early, the header names the least that the complete score can be. */
static void partial_header(void **state)
{
    struct policy policy = test_policy();
    const struct evidence *e = builder_evidence("helo=mail.blau.com rdns=none proto=SMTP", region);
    struct judgement j;
    struct verdict v;

    (void)state;
    policy.threshold_count = 1;
    judge_evidence(&policy, e, &j);
    assert_true(j.low < j.score && j.score < j.high); /* SPF and the addresses are not known */
    j.partial = true;
    policy_verdict(&j, e, region, &v);
    assert_int_equal(v.score, 55);
    assert_string_equal(decision_reply(&v, e, true, region).text,
                        "Authentication-Results: mx.blau.com; iprev=permerror policy.iprev=25.1.2.3 "
                        "(HELO score at least 45: rdns_missing:40,greeting_helo:15)");
    policy.header = HEADER_SCORE;
    assert_string_equal(decision_reply(&v, e, true, region).text,
                        "X-HELO-Score: at least 45 policy=default action=mark iprev=permerror "
                        "findings=rdns_missing:40,greeting_helo:15");
}

static void header_table(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct policy policy = test_policy();
        struct reply r;

        policy.threshold_count = 1; /* everything is marked */
        policy.thresholds[0].score = 0;
        policy.header = headers[i].header;
        r = answer(&policy, headers[i].line, true);
        if (r.verb == REPLY_PREPEND && strcmp(r.text, headers[i].whole) == 0)
            continue;
        print_error("%s:\n  %s\n  %s\n", headers[i].name, r.text ? r.text : "", headers[i].whole);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void texts_of_the_policy(void **state)
{
    struct policy policy = test_policy();
    struct reply r;

    (void)state;
    policy.reject_text = "%{helo} from %{client} (%{rdns}), 100%% %{rule} at %{score}: %{advice}";
    policy.help_url = "https://help.blau.com/?id=%{id}&helo=%{helo}";
    r = answer(&policy, "helo=a?b&c rdns=none", true);
    assert_string_equal(r.text,
                        "a?b&c from 25.1.2.3 (unknown), 100% helo_bad_syntax at 140: your HELO name a?b&c is not a "
                        "valid "
                        "host name (illegal character): greet with a host name that points to 25.1.2.3; see "
                        "https://help.blau.com/?id=7QK2M9&helo=a%3Fb%26c [id 7QK2M9]");
    policy.reject_text = "no, see %{help_url} first";
    r = answer(&policy, "helo=a?b", true);
    assert_string_equal(r.text, "no, see https://help.blau.com/?id=7QK2M9&helo=a%3Fb first [id 7QK2M9]");
    policy.header_always = true;
    r = answer(&policy, "helo=mail.blau.com", true);
    assert_int_equal(r.verb, REPLY_PREPEND);
    policy.mode = MODE_MONITOR;
    r = answer(&policy, "helo=mail.blau.com", true);
    assert_int_equal(r.verb, REPLY_DUNNO);
}

static void own_actions(void **state)
{
    struct policy policy = test_policy();
    struct reply r;

    (void)state;
    policy.thresholds[2].has_reply = true;
    policy.thresholds[2].reply =
        (struct reply){.verb = REPLY_STATUS, .code = 554, .enhanced = "5.7.0", .text = "go away, %{helo}"};
    r = answer(&policy, "helo=a?b", true);
    assert_int_equal(r.code, 554);
    assert_string_equal(r.enhanced, "5.7.0");
    assert_string_equal(r.text, "go away, a?b [id 7QK2M9]");
    policy.mode = MODE_SOFT;
    r = answer(&policy, "helo=a?b", true);
    assert_int_equal(r.code, 450);
    assert_string_equal(r.enhanced, "4.7.0");
    policy.mode = MODE_ENFORCE;
    policy.thresholds[0].has_reply = true;
    policy.thresholds[0].reply = (struct reply){.verb = REPLY_WARN, .text = "%{helo} has %{score}"};
    r = answer(&policy, "helo=mail.blau.com rdns=none", true);
    assert_int_equal(r.verb, REPLY_WARN);
    assert_string_equal(r.text, "mail.blau.com has 40");
    policy.thresholds[0].reply = (struct reply){.verb = REPLY_RESTRICTION, .text = "greylist"};
    r = answer(&policy, "helo=mail.blau.com rdns=none", true);
    assert_int_equal(r.verb, REPLY_RESTRICTION);
    assert_string_equal(r.text, "greylist");
}

static void template_checks(void **state)
{
    static const struct {
        const char *text, *unknown; /* NULL: good */
    } rows[] = {
        {"", NULL},
        {"plain", NULL},
        {"100%", NULL},
        {"100%% %{helo}%{client}", NULL},
        {"%%{nonsense}", NULL},
        {"%{nonsense} %{helo}", "nonsense} %{helo}"},
        {"%{helo} %{hel}", "hel}"},
        {"%{helo", "helo"},
        {"%{}", "}"},
        {"%{HELO}", "HELO}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *unknown = "";

        assert_int_equal(template_check(rows[i].text, &unknown), rows[i].unknown == NULL);
        if (rows[i].unknown)
            assert_string_equal(unknown, rows[i].unknown);
    }
    assert_true(template_uses("see %{spf_explanation}", "spf_explanation"));
    assert_false(template_uses("see %%{spf_explanation}", "spf_explanation"));
    for (size_t i = 0; i < rules_count; i++) {
        const char *unknown;

        assert_true(template_check(rules[i]->advice, &unknown));
    }
    for (const struct decision_macro *m = decision_macros; m->name; m++)
        assert_true(m->summary[0] && m->value);
}

static void every_advice_fits(void **state)
{
    struct evidence *e = builder_evidence("helo=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.blau.com "
                                          "rdns=none client=2a00:1111:2222:3333:4444:5555:6666:7777",
                                          region);

    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        const struct finding f = {.rule = (int16_t)i, .detail = "some detail that is not so short"};
        const char *advice = decision_advice(&f, e, region);

        assert_null(strstr(advice, "%{"));
        assert_true(strlen(advice) > 10 && strlen(advice) < REPLY_TEXT_MAX);
    }
}

/*
 * RFC 5321 section 4.5.3.1.5: a line of a reply has at most 512 bytes. Postfix puts the HELO name before the text,
 * or the recipient, and both may be long. The id stays. What is cut is marked.
 */
static void long_names(void **state)
{
    static const char prefix[] = "550 5.7.25 <>: Recipient address rejected: \r\n";
    struct policy policy = test_policy();

    (void)state;
    for (size_t n = 20; n <= 250; n++) {
        struct evidence *e = builder_evidence("helo=mail.blau.com addr=nxdomain rdns=none spf=denyall", region);
        struct request *request = (struct request *)(uintptr_t)e->request;
        struct verdict *v = region_alloc(region, sizeof(*v));
        char *name = region_alloc(region, n + 1);
        const char *text;

        memset(name, 'x', n);
        name[n] = '\0';
        request->helo_name = n % 2 ? name : "mail.blau.com";
        request->recipient = n % 2 ? "" : name;
        builder_verdict(&policy, e, region, v);
        memcpy(v->id, "7QK2M9", 7);
        text = decision_reply(v, e, true, region).text;
        assert_true(strlen(prefix) + n + strlen(text) <= 512);
        assert_string_equal(text + strlen(text) - 12, " [id 7QK2M9]");
        if (n % 2)
            assert_true((n > 80) == (strstr(text, "xxx... says that") != NULL));
        assert_non_null(strstr(text, "greet with a host name of your")); /* however long the names are */
        region_reset(region);
    }
}

/* A help_url as long as may be takes none of the room that the text has left. */
static void long_url(void **state)
{
    static char url[201] = "https://help.blau.com/";
    struct policy policy = test_policy();

    (void)state;
    memset(url + strlen(url), 'u', sizeof(url) - 1 - strlen(url));
    policy.help_url = url;
    assert_non_null(strstr(answer(&policy, "helo=user rdns=none", true).text, "points to 25.1.2.3; see https://help"));
}

/* The reply names a second fault, but not one of a few points. */
static void second_fault(void **state)
{
    struct policy policy = test_policy();

    (void)state;
    assert_non_null(strstr(answer(&policy, "helo=user rdns=none", true).text, "; also, your address 25.1.2.3 has no"));
    builder_set(&policy, "all=0 helo_factory:90 rdns_missing:9");
    assert_null(strstr(answer(&policy, "helo=user rdns=none", true).text, "; also, "));
    builder_set(&policy, "all=0 helo_factory:90 rdns_missing:9 greeting_helo:10");
    assert_non_null(strstr(answer(&policy, "helo=user rdns=none proto=SMTP", true).text, "; also, your server greets"));
}

static uint64_t seed;

static unsigned below(unsigned n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % n);
}

static const char *random_bytes(size_t most)
{
    size_t n = below((unsigned)most);
    char *s = region_alloc(region, n + 1);

    for (size_t i = 0; i < n; i++)
        s[i] = below(3) ? "\r\n\t \"\\<>();%{}\x7f\x80\xff[]"[below(20)] : (char)(1 + below(255));
    return s;
}

static bool printable(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
            return false;
    return true;
}

/* HELO, PTR, sender and details of any bytes: replies and headers stay one printable line that ends in the id. */
static void hostile_bytes(void **state)
{
    struct policy policy = test_policy();

    (void)state;
    seed = 1;
    policy.reject_text = "%{helo}%{rdns}%{sender}%{recipient}%{detail}%{spf_explanation}%{advice}";
    policy.help_url = "http://h/%{helo}/%{rdns}";
    for (unsigned round = 0; round < 3000; round++) {
        struct evidence *e = builder_evidence("helo=mx.blau.com ours rdns=a.rot.com:pass spf=fail", region);
        struct request *request = (struct request *)(uintptr_t)e->request;
        struct verdict *v = region_alloc(region, sizeof(*v));
        struct reply r;

        e->rdns[0].name.text = random_bytes(300);
        request->helo_name = random_bytes(600);
        request->sender = random_bytes(600);
        request->recipient = random_bytes(600);
        ((struct spf_outcome *)(uintptr_t)e->helo_spf)->explanation = random_bytes(600);
        builder_verdict(&policy, e, region, v);
        v->findings[0].detail = random_bytes(300);
        memcpy(v->id, "7QK2M9", 7);
        r = decision_reply(v, e, true, region);
        assert_int_equal(r.verb, REPLY_STATUS);
        assert_true(printable(r.text) && strlen(r.text) <= REPLY_TEXT_MAX);
        assert_string_equal(r.text + strlen(r.text) - 12, " [id 7QK2M9]");
        v->outcome = OUTCOME_MARK;
        v->threshold = &policy.thresholds[0];
        r = decision_reply(v, e, true, region);
        assert_int_equal(r.verb, REPLY_PREPEND);
        assert_true(printable(r.text) && strlen(r.text) <= REPLY_HEADER_MAX);
        region_reset(region);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_table),         cmocka_unit_test(partial_header), cmocka_unit_test(header_table),
        cmocka_unit_test(texts_of_the_policy), cmocka_unit_test(own_actions),    cmocka_unit_test(template_checks),
        cmocka_unit_test(every_advice_fits),   cmocka_unit_test(hostile_bytes),  cmocka_unit_test(long_names),
        cmocka_unit_test(second_fault),        cmocka_unit_test(long_url),
    };
    return cmocka_run_group_tests_name("decision reply", tests, builder_start, builder_stop);
}

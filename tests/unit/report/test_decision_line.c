/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decision_line: written by the book, read back the same, never over its size, whatever bytes strangers send.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence_builder.h"
#include "decision.h"
#include "decision_line.h"
#include "policy_builder.h"

static struct policy policy, shadow_policy;

static struct verdict *judge(const struct policy *by, const struct evidence *e)
{
    struct verdict *v = region_alloc(region, sizeof(*v));

    builder_verdict(by, e, region, v);
    memcpy(v->id, "7QK2M9", 7);
    return v;
}

static const char points[] = "all=0 helo_not_fqdn:60 rdns_dynamic:35 greeting_helo:20 helo_spf_pass:-15 "
                             "helo_is_ours:100 "
                             "helo_dynamic:90";

/* The whole line of a greeting, and its fields. */
static const char *line_of(const char *greeting, bool with_shadow, struct decision_field_list *list)
{
    struct evidence *e = builder_evidence(greeting, region);
    struct verdict *v = judge(&policy, e), *shadow = with_shadow ? judge(&shadow_policy, e) : NULL;
    struct reply reply = decision_reply(v, e, true, region);
    struct decision_record record = {
        .verdict = v, .shadow = shadow, .evidence = e, .request = e->request, .reply = &reply, .ms = 14};
    char out[DECISION_LINE_SIZE];
    size_t n;

    e->queries = 3;
    e->cached = 1;
    e->dns_ms = 13;
    n = decision_line_write(&record, out);
    assert_int_equal(n, strlen(out));
    if (list)
        decision_line_list(&record, list);
    return region_strdup(region, out);
}

static const struct {
    const char *greeting;
    bool shadow;
    const char *line;
} lines[] = {
    {"helo=User rdns=host-5.dyn.rot.com:pass/dynamic proto=SMTP sender=a@blau.com", false,
     "decision v=1 id=7QK2M9 action=reject judged=reject score=115 threshold=reject policy=default mode=enforce "
     "client=25.1.2.3 "
     "rdns=host-5.dyn.rot.com fcrdns=pass helo=User proto=SMTP sender=a@blau.com instance=1f3.5a "
     "findings=helo_not_fqdn:60,rdns_dynamic:35,greeting_helo:20 dns=3/13ms cached=1 ms=14 "
     "reply=\"550 5.5.2 your HELO name User has no domain: greet with a full host name such as mail.your-domain "
     "that has an address record for 25.1.2.3; also, your reverse name host-5.dyn.rot.com looks like that \""},
    {"helo=mail.blau.com rdns=none spf=pass client=2a00:1::1", true,
     "decision v=1 id=7QK2M9 action=dunno judged=dunno score=0 threshold=\"\" policy=default mode=enforce "
     "client=2a00:1::1 "
     "rdns=\"\" fcrdns=none helo=mail.blau.com proto=ESMTP sender=\"\" instance=1f3.5a "
     "findings=helo_spf_pass:0 spf=pass "
     "shadow=candidate shadow_action=defer shadow_score=70 dns=3/13ms cached=1 ms=14 reply=DUNNO"},
    {"helo=dsl-7.rot.com naming=dynamic proto=SMTP rdns=temperror", false,
     "decision v=1 id=7QK2M9 action=defer judged=defer score=110 threshold=reject policy=default mode=enforce "
     "client=25.1.2.3 rdns=\"\" "
     "fcrdns=temperror helo=dsl-7.rot.com proto=SMTP sender=\"\" instance=1f3.5a "
     "findings=helo_dynamic:90,greeting_helo:20,rdns_temperror:0 doubt=15 dns=3/13ms cached=1 ms=14 "
     "reply=\"450 4.7.1 dsl-7.rot.com looks like the name of a dynamic or broadband customer address: greet with a "
     "host name of your own that points to 25.1.2.3; also, your server greets with HELO: configure it t\""},
};

static void written(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *line = line_of(lines[i].greeting, lines[i].shadow, NULL);

        if (strcmp(line, lines[i].line) == 0)
            continue;
        print_error("written:  %s\nexpected: %s\n", line, lines[i].line);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* Every field of the line is in the list, in its order, with the same value. A reply is cut at another place. */
static void listed(void **state)
{
    char joined[4096];
    struct text t;

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct decision_field_list list;
        size_t n = strlen(line_of(lines[i].greeting, lines[i].shadow, &list));

        text_init(&t, joined, sizeof(joined));
        text_add(&t, "decision");
        for (unsigned k = 0; k < list.count; k++) {
            const struct log_field *f = &list.fields[k];

            text_addf(&t, " %s=", f->name);
            text_add_as(&t, strchr(f->value, ' ') || !f->value[0] ? TEXT_LOGFMT : TEXT_PLAIN, f->value, SIZE_MAX);
            assert_int_equal(f->number, f->value[0] && strspn(f->value, "0123456789") == strlen(f->value));
        }
        assert_memory_equal(joined, lines[i].line, n - 2);
    }
}

/* A field's value is the received one: each sink escapes it in its own way. */
static void listed_as_received(void **state)
{
    struct evidence *e = builder_evidence("helo=mail.blau.com", region);
    struct request request = *e->request;
    const struct reply reply = {.verb = REPLY_DUNNO};
    struct decision_field_list list;
    struct decision_record record = {
        .verdict = judge(&policy, e), .evidence = e, .request = &request, .reply = &reply, .ms = 14};
    const char *helo = NULL, *ms = NULL;

    (void)state;
    request.helo_name = "a\"b\n=\\ \xff";
    decision_line_list(&record, &list);
    for (unsigned i = 0; i < list.count; i++) {
        if (strcmp(list.fields[i].name, "helo") == 0 && !list.fields[i].number)
            helo = list.fields[i].value;
        if (strcmp(list.fields[i].name, "ms") == 0 && list.fields[i].number)
            ms = list.fields[i].value;
    }
    assert_string_equal(helo, "a\"b\n=\\ \xff");
    assert_string_equal(ms, "14");
}

static void skipped(void **state)
{
    static const struct exemption exemption = {
        .kind = EXEMPT_HELO, .pattern = ".rot.com", .file = "x", .line = 1, .why = ""};
    struct evidence *e = builder_evidence("helo=mail.rot.com", region);
    const struct reply reply = {.verb = REPLY_DUNNO};
    struct decision_fields f;
    char out[DECISION_LINE_SIZE];
    struct decision_record record = {.evidence = e, .request = e->request, .reply = &reply, .exemption = &exemption};

    (void)state;
    e->skip = SKIP_EXEMPT;
    e->exemption = 0;
    record.verdict = judge(&policy, e);
    decision_line_write(&record, out);
    assert_non_null(strstr(out, " skip=exempt exemption=helo:.rot.com client="));
    assert_true(decision_line_read(out, strlen(out), region, &f));
    assert_string_equal(f.skip, "exempt");
    assert_string_equal(f.exemption, "helo:.rot.com");
    assert_int_equal(f.finding_count, 0);
    record.evidence = NULL;
    decision_line_write(&record, out);
    assert_true(decision_line_read(out, strlen(out), region, &f));
}

/* Why the DNS was not asked stands before what it was asked; nothing does where it was. */
static void limited(void **state)
{
    struct evidence *e = builder_evidence("helo=mail.rot.com", region);
    const struct reply reply = {.verb = REPLY_DUNNO};
    struct decision_record record = {.evidence = e, .request = e->request, .reply = &reply};
    char out[DECISION_LINE_SIZE], want[64];
    struct decision_fields f;

    (void)state;
    for (enum limit limit = LIMIT_NONE; limit < LIMIT_COUNT; limit++) {
        e->limit = limit;
        record.verdict = judge(&policy, e);
        decision_line_write(&record, out);
        snprintf(want, sizeof(want), " limit=%s dns=", limit_name(limit));
        assert_int_equal(strstr(out, " limit=") == NULL, limit == LIMIT_NONE);
        assert_int_equal(strstr(out, want) == NULL, limit == LIMIT_NONE);
        assert_true(decision_line_read(out, strlen(out), region, &f));
        assert_string_equal(f.limit, limit_name(limit));
    }
}

static void read_back(void **state)
{
    struct decision_fields f;

    (void)state;
    assert_true(decision_line_read(lines[0].line, strlen(lines[0].line), region, &f));
    assert_int_equal(f.version, 1);
    assert_string_equal(f.id, "7QK2M9");
    assert_string_equal(f.action, "reject");
    assert_int_equal(f.score, 115);
    assert_string_equal(f.threshold, "reject");
    assert_string_equal(f.policy, "default");
    assert_string_equal(f.mode, "enforce");
    assert_string_equal(f.client, "25.1.2.3");
    assert_string_equal(f.rdns, "host-5.dyn.rot.com");
    assert_string_equal(f.fcrdns, "pass");
    assert_string_equal(f.helo, "User");
    assert_string_equal(f.proto, "SMTP");
    assert_string_equal(f.sender, "a@blau.com");
    assert_string_equal(f.instance, "1f3.5a");
    assert_int_equal(f.finding_count, 3);
    assert_string_equal(f.findings[1].rule, "rdns_dynamic");
    assert_int_equal(f.findings[1].points, 35);
    assert_int_equal(f.dns, 3);
    assert_int_equal(f.cached, 1);
    assert_int_equal(f.ms, 14);
    assert_string_equal(f.skip, "");
    assert_true(strncmp(f.reply, "550 5.5.2 your", 14) == 0);
    assert_true(decision_line_read(lines[1].line, strlen(lines[1].line), region, &f));
    assert_string_equal(f.shadow, "candidate");
    assert_string_equal(f.shadow_action, "defer");
    assert_int_equal(f.shadow_score, 70);
    assert_string_equal(f.spf, "pass");
    assert_int_equal(f.findings[0].points, 0); /* a credit that lowers nothing counts nothing */
    assert_true(decision_line_read(lines[2].line, strlen(lines[2].line), region, &f));
    assert_int_equal(f.doubt, 15);
}

/* What logs put in front, and what only looks like a decision. */
static const struct {
    const char *line;
    bool good;
    const char *helo;
} logs[] = {
    {"decision v=1 action=mark helo=a", true, "a"},
    {"decision v=1 action=mark helo=a\n", true, "a"},
    {"decision v=1 action=mark helo=a\r\n", true, "a"},
    {"Nov 22 02:03:04 mx helod[123]: decision v=1 action=mark helo=a", true, "a"},
    {"2026-11-22T02:03:04.123456+01:00 mx helod[123]: decision v=1 action=mark helo=a", true, "a"},
    {"<22>1 2026-11-22T02:03:04Z mx helod 123 - - decision v=1 action=mark helo=a", true, "a"},
    {"<22>1 2026-11-22T02:03:04Z mx helod 123 - - \xef\xbb\xbf"
     "decision v=1 action=mark helo=a",
     true, "a"},
    {"Nov 22 02:03:04.123456 mx helod[123]: decision v=1 action=mark helo=a", true, "a"},
    {"MESSAGE=decision v=1 action=mark helo=a", true, "a"},
    {"decision v=1 action=mark helo=\"a b\\\"\\\\\\x0a\\xff\"", true, "a b\"\\\n\xff"},
    {"decision v=1 action=mark helo=\"decision v=1 action=reject helo=b\"", true, "decision v=1 action=reject helo=b"},
    {"decision v=1 action=mark new_key=\"x y\" helo=a", true, "a"},
    {"decision v=1 action=mark helo=", true, ""},
    {"", false, NULL},
    {"decision v=", false, NULL},
    {"decision v=1", false, NULL},
    {"decision v=2 action=mark helo=a", false, NULL},
    {"decision v=1 action=mark helo=\"a", false, NULL},
    {"decision v=1 action=mark helo=\"a\\\"", false, NULL},
    {"decision v=1 action=mark helo=\"a\"b", false, NULL},
    {"decision v=1 action=mark helo=\"\\x0\"", false, NULL},
    {"decision v=1 action=mark helo=\"\\x00\"", false, NULL},
    {"decision v=1 action=mark helo=\"\\n\"", false, NULL},
    {"decision v=1 action=mark helo", false, NULL},
    {"decision v=1 action=mark =a", false, NULL},
    {"decision v=1 action=mark  helo=a", false, NULL},
    {"decision v=1 action=mark helo=a helo=b", false, NULL},
    {"decision v=1 v=1 action=mark", false, NULL},
    {"decision v=1 action=mark score=abc", false, NULL},
    {"decision v=1 action=mark score=9999999", false, NULL},
    {"decision v=1 action=mark findings=a", false, NULL},
    {"decision v=1 action=mark findings=a:1,", false, NULL},
    {"decision v=1 action=mark findings=:1", false, NULL},
    {"decision v=1 action=mark findings=a:1,+2,b:1", false, NULL},
    {"decision v=1 action=mark a_key_that_is_longer_than_any=1", false, NULL},
    {"postfix/smtpd[1]: NOQUEUE: helo=<decision v=1", false, NULL},
    {"xdecision v=1 action=mark helo=a", false, NULL},
    {"helod[123]: no decision was made", false, NULL},
};

static void log_formats(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
        struct decision_fields f;
        size_t n = strlen(logs[i].line);
        char *exact = malloc(n ? n : 1); /* no byte past the line: for the sanitizers */
        bool good;

        memcpy(exact, logs[i].line, n);
        good = decision_line_read(exact, n, region, &f);
        free(exact);
        if (good == logs[i].good && (!good || strcmp(f.helo, logs[i].helo) == 0))
            continue;
        print_error("%s: %s\n", good ? "read" : "not read", logs[i].line);
        wrong++;
    }
    assert_int_equal(wrong, 0);
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
        s[i] = below(3) ? (char)('a' + below(26)) : (char)(1 + below(255));
    return s;
}

static bool printable(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
            return false;
    return true;
}

/* `read` is `written`, or its beginning where it was cut. */
static void assert_begins(const char *written_value, const char *read)
{
    assert_int_equal(strncmp(written_value, read, strlen(read)), 0);
}

static void random_findings(struct verdict *v, unsigned most)
{
    v->finding_count = below(most + 1);
    for (unsigned i = 0; i < v->finding_count; i++)
        v->findings[i] = (struct finding){
            .rule = (int16_t)below((unsigned)rules_count), .detail = "", .counted = (int)below(2000) - 1000};
}

/* Any bytes in any value: one printable line within the size, that reads back. */
static void round_trip(void **state)
{
    (void)state;
    seed = 7;
    for (unsigned round = 0; round < 20000; round++) {
        size_t most = round % 2 ? 20 : 700;
        struct evidence *e = builder_evidence("helo=x rdns=a.rot.com:pass spf=none", region);
        struct request *request = (struct request *)(uintptr_t)e->request;
        struct verdict *v = judge(&policy, e), *shadow = judge(&shadow_policy, e);
        struct reply reply = {.verb = REPLY_STATUS, .code = 550, .enhanced = "5.7.1", .text = random_bytes(most)};
        struct decision_record record = {.verdict = v,
                                         .shadow = below(2) ? shadow : NULL,
                                         .evidence = e,
                                         .request = request,
                                         .reply = &reply,
                                         .ms = below(10000)};
        char out[DECISION_LINE_SIZE];
        struct decision_fields f;
        size_t n;

        request->helo_name = random_bytes(most);
        request->sender = random_bytes(most);
        request->instance = random_bytes(most);
        request->protocol_name = random_bytes(most);
        e->rdns[0].name.text = random_bytes(most);
        random_findings(v, round % 3 ? 5 : VERDICT_FINDINGS_MAX);
        v->score = (int)below(500);
        v->doubt = (int)below(3);
        v->partial = below(2) == 1;
        n = decision_line_write(&record, out);
        assert_true(n == strlen(out) && n < DECISION_LINE_SIZE && printable(out));
        assert_true(decision_line_read(out, n, region, &f));
        assert_begins(request->helo_name, f.helo);
        assert_begins(request->sender, f.sender);
        assert_begins(request->instance, f.instance);
        assert_begins(e->rdns[0].name.text, f.rdns);
        if (most == 20 && v->finding_count <= 5) {
            assert_string_equal(f.helo, request->helo_name);
            assert_string_equal(f.rdns, e->rdns[0].name.text);
        }
        assert_int_equal(f.finding_count + f.findings_cut, v->finding_count);
        assert_true(f.finding_count >= 5 || f.findings_cut == 0);
        for (unsigned i = 0; i < f.finding_count; i++) {
            assert_string_equal(f.findings[i].rule, rule_names[v->findings[i].rule]);
            assert_int_equal(f.findings[i].points, v->findings[i].counted);
        }
        assert_int_equal(f.score, v->score);
        assert_int_equal(f.doubt, v->doubt);
        assert_string_equal(f.partial, v->partial ? "yes" : "");
        assert_int_equal(f.ms, record.ms);
        assert_string_equal(f.shadow, record.shadow ? "candidate" : "");
        region_reset(region);
    }
}

static void fields_are_documented(void **state)
{
    (void)state;
    for (const struct decision_line_field *f = decision_line_fields; f->name; f++)
        assert_true(f->summary[0] && f->write);
}

static int start(void **state)
{
    policy = shadow_policy = builder_policy();
    builder_set(&policy, points);
    builder_set(&shadow_policy, "all=0 rdns_missing_ipv6:70");
    shadow_policy.name = "candidate";
    return builder_start(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written),     cmocka_unit_test(listed),     cmocka_unit_test(listed_as_received),
        cmocka_unit_test(skipped),     cmocka_unit_test(limited),    cmocka_unit_test(read_back),
        cmocka_unit_test(log_formats), cmocka_unit_test(round_trip), cmocka_unit_test(fields_are_documented),
    };
    return cmocka_run_group_tests_name("decision line", tests, start, builder_stop);
}

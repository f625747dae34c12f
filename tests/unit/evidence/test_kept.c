/* SPDX-License-Identifier: BSD-2-Clause */
/* Kept evidence: when exactly a piece ends, what is never kept, for whom it is, and how much there may be of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "policyfile.h"
#include "side.h"

/* A world of one TTL; `changed` gives HELO another address. */
struct plain {
    uint32_t ttl;
    enum dns_status reverse; /* of the PTR record */
    bool changed;
};

static void plain_answer(void *arg, const char *name, uint16_t type, struct oracle_answer *out)
{
    const struct plain *plain = arg;

    out->ttl = plain->ttl;
    out->status = DNS_NODATA;
    if (type == DNS_PTR) {
        out->status = plain->reverse;
        out->values[0] = "o1.rot.com";
    } else if (type == DNS_A) {
        out->status = DNS_FOUND;
        out->values[0] = plain->changed && strcmp(name, "mail.blau.com") == 0 ? "26.1.1.1" : "25.1.2.3";
    } else if (type == DNS_TXT) {
        out->status = DNS_FOUND;
        out->values[0] = "v=spf1 ip4:25.0.0.0/8 -all exp=why.blau.com";
        if (strcmp(name, "why.blau.com") == 0)
            out->values[0] = "no";
    }
    out->count = out->status == DNS_FOUND;
}

static const struct resolver_options plain_options = {
    .cache_entries = 65536, .ttl_max = 3600, .negative_ttl_max = 20, .failure_ttl = 5};

/* When a piece ends: questions at these times; at each, is it recalled, and is the DNS asked? */
static const struct {
    const char *name;
    uint32_t ttl;
    enum dns_status reverse;
    unsigned at_ms[5]; /* the first two fill the cache and the piece */
    bool recalled[5], asked[5];
} times[] = {
    {"the first answer that ends", 10, DNS_FOUND, {0, 0, 8999, 9001, 10000}, {0, 0, 1, 0, 0}, {1, 0, 0, 0, 1}},
    {"what was in the cache a while", 10, DNS_FOUND, {0, 4500, 9499, 9500, 10000}, {0, 0, 1, 0, 0}, {1, 0, 0, 0, 1}},
    {"in its last second nothing is kept", 10, DNS_FOUND, {0, 9500, 9600, 9700, 10000}, {0}, {1, 0, 0, 0, 1}},
    {"kept again", 10, DNS_FOUND, {0, 0, 10000, 10001, 10002}, {0, 0, 0, 0, 1}, {1, 0, 1, 0, 0}},
    {"a negative one is clamped", 300, DNS_NXDOMAIN, {0, 0, 18900, 19001, 20000}, {0, 0, 1, 0, 0}, {1, 0, 0, 0, 1}},
    {"a failure is never kept", 300, DNS_TEMPERROR, {0, 0, 10, 4900, 5000}, {0}, {1, 0, 0, 0, 1}},
    {"nor what no cache keeps", 0, DNS_FOUND, {0, 0, 0, 0, 0}, {0}, {1, 1, 1, 1, 1}},
};

static void plain_open(struct side *s, struct plain *plain, const struct settings *settings)
{
    side_open(s, oracle_new(plain_answer, plain, &plain_options), gather_kept_new(settings));
}

static void test_time(void **state)
{
    struct settings *settings = side_settings("");
    struct gather_options options = {.settings = settings, .policy = settings_policy(settings, "")};
    struct request req = side_request("25.1.2.3", "mail.blau.com");

    (void)state;
    for (size_t row = 0; row < sizeof(times) / sizeof(times[0]); row++) {
        struct plain plain = {.ttl = times[row].ttl, .reverse = times[row].reverse};
        uint64_t began = clock_ms();
        bool is_new;
        struct side s;

        plain_open(&s, &plain, settings);
        for (unsigned i = 0; i < 5; i++) {
            unsigned recalled = oracle_recalled(s.context.resolver), sent = oracle_sent(s.context.resolver);

            clock_advance(began + times[row].at_ms[i] - clock_ms());
            side_judge(&s, &options, &req, false);
            if (i == 0)
                assert_int_equal(gather_kept_count(s.context.kept), 0); /* a stranger's one question */
            recalled = oracle_recalled(s.context.resolver) - recalled;
            sent = oracle_sent(s.context.resolver) - sent;
            if ((recalled > 0) != times[row].recalled[i] || (sent > 0) != times[row].asked[i])
                fail_msg("%s: question %u: %u answers recalled, %u asked for", times[row].name, i, recalled, sent);
            /* The DNS changed right after the first question: that is believed once the TTL is over. */
            is_new = plain.changed && times[row].at_ms[i] >= times[row].ttl * 1000;
            plain.changed = true;
            assert_int_equal(s.evidence->helo_is_client, is_new ? KNOWN_ABSENT : KNOWN_PRESENT);
        }
        side_close(&s);
    }
    settings_unref(settings);
}

static void look(void *arg, const struct dns_answer *answer, bool from_cache)
{
    (void)arg;
    (void)answer;
    (void)from_cache;
}

/* Of three equal questions, of which the second is answered out of the cache: is it kept for the third? */
static const struct {
    const char *name, *file, *client, *helo;
    struct gather_options options;
    bool kept;
} kinds[] = {
    {"a question of the daemon", "", "25.1.2.3", "mail.blau.com", {.also = 0}, true},
    {"an address literal", "", "25.1.2.3", "[25.1.2.9]", {.also = 0}, true},
    {"a client that SPF refuses", "", "27.1.2.3", "mail.blau.com", {.also = 0}, true},
    {"an SPF explanation",
     "policy \"default\" { reject_text = \"%{spf_explanation}\" }",
     "27.1.2.3",
     "mail.blau.com",
     {.also = 0},
     false},
    {"an exempt client", "exempt { clients = { \"25.1.2.3\" } }", "25.1.2.3", "mail.blau.com", {.also = 0}, false},
    {"under stress", "", "25.1.2.3", "mail.blau.com", {.limit = LIMIT_STRESS}, false},
    {"the guard holds the DNS back", "", "25.1.2.3", "mail.blau.com", {.suspend_dns = true}, false},
    {"everything is asked for", "", "25.1.2.3", "mail.blau.com", {.everything = true}, false},
    {"more is asked for", "", "25.1.2.3", "mail.blau.com", {.also = NEED_HELO_MX}, false},
    {"somebody looks at the answers", "", "25.1.2.3", "mail.blau.com", {.observer = look}, false},
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(kinds) / sizeof(kinds[0]); row++) {
        struct settings *settings = side_settings(kinds[row].file);
        struct gather_options options = kinds[row].options;
        struct request req = side_request(kinds[row].client, kinds[row].helo);
        struct plain plain = {.ttl = 300};
        struct side s;

        options.settings = settings;
        options.policy = settings_policy(settings, "");
        plain_open(&s, &plain, settings);
        for (unsigned i = 0; i < 3; i++)
            side_judge(&s, &options, &req, false);
        if (gather_kept_count(s.context.kept) != kinds[row].kept ||
            (oracle_recalled(s.context.resolver) > 0) != kinds[row].kept)
            fail_msg("%s: %zu pieces, %u answers recalled", kinds[row].name, gather_kept_count(s.context.kept),
                     oracle_recalled(s.context.resolver));
        side_close(&s);
        settings_unref(settings);
    }
}

/* What is kept of the first row is for no other; the last is the same greeting as the first, in other letters. */
static const struct {
    const char *name, *client, *helo, *client_name, *reverse_client_name;
    bool recalled;
} others[] = {
    {"a greeting", "25.1.2.3", "mail.blau.com", "m1.rot.com", "m1.rot.com", true},
    {"another client", "25.1.2.4", "mail.blau.com", "m1.rot.com", "m1.rot.com", false},
    {"another HELO", "25.1.2.3", "smtp.blau.com", "m1.rot.com", "m1.rot.com", false},
    {"another name of the client", "25.1.2.3", "mail.blau.com", "m2.rot.com", "m2.rot.com", false},
    {"a name that is not confirmed", "25.1.2.3", "mail.blau.com", "unknown", "m1.rot.com", false},
    {"no name", "25.1.2.3", "mail.blau.com", "unknown", "unknown", false},
    {"the same", "25.1.2.3", "MAIL.blau.com.", "m1.rot.com", "m1.rot.com", true},
};

static void test_another_greeting(void **state)
{
    struct settings *settings = side_settings("");
    struct gather_options options = {.settings = settings, .policy = settings_policy(settings, "")};
    struct plain plain = {.ttl = 300};
    struct side s;

    (void)state;
    plain_open(&s, &plain, settings);
    for (size_t row = 0; row < sizeof(others) / sizeof(others[0]); row++) {
        struct request req = side_request(others[row].client, others[row].helo);
        unsigned before;

        req.client_name = others[row].client_name;
        req.reverse_client_name = others[row].reverse_client_name;
        for (unsigned i = 0; row == 0 && i < 2; i++)
            side_judge(&s, &options, &req, false);
        before = oracle_recalled(s.context.resolver);
        side_judge(&s, &options, &req, false);
        if ((oracle_recalled(s.context.resolver) > before) != others[row].recalled)
            fail_msg("%s: %u answers recalled", others[row].name, oracle_recalled(s.context.resolver) - before);
    }
    side_close(&s);
    settings_unref(settings);
}

static void test_another_policy_file(void **state)
{
    struct settings *old = side_settings(""), *next = side_settings("");
    struct gather_options before = {.settings = old, .policy = settings_policy(old, "")};
    struct gather_options after = {.settings = next, .policy = settings_policy(next, "")};
    struct request req = side_request("25.1.2.3", "mail.blau.com");
    struct plain plain = {.ttl = 300};
    struct side s;

    (void)state;
    plain_open(&s, &plain, old);
    for (unsigned i = 0; i < 2; i++)
        side_judge(&s, &before, &req, false);
    assert_int_equal(gather_kept_count(s.context.kept), 1);
    gather_kept_renew(s.context.kept, next);
    assert_int_equal(gather_kept_count(s.context.kept), 0);
    assert_int_equal(gather_kept_bytes(s.context.kept), 0);
    side_judge(&s, &before, &req, false); /* one that began before */
    assert_int_equal(gather_kept_count(s.context.kept), 0);
    side_judge(&s, &after, &req, false);
    side_judge(&s, &after, &req, false);
    assert_true(oracle_recalled(s.context.resolver) > 0);
    side_close(&s);
    settings_unref(old);
    settings_unref(next);
}

static void forget(void *arg, const struct evidence *e)
{
    (void)arg;
    (void)e;
}

/* The DNS cache has answered all, the history has not: then the policy file is replaced. */
static void test_a_policy_file_replaced_meanwhile(void **state)
{
    struct settings *old = side_settings(""), *next = side_settings("");
    struct gather_options options = {.settings = old, .policy = settings_policy(old, "")};
    struct request req = side_request("25.1.2.3", "mail.blau.com");
    struct plain plain = {.ttl = 300};
    struct history store = {.at_once = false};

    (void)state;
    for (unsigned replaced = 0; replaced < 2; replaced++) {
        struct gather *pending;
        struct side s;

        plain_open(&s, &plain, old);
        s.context.history = &store;
        side_judge(&s, &options, &req, false);
        region_reset(s.region);
        assert_null(gather_start(&s.context, &options, &req, s.region, forget, NULL, &pending));
        if (replaced)
            gather_kept_renew(s.context.kept, next);
        assert_true(oracle_remember(&store));
        assert_int_equal(gather_kept_count(s.context.kept), !replaced);
        side_close(&s);
    }
    settings_unref(old);
    settings_unref(next);
}

/* More greetings than there is room for, with names as long as they may be. */
static void test_bounds(void **state)
{
    struct settings *settings = side_settings("");
    struct gather_options options = {.settings = settings, .policy = settings_policy(settings, "")};
    struct plain plain = {.ttl = 300};
    size_t most = 0;
    struct side s;

    (void)state;
    plain_open(&s, &plain, settings);
    for (unsigned i = 0; i < 20000; i++) {
        char client[32], helo[300];
        struct request req;

        snprintf(client, sizeof(client), "25.1.%u.%u", i / 250, 1 + i % 250);
        snprintf(helo, sizeof(helo), "m%u.%0*d.blau.com", i, i < 10000 ? 1 : 60, 0);
        req = side_request(client, helo);
        side_judge(&s, &options, &req, false);
        side_judge(&s, &options, &req, false);
        assert_true(gather_kept_bytes(s.context.kept) <= 3 << 20);
        most = gather_kept_count(s.context.kept) > most ? gather_kept_count(s.context.kept) : most;
    }
    printf("# at most %zu pieces, %zu bytes at the end\n", most, gather_kept_bytes(s.context.kept));
    assert_true(most > 1000);
    assert_true(most <= 8192);
    side_close(&s);
    settings_unref(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_another_greeting),
        cmocka_unit_test(test_another_policy_file),
        cmocka_unit_test(test_a_policy_file_replaced_meanwhile),
        cmocka_unit_test(test_bounds),
    };

    clock_freeze(SIDE_WALL, 1000000);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

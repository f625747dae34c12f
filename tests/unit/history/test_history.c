/* SPDX-License-Identifier: BSD-2-Clause */
/* test_history: the contract of history.h on the memory store, with a clock moved by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "clock.h"
#include "remembering.h"

enum { START = 1767225600, DAY_MS = 86400000 };

static struct event_base *base;

static void never(void *arg, bool is_error, const char *message)
{
    (void)arg;
    fail_msg("reported (%d): %s", is_error, message);
}

static struct history *open_store(const struct history_settings *settings)
{
    struct history_options options = {.settings = settings, .report = never};
    char error[200];
    struct history *h = history_new(base, &options, error, sizeof(error));

    assert_non_null(h);
    return h;
}

static struct history *plain(void)
{
    clock_freeze(START, 1000);
    return open_store(&plain_settings);
}

/* Who said what before, who asks now, and what is known of it then. */
static const struct {
    const char *name;
    struct {
        const char *client, *helo;
        bool verified;
        unsigned times;
    } before[3];
    const char *client, *helo;
    unsigned domains, names, networks, good;
    bool other;
} rows[] = {
    {"nothing before", {{NULL, NULL, false, 0}}, "192.0.2.1", "a.b.example", 0, 0, 0, 0, false},
    {"one unverified", {{"192.0.2.1", "a.b.example", false, 1}}, "192.0.2.1", "a.b.example", 1, 1, 1, 0, false},
    {"names of one domain",
     {{"192.0.2.1", "a.b.example", false, 1}, {"192.0.2.1", "c.b.example", false, 1}},
     "192.0.2.1",
     "x.y",
     1,
     2,
     0,
     0,
     false},
    {"a word has no domain", {{"192.0.2.1", "laptop", false, 1}}, "192.0.2.1", "laptop", 0, 1, 1, 0, false},
    {"two networks",
     {{"192.0.2.1", "a.b.example", false, 1}, {"198.51.100.1", "a.b.example", false, 1}},
     "203.0.113.1",
     "a.b.example",
     0,
     0,
     2,
     0,
     false},
    {"two clients of a neighbourhood",
     {{"192.0.2.1", "a.b.example", false, 1}, {"192.0.77.2", "a.b.example", false, 1}},
     "192.0.2.3",
     "a.b.example",
     0,
     0,
     1,
     0,
     false},
    {"a verified one is no use of the name",
     {{"192.0.2.1", "a.b.example", true, 1}},
     "203.0.113.1",
     "a.b.example",
     0,
     0,
     0,
     0,
     false},
    {"verified three times", {{"192.0.2.1", "a.b.example", true, 3}}, "192.0.2.1", "c.b.example", 0, 0, 0, 3, false},
    {"known for another", {{"192.0.2.1", "a.b.example", true, 3}}, "192.0.2.1", "c.d.example", 0, 0, 0, 0, true},
    {"not known enough", {{"192.0.2.1", "a.b.example", true, 2}}, "192.0.2.1", "c.d.example", 0, 0, 0, 0, false},
    {"known for two",
     {{"192.0.2.1", "a.b.example", true, 3}, {"192.0.2.1", "a.e.example", true, 1}},
     "192.0.2.1",
     "c.d.example",
     0,
     0,
     0,
     0,
     false},
    {"known for another, asks with a word",
     {{"192.0.2.1", "a.b.example", true, 3}},
     "192.0.2.1",
     "laptop",
     0,
     0,
     0,
     0,
     true},
    {"a /64 is one client", {{"2001:db8::1", "a.b.example", false, 1}}, "2001:db8::ffff", "x.y", 1, 1, 0, 0, false},
    {"networks of one IPv6 provider are not unrelated",
     {{"2001:db8:aa01::1", "a.b.example", false, 1}, {"2001:db8:bb02::1", "a.b.example", false, 1}},
     "192.0.2.3",
     "a.b.example",
     0,
     0,
     1,
     0,
     false},
    {"another /64 is not",
     {{"2001:db8::1", "a.b.example", false, 1}},
     "2001:db8:0:1::1",
     "a.b.example",
     0,
     0,
     1,
     0,
     false},
};

static void compare(struct history *h, size_t i)
{
    struct history_facts f;

    for (size_t b = 0; b < 3 && rows[i].before[b].client != NULL; b++)
        for (unsigned t = 0; t < rows[i].before[b].times; t++)
            note(h, rows[i].before[b].client, rows[i].before[b].helo, rows[i].before[b].verified);
    f = known_of(h, rows[i].client, rows[i].helo);
    if (!f.known || f.domains != rows[i].domains || f.names != rows[i].names || f.networks != rows[i].networks ||
        f.good != rows[i].good || f.verified_other != rows[i].other)
        fail_msg("%s: known=%d domains=%u names=%u networks=%u good=%u other=%d", rows[i].name, f.known, f.domains,
                 f.names, f.networks, f.good, f.verified_other);
}

static void facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct history *h = plain();

        compare(h, i);
        history_free(h);
    }
}

static void facts_of_hashed_keys(void **state)
{
    struct history_settings hashed = plain_settings;

    (void)state;
    hashed.hashed = true;
    hashed.hash_key = "pepper";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct history *h = open_store(&hashed);

        compare(h, i);
        history_free(h);
    }
}

static void days_and_the_window(void **state)
{
    struct history *h = plain();
    struct history_facts f;

    (void)state;
    note(h, "192.0.2.1", "a.b.example", true);
    for (unsigned day = 1; day <= 20; day++) {
        clock_advance(DAY_MS);
        note(h, "192.0.2.1", "a.b.example", true);
        f = known_of(h, "192.0.2.1", "a.b.example");
        assert_int_equal(f.good_days, day);
        assert_int_equal(f.good, day + 1);
        assert_int_equal(f.first_seen, START);
    }
    clock_advance(7ull * DAY_MS);
    f = known_of(h, "192.0.2.1", "a.b.example");
    assert_true(f.known && f.good == 0 && f.first_seen == 0);
    note(h, "192.0.2.1", "a.b.example", true);
    f = known_of(h, "192.0.2.1", "a.b.example");
    assert_true(f.good == 1 && f.good_days == 0);
    history_free(h);
}

static unsigned called;

static void expect_misfits(struct history *h, unsigned misfits, unsigned days)
{
    struct history_facts f = known_of(h, "192.0.2.1", "any.example");

    if (f.misfits != misfits || f.misfit_days != days)
        fail_msg("%u misfits on %u days, not %u on %u", f.misfits, f.misfit_days, misfits, days);
}

static void misfits_are_counted_by_day_until_a_verified_greeting(void **state)
{
    struct history *h = plain();

    (void)state;
    expect_misfits(h, 0, 0);
    note(h, "192.0.2.1", "a.b.example", false);
    note(h, "192.0.2.2", "a.b.example", false); /* another client */
    expect_misfits(h, 1, 1);
    for (unsigned i = 0; i < 200; i++)
        note(h, "192.0.2.1", "laptop", false);
    expect_misfits(h, 5, 1); /* one day can not stand for many */
    clock_freeze(START + 86400, 1000 + DAY_MS);
    note(h, "192.0.2.1", "a.b.example", false);
    expect_misfits(h, 6, 2);
    clock_freeze(START + 5 * 86400, 1000 + 5ll * DAY_MS);
    note(h, "192.0.2.1", "a.b.example", false);
    expect_misfits(h, 7, 3);
    clock_freeze(START + 7 * 86400 + 1, 1000 + 7ll * DAY_MS); /* the first day leaves the window */
    expect_misfits(h, 2, 2);
    note(h, "192.0.2.1", "a.c.example", true);
    expect_misfits(h, 0, 0);
    note(h, "192.0.2.1", "a.b.example", false);
    expect_misfits(h, 1, 1);
    history_free(h);
}

static void note_encrypted(struct history *h, const char *client, const char *policy)
{
    struct greeting g;
    struct history_greeting greeting = greets(&g, client, "any.example");

    greeting.policy = policy;
    history_note_encrypted(h, &greeting);
}

static unsigned encrypted(struct history *h, const char *policy)
{
    struct history_facts facts = {.known = false};
    struct greeting g;
    struct history_greeting greeting = greets(&g, "203.0.113.9", "any.example");

    greeting.policy = policy;
    history_at_once(h, &greeting, &facts);
    return facts.encrypted_networks;
}

static void encrypted_networks_are_counted_by_policy(void **state)
{
    struct history *h = plain();
    char client[32];

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        snprintf(client, sizeof(client), "25.%u.1.1", i);
        note_encrypted(h, client, "default");
        note_encrypted(h, "25.0.2.2", "default"); /* related to the first */
    }
    note_encrypted(h, "25.0.2.2", "strict");
    note_encrypted(h, "25.0.2.2", NULL);
    assert_int_equal(encrypted(h, "default"), 20);
    assert_int_equal(encrypted(h, "strict"), 1);
    assert_int_equal(encrypted(h, "other"), 0);
    assert_int_equal(encrypted(h, NULL), 0);
    clock_freeze(START + 7 * 86400 + 1, 1000 + 7ll * DAY_MS);
    assert_int_equal(encrypted(h, "default"), 0);
    history_free(h);
}

/* A mail server behind a NAT with bots that are verified for domains of their own, however many. */
static void what_is_earned_cannot_be_pushed_out(void **state)
{
    struct history *h = plain();
    char helo[40];

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        note(h, "192.0.2.1", "mail.firm.example", true);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(helo, sizeof(helo), "mail.bot%u.example", i);
        note(h, "192.0.2.1", helo, true);
        note(h, "192.0.2.1", helo, true);
    }
    assert_int_equal(known_of(h, "192.0.2.1", "mail.firm.example").good, 3);
    assert_int_equal(known_of(h, "192.0.2.1", "mail.bot99.example").good, 2);
    history_free(h);
}

static void answered(void *arg, const struct history_facts *f)
{
    assert_true(f->known);
    *(struct history_facts *)arg = *f;
    called++;
}

/* Never before it returns, once, never after a cancel, and not at all when the store is closed. */
static void asynchronous_by_contract(void **state)
{
    struct history *h = plain();
    struct history_facts first = {.known = false}, second = {.known = false};
    struct greeting g;
    struct history_greeting greeting = greets(&g, "192.0.2.1", "a.b.example");
    struct history_query *cancelled;

    (void)state;
    clock_thaw();
    called = 0;
    history_note(h, &greeting, false);
    assert_non_null(history_ask(h, &greeting, answered, &first));
    cancelled = history_ask(h, &greeting, answered, &second);
    assert_non_null(cancelled);
    assert_int_equal(called, 0);
    history_cancel(cancelled);
    event_base_dispatch(base);
    assert_int_equal(called, 1);
    assert_int_equal(first.domains, 1);
    assert_false(second.known);
    history_ask(h, &greeting, answered, &second);
    history_free(h);
    event_base_dispatch(base);
    assert_int_equal(called, 1);
}

static char shown_text[4096];

static const char *reach(struct history *h, const char *subject, bool forget, enum history_form form, bool wanted)
{
    bool ok = !wanted;
    char *text;

    clock_thaw();
    text = (forget ? history_forget : history_show)(h, subject, form, &ok);
    assert_non_null(text);
    snprintf(shown_text, sizeof(shown_text), "%s", text);
    free(text);
    assert_int_equal(ok, wanted);
    return shown_text;
}

static void shown_and_forgotten(void **state)
{
    struct history *h = plain();

    (void)state;
    clock_thaw();
    note(h, "192.0.2.1", "a.b.example", false);
    note(h, "192.0.2.1", "m.good.example", true);
    reach(h, "192.0.2.1", false, HISTORY_TEXT, true);
    assert_non_null(strstr(shown_text, "unverified names: 1\n  a.b.example  last 2"));
    assert_non_null(strstr(shown_text, "verified as: 1\n  good.example  1 greetings"));
    reach(h, "A.B.Example.", false, HISTORY_TEXT, true);
    assert_non_null(strstr(shown_text, "came unverified from: 1\n  192.0.0.0/16"));
    reach(h, "192.0.2.1", false, HISTORY_JSON, true);
    assert_non_null(strstr(shown_text, "\"domains\":{\"count\":1,\"at_least\":false"));
    assert_string_equal(reach(h, "192.0.2.1", true, HISTORY_TEXT, true), "network 192.0.2.1: forgotten\n");
    assert_string_equal(reach(h, "192.0.2.1", true, HISTORY_TEXT, true), "network 192.0.2.1: nothing was known\n");
    assert_string_equal(reach(h, "192.0.2.1", false, HISTORY_TEXT, true), "network 192.0.2.1: nothing is known\n");
    assert_int_equal(known_of(h, "192.0.2.1", "x.y").domains, 0);
    assert_int_equal(known_of(h, "203.0.113.1", "a.b.example").networks, 1);
    reach(h, "a.b.example", true, HISTORY_TEXT, true);
    assert_int_equal(known_of(h, "203.0.113.1", "a.b.example").networks, 0);
    reach(h, "a b", false, HISTORY_TEXT, false);
    assert_non_null(strstr(shown_text, "neither an address nor a name"));
    history_free(h);
}

static void nothing_readable_when_hashed(void **state)
{
    struct history_settings hashed = plain_settings;
    struct history *h;

    (void)state;
    hashed.hashed = true;
    hashed.hash_key = "pepper";
    h = open_store(&hashed);
    note(h, "192.0.2.1", "a.b.example", false);
    reach(h, "192.0.2.1", false, HISTORY_TEXT, true);
    assert_non_null(strstr(shown_text, "unverified domains: 1\n  #"));
    assert_null(strstr(shown_text, "b.example"));
    history_free(h);
}

/* A flood of networks and of names: the bounds hold, and a network that goes on greeting is not thrown out. */
static void bounded(void **state)
{
    struct history_settings small = plain_settings;
    struct history_stats stats;
    struct history *h;

    (void)state;
    small.entries = 1000;
    small.bytes = 256 * 1024;
    h = open_store(&small);
    for (unsigned i = 0; i < 50000; i++) {
        char client[32], helo[64];

        snprintf(client, sizeof(client), "11.%u.%u.1", i / 250, i % 250);
        snprintf(helo, sizeof(helo), "a.b%u.example", i);
        note(h, client, helo, false);
        if (i % 100 == 0)
            note(h, "192.0.2.1", "m.good.example", true);
        if (i % 1000 == 0) {
            history_stats(h, &stats);
            assert_true(stats.networks <= 1000 && stats.bytes <= small.bytes);
        }
    }
    assert_int_equal(known_of(h, "192.0.2.1", "m.good.example").good, 500);
    history_stats(h, &stats);
    assert_true(stats.evicted > 90000);
    history_free(h);
}

static void none_is_checked(void **state)
{
    struct history_settings settings = plain_settings;
    char error[256] = "";

    (void)state;
    settings.store = HISTORY_NONE;
    assert_true(history_check(&settings, error, sizeof(error)));
    assert_string_equal(error, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts),
        cmocka_unit_test(facts_of_hashed_keys),
        cmocka_unit_test(days_and_the_window),
        cmocka_unit_test(misfits_are_counted_by_day_until_a_verified_greeting),
        cmocka_unit_test(encrypted_networks_are_counted_by_policy),
        cmocka_unit_test(what_is_earned_cannot_be_pushed_out),
        cmocka_unit_test(asynchronous_by_contract),
        cmocka_unit_test(shown_and_forgotten),
        cmocka_unit_test(nothing_readable_when_hashed),
        cmocka_unit_test(bounded),
        cmocka_unit_test(none_is_checked),
    };
    int failed;

    base = event_base_new();
    failed = cmocka_run_group_tests_name("history", tests, NULL, NULL);
    event_base_free(base);
    return failed;
}

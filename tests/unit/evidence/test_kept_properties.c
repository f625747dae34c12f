/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Properties of kept evidence, over random greetings, random DNS data that changes, and time that passes: who gathers
 * with kept evidence decides, explains and logs to the byte as who has the DNS cache alone, and asks the DNS for the
 * same. Of one greeting under other circumstances (sender, history) the outcome is the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "policyfile.h"
#include "side.h"

enum { WORLDS = 60, STEPS = 600, GREETINGS = 4 };

static uint64_t seed;

/* splitmix64: the same numbers everywhere, so that a failure repeats. */
static uint64_t scatter(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static unsigned below(unsigned n)
{
    return (unsigned)(scatter(seed += 0x9e3779b97f4a7c15u) % n);
}

#define PICK(list) list[below(sizeof(list) / sizeof(list[0]))]

static const char *const addresses[] = {"25.1.2.3", "25.1.2.3", "25.1.2.9", "26.1.1.1", "127.0.0.1"};
static const char *const addresses6[] = {"2a00:1::1", "2a00:1::1", "2a00:1::77", "2a00:2::1"};
static const char *const names[] = {"mail.blau.com", "o1.blau.com", "w7.rot.com", "dsl-25-1-2-3.rot.com",
                                    "a.gelb.de",     "mx.gelb.de",  "gross.com",  "localhost"};
static const char *const given[] = {"mail.blau.com", "o1.blau.com", "o2.blau.com",
                                    "w7.rot.com",    "mx.gelb.de",  "localhost"};
static const char *const helos[] = {"mail.blau.com",        "o1.blau.com", "o2.blau.com", "w7.rot.com", "mx.gelb.de",
                                    "dsl-25-1-2-3.rot.com", "mail",        "a?b",         "[25.1.2.3]"};
static const char *const texts[] = {"v=spf1 a mx ~all",
                                    "v=spf1 ip4:25.1.2.3 -all",
                                    "v=spf1 include:gross.com ?all",
                                    "v=spf1 -all",
                                    "v=spf1 ptr exists:%{i}.rot.com -all exp=why.rot.com",
                                    "v=spf1 redirect=a.gelb.de",
                                    "v=spf1 +all",
                                    "v=spf1 a:",
                                    "not from %{i} at %{t}"};
static const char *const senders[] = {"", "a@blau.com", "a@gmail.com"};

static const char *const files[] = {
    "",
    "exempt { rdns = { \".blau.com\" } helo = { \"mx.gelb.de\" } }\n",
    "dns { ptr_names = 2 }\npolicy \"default\" { threshold \"mark\" { score = 10 action = \"prepend\" } }\n",
    "policy \"default\" { reject_text = \"SPF says: %{spf_explanation}\" points { helo_spf_fail = 90 } }\n",
    "policy \"default\" { shadow = \"candidate\" points { rdns_missing = 0 } }\n"
    "policy \"candidate\" { points { helo_unresolvable = 100 } }\n",
    "policy \"default\" { points { helo_spf_fail = 90 } }\n"
    "policy \"other\" { reject_text = \"SPF says: %{spf_explanation}\" points { helo_spf_fail = 90 } }\n",
};

/* What the DNS says is a number made of the name, the type and how often the name's data has changed. */
struct world {
    uint64_t seed;
    unsigned changes;
};

static uint64_t number_of(const struct world *w, const char *name, uint16_t type)
{
    uint64_t n = 0;

    for (const char *c = name; *c; c++)
        n = scatter(n + (uint8_t)*c);
    return scatter(n + w->seed + (w->changes + n % 3) / 3 * 1000 + type);
}

static void random_answer(void *arg, const char *name, uint16_t type, struct oracle_answer *out)
{
    uint64_t before = seed;

    seed = number_of(arg, name, type);
    out->status = below(12) < 9 ? DNS_FOUND : below(6) ? (enum dns_status)(1 + below(2)) : DNS_TEMPERROR;
    out->ttl = below(16) ? 3 + below(20) : 0;
    out->count = out->status == DNS_FOUND ? (uint16_t)(1 + below(type == DNS_TXT ? 1 : 3)) : 0;
    for (unsigned i = 0; i < out->count; i++)
        out->values[i] = type == DNS_A      ? PICK(addresses)
                         : type == DNS_AAAA ? PICK(addresses6)
                         : type == DNS_TXT  ? PICK(texts)
                                            : PICK(names);
    seed = before;
}

static struct resolver *oracle_of(struct world *w)
{
    const struct resolver_options options = {
        .cache_entries = 4096, .ttl_min = w->seed % 2, .ttl_max = 20, .negative_ttl_max = 15, .failure_ttl = 2};

    return oracle_new(random_answer, w, &options);
}

static void random_part(struct request *req)
{
    const char *client = below(4) ? PICK(addresses) : PICK(addresses6);

    switch (below(4)) {
    case 0:
        req->client_address = client;
        address_parse(&req->client, client, strlen(client));
        break;
    case 1:
        req->helo_name = PICK(helos);
        break;
    case 2:
        req->client_name = req->reverse_client_name = PICK(given);
        break;
    default:
        req->client_name = "unknown";
    }
}

/* Each differs from the one before it in one part. */
static void random_greetings(struct request greetings[GREETINGS])
{
    greetings[0] = side_request(PICK(addresses), PICK(helos));
    greetings[0].esmtp = below(3) > 0;
    greetings[0].sender = PICK(senders);
    for (unsigned i = 1; i < GREETINGS; i++) {
        greetings[i] = greetings[i - 1];
        random_part(&greetings[i]);
    }
}

/* Time, the DNS and our own state as they may be when a question comes. */
static void random_step(struct world *w, struct gather_options *options)
{
    clock_advance(below(3) ? below(500) : below(4) * 500);
    w->changes += below(20) == 0;
    options->limit = below(12) == 0 ? LIMIT_STRESS : LIMIT_NONE;
    options->suspend_dns = below(40) == 0;
}

static void test_the_same_to_the_byte(void **state)
{
    unsigned recalled = 0;

    (void)state;
    for (unsigned round = 0; round < WORLDS; round++) {
        struct world w = {.seed = round};
        struct settings *settings = side_settings(files[round % (sizeof(files) / sizeof(files[0]))]);
        struct gather_options options = {.settings = settings, .policy = settings_policy(settings, "")};
        struct request greetings[GREETINGS];
        struct side with, without;

        seed = round;
        side_open(&with, oracle_of(&w), gather_kept_new(settings));
        side_open(&without, oracle_of(&w), NULL);
        random_greetings(greetings);
        for (unsigned step = 0; step < STEPS; step++) {
            const struct request *req = &PICK(greetings);
            bool expires = below(30) == 0;
            unsigned before = oracle_recalled(with.context.resolver);

            random_step(&w, &options);
            options.policy = settings_policy(settings, below(2) ? "other" : "");
            side_judge(&with, &options, req, expires);
            side_judge(&without, &options, req, expires);
            if (strcmp(with.said, without.said) != 0)
                fail_msg("world %u, step %u: with kept evidence\n%swithout\n%s", round, step, with.said, without.said);
            assert_int_equal(oracle_sent(with.context.resolver), oracle_sent(without.context.resolver));
            recalled += oracle_recalled(with.context.resolver) > before;
        }
        side_close(&with);
        side_close(&without);
        settings_unref(settings);
    }
    printf("# %u of %u questions from kept evidence\n", recalled, WORLDS * STEPS);
    assert_true(recalled > WORLDS * STEPS / 10);
}

static void random_history(struct history_facts *facts)
{
    *facts = (struct history_facts){.known = below(8) > 0};
    if (!facts->known)
        return;
    facts->domains = facts->names = below(3) ? 0 : below(12);
    facts->networks = below(3) ? 0 : below(30);
    facts->good = below(2) ? 0 : below(9);
    facts->good_days = facts->good > 1 ? below(9) : 0;
    facts->verified_other = below(5) == 0;
}

static void test_the_same_outcome_in_other_circumstances(void **state)
{
    unsigned recalled = 0, other = 0;

    (void)state;
    for (unsigned round = 0; round < WORLDS; round++) {
        struct world w = {.seed = round};
        struct settings *settings = side_settings(files[round % (sizeof(files) / sizeof(files[0]))]);
        struct gather_options options = {.settings = settings, .policy = settings_policy(settings, "")};
        struct request greetings[GREETINGS];
        struct history store = {.at_once = round % 2};
        struct side with, without;

        seed = round;
        side_open(&with, oracle_of(&w), gather_kept_new(settings));
        side_open(&without, oracle_of(&w), NULL);
        with.context.history = &store;
        without.context.history = &store;
        random_greetings(greetings);
        for (unsigned step = 0; step < STEPS; step++) {
            struct request req = PICK(greetings);
            unsigned before = oracle_recalled(with.context.resolver);

            random_history(&store.facts);
            req.sender = PICK(senders);
            req.esmtp = below(3) > 0;
            random_step(&w, &options);
            side_judge(&with, &options, &req, false);
            side_judge(&without, &options, &req, false);
            if (with.verdict.judged != without.verdict.judged || with.verdict.outcome != without.verdict.outcome)
                fail_msg("world %u, step %u: with kept evidence\n%swithout\n%s", round, step, with.said, without.said);
            assert_true(oracle_sent(with.context.resolver) <= oracle_sent(without.context.resolver));
            recalled += oracle_recalled(with.context.resolver) > before;
            other += strcmp(with.said, without.said) != 0;
        }
        side_close(&with);
        side_close(&without);
        settings_unref(settings);
    }
    printf("# %u questions from kept evidence, %u knew more than they would have asked for\n", recalled, other);
    assert_true(recalled > WORLDS * STEPS / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same_to_the_byte),
        cmocka_unit_test(test_the_same_outcome_in_other_circumstances),
    };

    clock_freeze(SIDE_WALL, 1000000);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random greetings in random zones, through the daemon's own gather, first with every answer, then with lookups that
 * fail, come late or never. No failure may turn into a rejection. The resolver is the scenarios' (script.h), in frozen
 * time. test_properties.c shows the same for evidence that no zone could give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "decision.h"
#include "gather.h"
#include "policyfile.h"
#include "random_evidence.h"
#include "script.h"

enum { GREETINGS = 6000, FAULTY_RUNS = 4, ZONE_MAX = 60, LINE_SIZE = 200 };

struct zone {
    unsigned count;
    char lines[ZONE_MAX][LINE_SIZE];
};

static struct settings *settings;
static struct resolver *resolver;
static struct region *region;
static const struct gathered *gathered;

#define PICK(list) list[random_below(sizeof(list) / sizeof(list[0]))]

static const char client[] = "203.0.113.5";
static const char *const helos[] = {
    "mail.blau.com", "blau.com",    "www.blau.com",     "gmail.com",          "mail-wm1-f41.google.com",
    "gmail.com",     "www.rot.org", "vps70012.rot.org", "dyn-5.pool.rot.org", "203-0-113-5.rot.org",
    "localhost",     "mailserver",  "mx.firm.lan",      "mail.firm.notatld",  "[203.0.113.5]",
    "[25.1.1.1]",    "203.0.113.5", "xkqzvwpt",         "mail.cheap.icu",     "server.gelb.net",
};
static const char *const hosts[] = {
    "mail.blau.com", "www.blau.com", "mx.gelb.net", "dyn-203-0-113-5.pool.rot.org", "vps70012.rot.org", "a1.google.com",
};
static const char *const claimed[] = {"blau.com", "google.com", "gmail.com", "rot.org"};
static const struct {
    const char *type, *value;
} others[] = {
    {"A", "203.0.113.5"}, {"A", "203.0.113.5"},  {"A", "203.0.113.5"},  {"A", "203.0.113.9"},     {"A", "25.9.9.9"},
    {"A", "127.0.0.1"},   {"AAAA", "2a00:1::1"}, {"TXT", "no address"}, {"MX", "10 mx.gelb.net"},
};
static const char *const records[] = {
    "v=spf1 -all",
    "v=spf1 ~all",
    "v=spf1 ip4:203.0.113.5 -all",
    "v=spf1 +all",
    "v=spf1 a mx -all",
    "v=spf1 ?all",
    "v=spf1 include:all.gelb.net -all",
    "v=spf1 ptr -all",
    "v=spf1 broken",
    "v=spf1 exists:%{i}.gelb.net -all",
    "v=spf1 redirect=one.gelb.net",
};
static const char *const faults[] = {"servfail", "servfail", "refused", "never", "never", "delay 3s", "silent"};
static const char *const types[] = {"ANY", "A", "AAAA", "TXT", "MX", "PTR"};

/* Adds "OWNER TYPE VALUE". */
static void add(struct zone *z, const char *owner, const char *type, const char *value)
{
    int n;

    assert_in_range(z->count, 0, ZONE_MAX - 1);
    n = snprintf(z->lines[z->count++], LINE_SIZE, "%s %s %s", owner, type, value);
    assert_in_range(n, 1, LINE_SIZE - 1);
}

static void add_host(struct zone *z, const char *name)
{
    for (unsigned n = random_below(3); n > 0; n--) {
        size_t i = random_below(sizeof(others) / sizeof(others[0]));

        add(z, name, others[i].type, others[i].value);
    }
    if (random_below(2))
        add(z, name, "TXT", PICK(records));
}

/* What the DNS would say if nothing failed. */
static void random_zone(struct zone *z, const char *helo)
{
    z->count = 0;
    for (unsigned n = random_below(5) + 1; n > 2; n -= 2)
        add(z, client, "PTR", random_below(4) ? PICK(hosts) : helo);
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        if (strcmp(hosts[i], helo) != 0)
            add_host(z, hosts[i]);
    for (size_t i = 0; i < sizeof(claimed) / sizeof(claimed[0]); i++)
        if (strcmp(claimed[i], helo) != 0)
            add_host(z, claimed[i]);
    add_host(z, helo);
    add(z, "one.gelb.net", "TXT", "v=spf1 ip4:203.0.113.5 -all");
    add(z, "all.gelb.net", "TXT", "v=spf1 ip4:0.0.0.0/0");
}

/* The names that gather may ask for. An address stands for its reverse name. */
static const char *random_owner(const char *helo)
{
    switch (random_below(5)) {
    case 0:
        return client;
    case 1:
        return helo;
    case 2:
        return PICK(claimed);
    case 3:
        return random_below(2) ? "one.gelb.net" : "all.gelb.net";
    default:
        return PICK(hosts);
    }
}

static bool exists(const struct zone *z, const char *owner)
{
    for (unsigned i = 0; i < z->count; i++)
        if (strncmp(z->lines[i], owner, strlen(owner)) == 0 && z->lines[i][strlen(owner)] == ' ')
            return true;
    return false;
}

/* A name that does not exist fails for all types: a line for one of them would make it exist. */
static void add_faults(struct zone *z, const struct zone *healthy, const char *helo)
{
    for (unsigned n = 1 + random_below(4); n > 0; n--) {
        const char *owner = random_owner(helo);

        add(z, owner, exists(healthy, owner) ? PICK(types) : "ANY", PICK(faults));
    }
}

static void on_gathered(void *arg, const struct gathered *result)
{
    (void)arg;
    gathered = result;
}

static void load(const struct zone *z)
{
    const char *error;

    script_clear(resolver);
    for (unsigned i = 0; i < z->count; i++)
        if (!script_add(resolver, z->lines[i], &error))
            fail_msg("%s: %s", z->lines[i], error);
}

static struct verdict judge(const struct policy *policy, const struct request *request, const struct zone *z)
{
    const struct gather_context context = {.resolver = resolver};
    const struct gather_options options = {
        .settings = settings, .policy = policy, .request = request, .region = region, .done = on_gathered};
    uint64_t deadline = clock_ms() + settings->server.deadline_ms;
    struct gather *pending;
    struct verdict v;

    region_reset(region);
    load(z);
    gathered = gather_start(&context, &options, &pending);
    while (!gathered && script_deliver(resolver, deadline))
        continue;
    if (!gathered)
        gather_expire(pending);
    assert_non_null(gathered);
    policy_verdict(&gathered->judgement, gathered->evidence, region, &v);
    return v;
}

static struct policy random_policy(void)
{
    struct policy policy = *settings->default_policy;

    for (size_t i = 0; i < rules_count; i++)
        if (rules[i]->points > 0 && random_below(8) == 0)
            policy.points[i] = (int)random_below(60);
    policy.starttls = random_below(2) ? STARTTLS_YES : STARTTLS_NO;
    policy_sort_rules(&policy);
    return policy;
}

static void random_request(struct request *request)
{
    static const char *const senders[] = {"", "a@blau.com", "a@em.rot.org", "a@gmail.com"};
    static const char *const recipients[] = {"b@blau.com", "b@google.com", "b@violett.net"};

    request_init(request);
    request->state = REQUEST_STATE_RCPT;
    request->protocol_name = random_below(4) ? "ESMTP" : "SMTP";
    request->esmtp = request->protocol_name[0] == 'E';
    request->client_address = client;
    address_parse(&request->client, client, strlen(client));
    request->helo_name = random_below(2) ? PICK(helos) : PICK(hosts);
    request->sender = PICK(senders);
    request->recipient = PICK(recipients);
    request->encrypted = random_below(2);
    request->client_name = "unknown";
}

/* Where the zone has a reverse name, Postfix may have seen it. */
static void let_postfix_see(struct request *request, const struct zone *z)
{
    const char *first = z->count > 0 ? strstr(z->lines[0], " PTR ") : NULL;

    request->reverse_client_name = first && random_below(3) == 0 ? first + strlen(" PTR ") : "unknown";
}

static void show(const char *what, const struct zone *z, const struct verdict *v)
{
    print_error("%s: %d, %s\n", what, v->score, outcome_name(v->judged));
    for (unsigned i = 0; i < v->finding_count; i++)
        print_error("  %s:%d\n", rule_names[v->findings[i].rule], v->findings[i].counted);
    for (unsigned i = 0; i < z->count; i++)
        print_error("  %s\n", z->lines[i]);
}

static void no_failure_rejects(void **state)
{
    unsigned wrong = 0, changed = 0, rejected = 0, doubted = 0;
    struct zone healthy, faulty;
    struct request request;

    (void)state;
    random_begin(14);
    for (unsigned i = 0; i < GREETINGS && wrong < 3; i++) {
        struct policy policy = random_policy();
        struct verdict with_all;

        random_request(&request);
        random_zone(&healthy, request.helo_name);
        let_postfix_see(&request, &healthy);
        with_all = judge(&policy, &request, &healthy);
        rejected += with_all.judged == OUTCOME_REJECT;
        for (unsigned run = 0; run < FAULTY_RUNS; run++) {
            struct verdict with_faults;

            faulty = healthy;
            add_faults(&faulty, &healthy, request.helo_name);
            with_faults = judge(&policy, &request, &faulty);
            changed += with_faults.judged != with_all.judged;
            doubted += with_faults.doubt > 0;
            if (with_faults.judged != OUTCOME_REJECT || with_all.judged == OUTCOME_REJECT)
                continue;
            print_error("HELO %s, recipient %s\n", request.helo_name, request.recipient);
            show("with every answer", &healthy, &with_all);
            show("with failures", &faulty, &with_faults);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_in_range(rejected, GREETINGS / 50, GREETINGS * 2 / 3); /* otherwise little was shown */
    print_message("%u of %u greetings are rejected without failures\n", rejected, (unsigned)GREETINGS);
    assert_in_range(changed, GREETINGS / 10, GREETINGS * FAULTY_RUNS);
    assert_in_range(doubted, 10, GREETINGS * FAULTY_RUNS);
}

static void report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    print_error("%s: %s\n", is_error ? "error" : "warning", message);
}

static int start(void **state)
{
    (void)state;
    settings = policyfile_read(NULL, report, NULL);
    clock_freeze(1767225600, 1000000);
    resolver = resolver_new(NULL, NULL, NULL, 0);
    region = region_new(4 << 20);
    return settings && resolver && region ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    region_free(region);
    resolver_free(resolver);
    settings_unref(settings);
    clock_thaw();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_failure_rejects)};

    return cmocka_run_group_tests_name("failures", tests, start, stop);
}

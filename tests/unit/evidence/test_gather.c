/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What gather looks up, in which order and in which waves, what it leaves out, and how it ends. The resolver is this
 * file: it writes down each query and answers when the test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gather.h"
#include "policyfile.h"
#include "request.h"
#include "text.h"

enum { QUERIES_MAX = 32, RECORDS_MAX = 8, LOG_SIZE = 1024 };

/* ---- the resolver ---- */

struct resolver_query {
    struct resolver_question question;
    char name[DNS_NAME_SIZE];
    bool open, cancelled;
};

struct resolver {
    const char *const *records; /* "TYPE NAME VALUE": a value, "servfail", "nodata"; "TYPE NAME" without one: never */
    bool cached;                /* all of them are in the cache */
    struct resolver_query queries[QUERIES_MAX];
    unsigned count;
    bool next_wave; /* answers have come since the last query */
    char log[LOG_SIZE];
    struct text text;
};

static const char *value_of(const struct resolver *r, const char *name, uint16_t type, unsigned which)
{
    char key[DNS_NAME_SIZE + 8];
    size_t n;

    snprintf(key, sizeof(key), "%s %s", dns_type_name(type), name);
    n = strlen(key);
    for (unsigned i = 0; r->records[i] != NULL; i++)
        if (strncmp(r->records[i], key, n) == 0 && (r->records[i][n] == ' ' || r->records[i][n] == '\0') &&
            which-- == 0)
            return r->records[i] + n + (r->records[i][n] == ' ');
    return NULL;
}

/* A name without a record of this type has none at all. */
static const struct dns_answer *answer_for(const struct resolver *r, const char *name, uint16_t type)
{
    static struct dns_record records[RECORDS_MAX];
    static struct dns_answer a;
    const char *value = value_of(r, name, type, 0);

    a = (struct dns_answer){.status = DNS_NXDOMAIN, .type = type, .name = name, .canonical = name, .records = records};
    a.why = "test";
    if (value != NULL && strcmp(value, "servfail") == 0)
        a.status = DNS_TEMPERROR;
    else if (value != NULL && strcmp(value, "nodata") == 0)
        a.status = DNS_NODATA;
    else if (value != NULL)
        a.status = DNS_FOUND;
    while (a.status == DNS_FOUND && (value = value_of(r, name, type, a.count)) != NULL) {
        struct dns_record *record = &records[a.count++];

        memset(record, 0, sizeof(*record));
        if (type == DNS_A || type == DNS_AAAA)
            assert_true(address_parse(&record->address, value, strlen(value)));
        else if (type == DNS_TXT)
            record->text.bytes = (const uint8_t *)value, record->text.size = strlen(value);
        else
            record->host.name = value;
    }
    return &a;
}

const struct dns_answer *resolver_cached(struct resolver *r, const char *name, enum dns_type type)
{
    return r->cached ? answer_for(r, name, (uint16_t)type) : NULL;
}

const struct dns_answer *resolver_get(struct resolver *r, const struct resolver_question *question,
                                      struct resolver_query **query)
{
    struct resolver_query *q = &r->queries[r->count];

    text_addf(&r->text, "%s%s %s",
              r->text.used == 0 ? ""
              : r->next_wave    ? " | "
                                : ", ",
              dns_type_name((uint16_t)question->type), question->name);
    r->next_wave = false;
    *query = NULL;
    if (r->cached)
        return answer_for(r, question->name, (uint16_t)question->type);
    assert_true(r->count < QUERIES_MAX);
    r->count++;
    *q = (struct resolver_query){.question = *question, .open = true};
    snprintf(q->name, sizeof(q->name), "%s", question->name);
    *query = q;
    return NULL;
}

void resolver_cancel(struct resolver_query *q)
{
    assert_true(q->open && !q->cancelled);
    q->open = false;
    q->cancelled = true;
}

void resolver_count_hits(struct resolver *r, unsigned answers)
{
    (void)r;
    (void)answers;
}

bool resolver_zone_is_silent(const struct resolver *r, const char *reverse_name)
{
    (void)r;
    (void)reverse_name;
    return false;
}

/* Answers what is open; a query whose record has no value is never answered. False: nothing was answered. */
static bool answer_wave(struct resolver *r)
{
    unsigned count = r->count;
    bool any = false;

    r->next_wave = true;
    for (unsigned i = 0; i < count; i++) {
        struct resolver_query *q = &r->queries[i];
        const char *value = value_of(r, q->name, (uint16_t)q->question.type, 0);

        if (!q->open || (value != NULL && value[0] == '\0'))
            continue;
        q->open = false;
        any = true;
        q->question.done(q->question.arg, answer_for(r, q->name, (uint16_t)q->question.type), false);
    }
    return any;
}

/* ---- a request ---- */

struct asking {
    struct resolver resolver;
    struct settings *settings;
    struct region *region;
    struct request request;
    struct gather_options options;
    struct gather *pending;
    const struct gathered *gathered; /* the result, however it came */
    unsigned done;                   /* calls of the callback */
};

static void on_done(void *arg, const struct gathered *gathered)
{
    struct asking *a = arg;

    a->done++;
    a->gathered = gathered;
}

static void complain(void *arg, bool is_error, const char *message)
{
    (void)arg;
    if (is_error)
        fail_msg("%s", message);
}

/* The client is 198.51.100.25, "unknown" to Postfix unless `confirmed` is its name. */
static void begin(struct asking *a, const char *policy, const char *helo, const char *confirmed,
                  const char *const *records)
{
    *a = (struct asking){.resolver = {.records = records}};
    text_init(&a->resolver.text, a->resolver.log, sizeof(a->resolver.log));
    a->settings = policyfile_read_text("test", policy, strlen(policy), complain, NULL);
    a->region = region_new(1 << 20);
    assert_true(a->settings != NULL && a->region != NULL);
    request_init(&a->request);
    a->request.client = (struct address){.family = ADDRESS_IPV4, .bytes = {198, 51, 100, 25}};
    a->request.client_address = "198.51.100.25";
    a->request.client_name = a->request.reverse_client_name = confirmed != NULL ? confirmed : "unknown";
    a->request.state = REQUEST_STATE_RCPT;
    a->request.protocol_state = "RCPT";
    a->request.helo_name = helo;
    a->request.sender = "info@sender.org";
    a->request.recipient = "info@recipient.org";
    a->options = (struct gather_options){.settings = a->settings,
                                         .policy = a->settings->default_policy,
                                         .request = &a->request,
                                         .region = a->region,
                                         .done = on_done,
                                         .arg = a};
}

static void start(struct asking *a)
{
    const struct gather_context context = {.resolver = &a->resolver};

    a->gathered = gather_start(&context, &a->options, &a->pending);
    assert_true((a->gathered != NULL) != (a->pending != NULL));
}

static void end(struct asking *a)
{
    settings_unref(a->settings);
    region_free(a->region);
}

#define PTR "PTR 25.100.51.198.in-addr.arpa"

/* What is asked, by waves. Each wave begins when the answers to the one before it have come. */
static void order(void **state)
{
    static const struct row {
        const char *name, *policy, *helo, *confirmed;
        const char *records[RECORDS_MAX];
        const char *asked;
    } rows[] = {
        {"Postfix has confirmed HELO", "", "mail.honest.org", "mail.honest.org", {NULL}, ""},
        {"an exempt client", "exempt { clients = { \"198.51.100.0/24\" } }", "mail.honest.org", NULL, {NULL}, ""},
        {"rejected for what HELO says", "local { names = { \"mx.we.org\" } }", "mx.we.org", "a.honest.org", {NULL}, ""},
        {"the reverse name leads back",
         "",
         "mail.honest.org",
         NULL,
         {PTR " mail.honest.org", "A mail.honest.org 198.51.100.25", NULL},
         PTR ", A mail.honest.org"},
        {"HELO does not exist: neither its other family nor MX",
         "",
         "mail.gone.org",
         NULL,
         {PTR " a.honest.org", "A a.honest.org 198.51.100.25", NULL},
         PTR ", A mail.gone.org | A a.honest.org, TXT mail.gone.org"},
        {"HELO is somebody else's: SPF last",
         "",
         "mail.other.org",
         NULL,
         {PTR " a.honest.org", "A a.honest.org 198.51.100.25", "A mail.other.org 192.0.2.1",
          "AAAA mail.other.org nodata", NULL},
         PTR ", A mail.other.org | A a.honest.org, TXT mail.other.org"},
        {"no address of either family: MX",
         "",
         "other.org",
         NULL,
         {PTR " a.honest.org", "A a.honest.org 198.51.100.25", "A other.org nodata", "AAAA other.org nodata",
          "MX other.org mx.other.org", NULL},
         PTR ", A other.org | A a.honest.org, AAAA other.org | MX other.org | TXT other.org"},
        {"a reverse zone that never answers holds up no SPF",
         "",
         "mail.other.org",
         NULL,
         {PTR, "A mail.other.org 192.0.2.1", "AAAA mail.other.org nodata", NULL},
         PTR ", A mail.other.org | TXT mail.other.org"},
        {"a single label is not looked up",
         "",
         "mailserver",
         NULL,
         {PTR " a.honest.org", NULL},
         PTR " | A a.honest.org"},
        {"an address literal is not looked up",
         "",
         "[198.51.100.25]",
         NULL,
         {PTR " a.honest.org", NULL},
         PTR " | A a.honest.org"},
        {"the confirmed name that would exempt",
         "exempt { rdns = { \".partner.org\" } }",
         "mail.other.org",
         "x.honest.org",
         {PTR " x.honest.org", PTR " gw.partner.org", "A gw.partner.org 198.51.100.25", "A mail.other.org 192.0.2.1",
          "AAAA mail.other.org nodata", NULL},
         "A mail.other.org | " PTR " | A gw.partner.org"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct asking a;

        begin(&a, rows[i].policy, rows[i].helo, rows[i].confirmed, rows[i].records);
        start(&a);
        while (a.gathered == NULL && answer_wave(&a.resolver))
            ;
        if (strcmp(a.resolver.log, rows[i].asked) != 0)
            fail_msg("%s: \"%s\"", rows[i].name, a.resolver.log);
        assert_int_equal(a.done, a.pending != NULL && a.gathered != NULL);
        if (a.gathered == NULL)
            gather_cancel(a.pending);
        end(&a);
    }
}

static const char *const forged[] = {PTR " a.honest.org",
                                     "A a.honest.org 198.51.100.25",
                                     "A mail.other.org 192.0.2.1",
                                     "AAAA mail.other.org nodata",
                                     "TXT mail.other.org v=spf1 a:a.other.org -all",
                                     "A a.other.org 192.0.2.2",
                                     NULL};

/* An SPF record's own lookups come one after the other. With `everything` gather does not stop at a decision. */
static void everything(void **state)
{
    struct asking a;

    (void)state;
    begin(&a, "", "mail.other.org", NULL, forged);
    a.options.everything = true;
    start(&a);
    while (a.gathered == NULL && answer_wave(&a.resolver))
        ;
    assert_string_equal(a.resolver.log, PTR ", A mail.other.org | A a.honest.org, TXT mail.other.org | A a.other.org");
    assert_non_null(a.gathered);
    assert_int_equal(a.gathered->evidence->helo_spf->result, SPF_FAIL);
    assert_int_equal(a.gathered->evidence->queries, a.resolver.count);
    end(&a);

    /* One NXDOMAIN is valid for every type of the name. */
    begin(&a, "", "mail.gone.org", NULL, (const char *const[]){NULL});
    a.options.everything = true;
    start(&a);
    while (a.gathered == NULL && answer_wave(&a.resolver))
        ;
    assert_string_equal(a.resolver.log, PTR ", A mail.gone.org | TXT mail.gone.org");
    end(&a);
}

/* Answers from the cache need no callback. */
static void from_the_cache(void **state)
{
    struct asking a;

    (void)state;
    begin(&a, "", "mail.other.org", NULL, forged);
    a.resolver.cached = true;
    start(&a);
    assert_null(a.pending);
    assert_int_equal(a.done, 0);
    assert_int_equal(a.gathered->evidence->helo_spf->result, SPF_FAIL);
    assert_int_equal(a.gathered->evidence->queries, a.gathered->evidence->cached);
    end(&a);
}

static unsigned limits_asked;

static enum limit past_the_rate(void *arg)
{
    (void)arg;
    limits_asked++;
    return LIMIT_CLIENT_RATE;
}

/* A limit leaves the cache alone; the guard does without it. The client's limit is found out once, when it matters. */
static void limited(void **state)
{
    static const struct {
        const char *name, *confirmed; /* a confirmed HELO needs no lookup */
        bool cached, suspend;
        enum limit limit, reported;
        unsigned limits_asked;
        bool known; /* SPF */
    } rows[] = {
        {"stress", NULL, false, false, LIMIT_STRESS, LIMIT_STRESS, 0, false},
        {"stress, cached", NULL, true, false, LIMIT_STRESS, LIMIT_NONE, 0, true},
        {"past its rate", NULL, false, false, LIMIT_NONE, LIMIT_CLIENT_RATE, 1, false},
        {"past its rate, cached", NULL, true, false, LIMIT_NONE, LIMIT_NONE, 0, true},
        {"past its rate, nothing to look up", "mail.other.org", false, false, LIMIT_NONE, LIMIT_NONE, 0, false},
        {"the guard", NULL, true, true, LIMIT_NONE, LIMIT_GUARD, 0, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct asking a;

        limits_asked = 0;
        begin(&a, "", "mail.other.org", rows[i].confirmed, forged);
        a.resolver.cached = rows[i].cached;
        a.options.limit = rows[i].limit;
        a.options.limit_of = rows[i].limit == LIMIT_NONE ? past_the_rate : NULL;
        a.options.suspend_dns = rows[i].suspend;
        start(&a);
        if (a.gathered == NULL || a.resolver.count != 0 || a.gathered->evidence->limit != rows[i].reported ||
            limits_asked != rows[i].limits_asked ||
            (a.gathered->evidence->helo_spf != NULL && a.gathered->evidence->helo_spf->result == SPF_FAIL) !=
                rows[i].known)
            fail_msg("%s", rows[i].name);
        end(&a);
    }
}

/* At the deadline what is missing is unknown, never absent, and nobody is called back afterwards. */
static void deadline(void **state)
{
    const struct evidence *e;
    struct asking a;

    (void)state;
    begin(&a, "", "mail.other.org", NULL, forged);
    start(&a);
    assert_non_null(a.pending);
    gather_expire(a.pending);
    assert_int_equal(a.done, 1);
    e = a.gathered->evidence;
    assert_true(e->deadline);
    assert_int_equal(e->reverse, KNOWN_TEMPERROR);
    assert_int_equal(e->helo_is_client, KNOWN_TEMPERROR);
    assert_int_equal(a.resolver.count, 2);
    assert_true(a.resolver.queries[0].cancelled && a.resolver.queries[1].cancelled);
    gather_expire(a.pending);
    assert_int_equal(a.done, 1);
    end(&a);

    /* In the middle of SPF, what is known already stays. */
    begin(&a, "", "mail.other.org", NULL, forged);
    start(&a);
    assert_true(answer_wave(&a.resolver));
    gather_expire(a.pending);
    assert_int_equal(a.done, 1);
    e = a.gathered->evidence;
    assert_int_equal(e->helo_is_client, KNOWN_ABSENT);
    assert_int_equal(e->fcrdns, KNOWN_TEMPERROR);
    assert_int_equal(e->helo_spf->result, SPF_TEMPERROR);
    end(&a);
}

static void cancelled(void **state)
{
    struct asking a;

    (void)state;
    begin(&a, "", "mail.other.org", NULL, forged);
    start(&a);
    assert_true(answer_wave(&a.resolver));
    gather_cancel(a.pending);
    for (unsigned i = 0; i < a.resolver.count; i++)
        assert_false(a.resolver.queries[i].open);
    gather_expire(a.pending); /* whoever cancels may still have a timer */
    assert_int_equal(a.done, 0);
    end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),   cmocka_unit_test(everything), cmocka_unit_test(from_the_cache),
        cmocka_unit_test(limited), cmocka_unit_test(deadline),   cmocka_unit_test(cancelled),
    };

    return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}

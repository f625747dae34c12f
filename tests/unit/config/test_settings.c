/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the settings answer: fields, policies by context, exemptions by client and name with their dates, who is local,
 * what differs between two of them, and which files are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "policyfile.h"

enum { NOVEMBER_1 = 1793491200, DAY = 86400, MESSAGES_SIZE = 16384 };

static char messages[MESSAGES_SIZE];
static char folder[] = "/tmp/helod-test-settings-XXXXXX";

static void keep(void *arg, bool is_error, const char *message)
{
    size_t used = strlen(messages);

    (void)arg;
    snprintf(messages + used, sizeof(messages) - used, "%s%s\n", is_error ? "" : "warning: ", message);
}

static struct settings *read_text(const char *text)
{
    messages[0] = '\0';
    return policyfile_read_text("t", text, strlen(text), keep, NULL);
}

static struct settings *read_good(const char *text)
{
    struct settings *s = read_text(text);

    if (!s)
        fail_msg("%s", messages);
    return s;
}

static struct address client(const char *text)
{
    struct address a;

    assert_true(address_parse(&a, text, strlen(text)));
    return a;
}

/* Writes a file into the test's folder; the path stays valid until the next call. */
static const char *write_file(const char *name, const char *text)
{
    static char path[256];
    FILE *out;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(text, 1, strlen(text), out), strlen(text));
    fclose(out);
    assert_int_equal(chmod(path, 0644), 0);
    return path;
}

static void test_fields(void **state)
{
    struct settings *s = read_good("server { listen = { \"unix:/a\", \"inet:127.0.0.1:1\" } deadline = \"1500ms\" "
                                   "socket_mode = \"0600\" seccomp = no client_rate = 0 }\n"
                                   "dns { ttl_negative = \"5m\" guard = 7 edns = no ptr_names = 3 }\n"
                                   "history { store = \"redis\" memory = \"128m\" ipv6_bits = 56 hashed = yes "
                                   "hash_key = \"k\" }\n"
                                   "log { to = \"file\" file = \"/var/log/helod.json\" }\n"
                                   "policy \"default\" { mode = \"monitor\" header = \"score\" "
                                   "authserv_id = \"mx.example\" "
                                   "threshold \"grey\" { score = 5 action = \"450 4.7.9 later %{helo}\" } }\n");
    const struct threshold *t = &s->default_policy->thresholds[0];

    (void)state;
    assert_string_equal(s->server.listen[0], "unix:/a");
    assert_string_equal(s->server.listen[1], "inet:127.0.0.1:1");
    assert_null(s->server.listen[2]);
    assert_int_equal(s->server.deadline_ms, 1500);
    assert_int_equal(s->server.socket_mode, 0600);
    assert_false(s->server.seccomp);
    assert_int_equal(s->server.client_rate, 0);
    assert_int_equal(s->dns.negative_ttl_ms, 300000);
    assert_int_equal(s->dns.guard, 7);
    assert_int_equal(s->dns.ptr_names, 3);
    assert_false(s->dns.edns);
    assert_int_equal(s->history.store, HISTORY_REDIS);
    assert_int_equal(s->history.bytes, 128 * 1024 * 1024);
    assert_int_equal(s->history.ipv6_bits, 56);
    assert_true(s->history.hashed);
    assert_string_equal(s->history.hash_key, "k");
    assert_int_equal(s->log.to, LOG_TO_FILE);
    assert_int_equal(s->default_policy->mode, MODE_MONITOR);
    assert_int_equal(s->default_policy->header, HEADER_SCORE);
    assert_string_equal(s->default_policy->authserv_id, "mx.example");
    assert_int_equal(s->default_policy->threshold_count, 1);
    assert_string_equal(t->name, "grey");
    assert_int_equal(t->score, 5);
    assert_int_equal(t->outcome, OUTCOME_DEFER);
    assert_true(t->has_reply);
    assert_int_equal(t->reply.code, 450);
    assert_string_equal(t->reply.enhanced, "4.7.9");
    assert_string_equal(t->reply.text, "later %{helo}");
    settings_unref(s);
}

/* The actions and how bad each is. */
static void test_outcomes(void **state)
{
    static const struct {
        const char *action;
        enum outcome outcome;
        bool has_reply;
    } rows[] = {
        { "dunno", OUTCOME_DUNNO, false },
        { "prepend", OUTCOME_MARK, false },
        { "defer", OUTCOME_DEFER, false },
        { "reject", OUTCOME_REJECT, false },
        { "450 4.7.1 wait", OUTCOME_DEFER, true },
        { "421 4.7.1 wait", OUTCOME_DEFER, true },
        { "550 5.7.1 no", OUTCOME_REJECT, true },
        { "554 5.7.1 no", OUTCOME_REJECT, true },
        { "DEFER_IF_PERMIT 4.7.1 later", OUTCOME_DEFER, true },
        { "WARN seen", OUTCOME_MARK, true },
        { "restriction:greylist", OUTCOME_MARK, true },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct settings *s;
        snprintf(text, sizeof(text), "policy \"default\" { threshold \"x\" { score = 50 action = \"%s\" } }",
                 rows[i].action);
        s = read_text(text);
        if (!s || s->default_policy->thresholds[0].outcome != rows[i].outcome ||
            s->default_policy->thresholds[0].has_reply != rows[i].has_reply)
            fail_msg("%s: %s", rows[i].action, messages);
        settings_unref(s);
    }
}

/* What lets mail in, or says nothing, is no action. */
static void test_refused_actions(void **state)
{
    static const char *const rows[] = { "OK", "ok", "PERMIT", "250", "550", "", "X", "restriction:", "450 5.7.1 wait" };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        struct settings *s;
        snprintf(text, sizeof(text), "policy \"default\" {\nthreshold \"x\" { score = 50 action = \"%s\" } }", rows[i]);
        s = read_text(text);
        if (s || strncmp(messages, "t:2: action: ", 13) != 0)
            fail_msg("\"%s\" was taken: %s", rows[i], messages);
    }
}

static void test_policies(void **state)
{
    struct settings *s = read_good("policy \"strict\" { shadow = \"next\"\n"
                                   "points { helo_not_fqdn = 0 rdns_missing = 0 } }\n"
                                   "policy \"next\" { mode = \"soft\" }\n");
    const struct policy *strict = settings_policy(s, "strict");
    unsigned needs = 0;

    (void)state;
    assert_int_equal(s->policy_count, 3);
    assert_string_equal(s->default_policy->name, "default");
    assert_ptr_equal(settings_policy(s, "default"), s->default_policy);
    assert_ptr_equal(settings_policy(s, "submission"), s->default_policy);
    assert_ptr_equal(settings_policy(s, ""), s->default_policy);
    assert_ptr_equal(settings_policy(s, NULL), s->default_policy);
    assert_string_equal(strict->name, "strict");
    assert_ptr_equal(strict->shadow, settings_policy(s, "next"));
    assert_null(s->default_policy->shadow);
    for (size_t i = 0; i < rules_count; i++) {
        assert_int_equal(s->default_policy->points[i], rules[i]->points);
        needs |= rules[i]->points ? rules[i]->needs : 0;
    }
    assert_int_equal(s->default_policy->needs, needs);
    assert_int_equal(strict->needs, needs); /* the shadow's are among them */
    settings_unref(s);
}

static void test_needs(void **state)
{
    char text[8192] = "policy \"default\" { points {\n";
    struct settings *s;

    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof(text) - used, "%s = 0\n", rules[i]->name);
    }
    strncat(text, "} }", sizeof(text) - strlen(text) - 1);
    s = read_good(text);
    assert_int_equal(s->default_policy->needs, 0);
    settings_unref(s);
}

static void test_references(void **state)
{
    struct settings *s = read_good("");

    (void)state;
    assert_ptr_equal(settings_ref(s), s);
    settings_unref(s);
    assert_string_equal(s->default_policy->name, "default");
    settings_unref(s);
    settings_unref(NULL);
}

static void test_local(void **state)
{
    struct settings *s = read_good("local { names = { \"MX.Example.net\", \".example.org\" } "
                                   "networks = { \"192.0.2.0/24\", \"10.0.0.0/8\" } }");
    static const struct {
        const char *client;
        int32_t found;
    } rows[] = {
        { "192.0.2.9", LOCAL_OURS },
        { "10.1.2.3", LOCAL_CLIENT }, /* half the world has that address: not to be refused in HELO */
        { "127.0.0.1", LOCAL_CLIENT },
        { "::1", LOCAL_CLIENT },
        { "198.51.100.1", LOOKUP_NONE },
        { "2001:db8::1", LOOKUP_NONE },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct address a = client(rows[i].client);
        if (network_set_find(s->local.networks, &a) != rows[i].found)
            fail_msg("%s", rows[i].client);
    }
    assert_int_not_equal(suffix_set_find(s->local.own, "mx.example.net"), LOOKUP_NONE);
    assert_int_equal(suffix_set_find(s->local.own, "a.mx.example.net"), LOOKUP_NONE);
    assert_int_not_equal(suffix_set_find(s->local.own, "a.example.org"), LOOKUP_NONE);
    assert_int_equal(suffix_set_find(s->local.own, "evilexample.org"), LOOKUP_NONE);
    settings_unref(s);
}

static void test_exempt(void **state)
{
    struct settings *s = read_good("exempt { clients = { \"192.0.2.0/24\", \"2001:db8::/32\" } "
                                   "rdns = { \".Partner.example\" } "
                                   "helo = { \"old.example\" } }");
    struct address inside = client("192.0.2.77"), mapped = client("::ffff:192.0.2.77"), outside = client("192.0.3.1");
    int32_t entry = settings_exempt_client(s, &inside, NOVEMBER_1);
    char where[EXEMPTION_WHERE_SIZE];

    (void)state;
    assert_int_equal(s->exempt.count, 4);
    assert_int_equal(entry, 0);
    assert_string_equal(s->exempt.entries[entry].pattern, "192.0.2.0/24");
    assert_string_equal(exemption_where(&s->exempt.entries[entry], where), "t:1");
    assert_int_equal(settings_exempt_client(s, &mapped, NOVEMBER_1), 0);
    assert_int_equal(settings_exempt_client(s, &outside, NOVEMBER_1), -1);
    assert_int_equal(settings_exempt_rdns(s, "mail.partner.example", NOVEMBER_1), 2);
    assert_int_equal(settings_exempt_rdns(s, "partner.example", NOVEMBER_1), 2);
    assert_int_equal(settings_exempt_rdns(s, "notpartner.example", NOVEMBER_1), -1);
    assert_int_equal(settings_exempt_helo(s, "old.example", NOVEMBER_1), 3);
    assert_int_equal(settings_exempt_helo(s, "mail.old.example", NOVEMBER_1), -1);
    settings_unref(s);
}

static struct settings *read_exempt_file(const char *lines)
{
    char text[512];

    snprintf(text, sizeof(text), "exempt {\n clients = {}\n files = { \"%s\" } }", write_file("exempt", lines));
    return read_text(text);
}

static void test_exempt_file(void **state)
{
    struct settings *s = read_exempt_file("# who pays us\n\n"
                                          "client 192.0.2.1 # the old gateway\r\n"
                                          "client 2001:db8::/48\tuntil=2026-12-31\n"
                                          "  rdns .partner.example  #  asked by Ann\n"
                                          "helo Mail.Partner.example");
    const struct exemption *e;
    char where[EXEMPTION_WHERE_SIZE];

    (void)state;
    if (!s)
        fail_msg("%s", messages);
    assert_int_equal(s->exempt.count, 4);
    e = s->exempt.entries;
    assert_int_equal(e[0].kind, EXEMPT_CLIENT);
    assert_string_equal(e[0].why, "the old gateway");
    assert_int_equal(e[0].until, 0);
    assert_non_null(strstr(exemption_where(&e[0], where), "/exempt:3"));
    assert_int_equal(e[1].until, NOVEMBER_1 + 61 * DAY); /* the first second of 2027 */
    assert_string_equal(e[1].why, "");
    assert_string_equal(e[2].pattern, ".partner.example");
    assert_string_equal(e[2].why, "asked by Ann");
    assert_string_equal(e[3].pattern, "mail.partner.example");
    settings_unref(s);
}

/* Each line alone, and what is said of it. */
static void test_exempt_file_errors(void **state)
{
    static const struct {
        const char *line, *message;
    } rows[] = {
        { "host a.example", "expected client, rdns or helo, not \"host\"" },
        { "CLIENT 192.0.2.1", "expected client, rdns or helo, not \"CLIENT\"" },
        { "client", "expected a pattern behind it" },
        { "client # why", "expected a pattern behind it" },
        { "client 192.0.2.300", "\"192.0.2.300\" is no network, expected ADDRESS or ADDRESS/BITS" },
        { "client mail.example", "\"mail.example\" is no network, expected ADDRESS or ADDRESS/BITS" },
        { "helo a_b..example", "\"a_b..example\" is no host name, expected NAME, or .NAME for all below it too" },
        { "rdns *.example", "\"*.example\" is no host name, expected NAME, or .NAME for all below it too" },
        { "rdns .", "\".\" is no host name, expected NAME, or .NAME for all below it too" },
        { "helo a.example until=2026-02-30", "expected until=YYYY-MM-DD, not \"until=2026-02-30\"" },
        { "helo a.example until=tomorrow", "expected until=YYYY-MM-DD, not \"until=tomorrow\"" },
        { "helo a.example forever", "expected until=YYYY-MM-DD, not \"forever\"" },
        { "helo a.example until=2026-12-31 because", "expected client|rdns|helo PATTERN [until=YYYY-MM-DD] [# why]" },
        { "helo a\001.example", "a control byte, expected text" },
        { "helo a.example until=2020-01-01", "warning: \"a.example\" has run out and counts no longer" },
        { "rdns .net", "warning: \".net\" exempts all of a top-level domain" },
        { "client ::/0", "warning: \"::/0\" exempts everybody" },
    };
    char text[256], expected[512];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings *s;
        const char *warning = "warning: ";
        bool is_error = strncmp(rows[i].message, warning, strlen(warning)) != 0;
        snprintf(text, sizeof(text), "# first\n%s\n", rows[i].line);
        s = read_exempt_file(text);
        snprintf(expected, sizeof(expected), "%s%s/exempt:2: %s\n", is_error ? "" : warning, folder,
                 rows[i].message + (is_error ? 0 : strlen(warning)));
        assert_string_equal(messages, expected);
        assert_int_equal(s == NULL, is_error);
        settings_unref(s);
    }
}

static void test_exempt_file_reports_all(void **state)
{
    struct settings *s = read_exempt_file("client x\nhelo y y\n\nrdns .partner.example\nfoo bar\n");
    char expected[1024];

    (void)state;
    assert_null(s);
    snprintf(expected, sizeof(expected),
             "%s/exempt:1: \"x\" is no network, expected ADDRESS or ADDRESS/BITS\n"
             "%s/exempt:2: expected until=YYYY-MM-DD, not \"y\"\n"
             "%s/exempt:5: expected client, rdns or helo, not \"foo\"\n",
             folder, folder, folder);
    assert_string_equal(messages, expected);
}

/* The date is the last day that counts; a wider entry stands when a narrower one has run out. */
static void test_until(void **state)
{
    struct settings *s;
    struct address a = client("192.0.2.1");

    (void)state;
    clock_freeze(NOVEMBER_1, 0);
    s = read_exempt_file("client 192.0.2.1 until=2026-11-02\nclient 192.0.2.0/24\n"
                         "helo .a.example until=2026-11-02\nrdns .a.example until=2026-11-01\nrdns .example\n");
    if (!s)
        fail_msg("%s", messages);
    assert_int_equal(settings_exempt_client(s, &a, NOVEMBER_1), 0);
    assert_int_equal(settings_exempt_client(s, &a, NOVEMBER_1 + 2 * DAY - 1), 0);
    assert_int_equal(settings_exempt_client(s, &a, NOVEMBER_1 + 2 * DAY), 1);
    assert_int_equal(settings_exempt_helo(s, "m.a.example", NOVEMBER_1 + 2 * DAY - 1), 2);
    assert_int_equal(settings_exempt_helo(s, "m.a.example", NOVEMBER_1 + 2 * DAY), -1);
    assert_int_equal(settings_exempt_rdns(s, "m.a.example", NOVEMBER_1), 3);
    assert_int_equal(settings_exempt_rdns(s, "m.a.example", NOVEMBER_1 + DAY), 4);
    settings_unref(s);
    clock_advance(3 * DAY * 1000ull);
    s = read_exempt_file("client 192.0.2.1 until=2026-11-02\nclient 192.0.2.0/24\n");
    assert_non_null(s);
    assert_int_equal(s->exempt.count, 1);
    assert_non_null(strstr(messages, "exempt:1: \"192.0.2.1\" has run out"));
    settings_unref(s);
    clock_freeze(NOVEMBER_1, 0);
}

static double load_seconds(unsigned entries)
{
    const char *path = write_file("many", "");
    char text[512];
    FILE *out = fopen(path, "w");
    struct settings *s;
    clock_t began;

    assert_non_null(out);
    for (unsigned i = 0; i < entries; i++) {
        if (i % 2)
            fprintf(out, "helo mail%u.customer%u.example until=2099-12-31 # number %u\n", i, i, i);
        else
            fprintf(out, "client 10.%u.%u.%u\n", i >> 16 & 255, i >> 8 & 255, i & 255);
    }
    fclose(out);
    snprintf(text, sizeof(text), "exempt { clients = {} files = { \"%s\" } }", path);
    began = clock();
    s = read_good(text);
    assert_int_equal(s->exempt.count, entries);
    settings_unref(s);
    return (double)(clock() - began) / CLOCKS_PER_SEC;
}

/* Linear growth, so that 100,000 stay far below the 300 ms in which a reload is done. */
static void test_many(void **state)
{
    double base = load_seconds(0), few = load_seconds(10000) - base, many = load_seconds(100000) - base;

    (void)state;
    print_message("# no entry: %.0f ms, 10,000 more: %.0f ms, 100,000 more: %.0f ms\n", base * 1e3, few * 1e3,
                  many * 1e3);
    assert_true(many < 30 * few + 0.1);
    assert_true(many < 2.0);
}

static void add_line(void *arg, const char *line)
{
    char *text = arg;
    size_t used = strlen(text);

    snprintf(text + used, 2048 - used, "%s\n", line);
}

static void test_diff(void **state)
{
    struct settings *old = read_good("history { redis_password = \"one\" } policy \"gone\" { }\n"
                                     "policy \"default\" { threshold \"a\" { score = 10 action = \"prepend\" }\n"
                                     "threshold \"b\" { score = 50 action = \"defer\" }\n"
                                     "points { rdns_missing = 40 } }");
    struct settings *new = read_good("server { deadline = \"5s\" } dns { servers = { \"192.0.2.53\" } }\n"
                                     "exempt { rdns = { \".a.example\" } } history { redis_password = \"two\" }\n"
                                     "policy \"new\" { } policy \"default\" { mode = \"soft\"\n"
                                     "threshold \"a\" { score = 20 action = \"prepend\" }\n"
                                     "threshold \"c\" { score = 60 action = \"defer\" }\n"
                                     "points { rdns_missing = 50 } caps { dns = 55 } }");
    char lines[2048] = "";

    (void)state;
    assert_int_equal(policyfile_diff(old, old, add_line, lines), 0);
    assert_string_equal(lines, "");
    assert_int_equal(policyfile_diff(old, new, add_line, lines), 13);
    assert_string_equal(lines, "server: deadline \"8s\" -> \"5s\"\n"
                               "dns: servers {} -> { \"192.0.2.53\" }\n"
                               "exempt: rdns {} -> { \".a.example\" }\n"
                               "exempt: entries 8 -> 9\n"
                               "history: redis_password has changed\n"
                               "policy gone: is gone\n"
                               "policy default: mode \"enforce\" -> \"soft\"\n"
                               "policy default: threshold a score 10 -> 20\n"
                               "policy default: threshold b is gone\n"
                               "policy default: threshold c is new\n"
                               "policy default: rdns_missing 40 -> 50\n"
                               "policy default: cap of dns 80 -> 55\n"
                               "policy new: is new\n");
    settings_unref(old);
    settings_unref(new);
}

/* Whoever may write the policy decides which mail is lost. */
static void test_writable(void **state)
{
    static const struct {
        mode_t mode;
        bool other_group, taken;
    } rows[] = {
        { 0600, false, true }, { 0644, false, true }, { 0664, false, true },
        { 0646, false, false }, { 0666, false, false }, { 0664, true, false }, { 0644, true, true },
    };
    const char *path;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct settings *s;
        path = write_file("policy", "dns { tries = 3 }");
        if (rows[i].other_group && (getuid() != 0 || chown(path, (uid_t)-1, 65534) != 0))
            continue;
        assert_int_equal(chmod(path, rows[i].mode), 0);
        messages[0] = '\0';
        s = policyfile_read(path, keep, NULL);
        if ((s != NULL) != rows[i].taken || (s == NULL && !strstr(messages, "may write it")))
            fail_msg("mode %o: %s", (unsigned)rows[i].mode, messages);
        settings_unref(s);
    }
}

static void test_files(void **state)
{
    struct settings *s;
    const char *path;

    (void)state;
    messages[0] = '\0';
    assert_null(policyfile_read("/nonexistent/helod.conf", keep, NULL));
    assert_string_equal(messages, "/nonexistent/helod.conf: No such file or directory\n");
    messages[0] = '\0';
    assert_null(policyfile_read("/tmp", keep, NULL));
    assert_string_equal(messages, "/tmp: is a directory, expected a file\n");
    messages[0] = '\0';
    path = write_file("policy", "");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(policyfile_read(path, keep, NULL));
    assert_non_null(strstr(messages, "/policy: is a pipe, expected a file\n"));
    assert_int_equal(unlink(path), 0);
    messages[0] = '\0';
    s = policyfile_read(NULL, keep, NULL);
    assert_non_null(s);
    assert_string_equal(messages, "");
    settings_unref(s);
    s = policyfile_read(write_file("policy", "history { redis_password = \"x\" }"), keep, NULL);
    assert_non_null(s);
    assert_non_null(strstr(messages, ": holds a password and everybody may read it"));
    settings_unref(s);
}

static void test_large(void **state)
{
    size_t n = 1024 * 1024 + 1;
    char *text = malloc(n);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', n);
    messages[0] = '\0';
    assert_null(policyfile_read_text("t", text, n, keep, NULL));
    assert_string_equal(messages, "t: larger than 1 MiB, expected a policy file\n");
    memset(text, '\n', n - 1);
    text[n - 2] = '!';
    messages[0] = '\0';
    assert_null(policyfile_read_text("t", text, n - 1, keep, NULL));
    assert_string_equal(messages, "t:1048576: unexpected '!', expected the name of an option or section\n");
    free(text);
}

/* A hundred are told, and how many more there are. */
static void test_many_mistakes(void **state)
{
    char text[4096] = "";

    (void)state;
    for (int i = 0; i < 150; i++)
        strncat(text, "x = 1\n", sizeof(text) - strlen(text) - 1);
    assert_null(read_text(text));
    assert_non_null(strstr(messages, "t:1: unknown option \"x\"\n"));
    assert_non_null(strstr(messages, "t:100: unknown option \"x\"\nt: and 50 more\n"));
    assert_null(strstr(messages, "t:101"));
}

/* A bad file leaves nothing behind in libconfuse that spoils the next. */
static void test_again_after_bad(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct settings *s;
        assert_null(read_text("server { user = \"x"));
        assert_null(read_text("server { user = { "));
        s = read_good("dns { tries = 3 }");
        assert_int_equal(s->dns.tries, 3);
        settings_unref(s);
    }
}

static int make_folder(void **state)
{
    (void)state;
    clock_freeze(NOVEMBER_1, 0);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "exempt", "policy", "many" };
    char path[256];

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_refused_actions),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_needs),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_exempt),
        cmocka_unit_test(test_exempt_file),
        cmocka_unit_test(test_exempt_file_errors),
        cmocka_unit_test(test_exempt_file_reports_all),
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_diff),
        cmocka_unit_test(test_writable),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_many_mistakes),
        cmocka_unit_test(test_again_after_bad),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the settings answer: fields, policies by context, who is local, what differs between two of them; and which
 * files are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policyfile.h"
#include "reading.h"

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
        {"dunno", OUTCOME_DUNNO, false},
        {"prepend", OUTCOME_MARK, false},
        {"defer", OUTCOME_DEFER, false},
        {"reject", OUTCOME_REJECT, false},
        {"450 4.7.1 wait", OUTCOME_DEFER, true},
        {"421 4.7.1 wait", OUTCOME_DEFER, true},
        {"550 5.7.1 no", OUTCOME_REJECT, true},
        {"554 5.7.1 no", OUTCOME_REJECT, true},
        {"DEFER_IF_PERMIT 4.7.1 later", OUTCOME_DEFER, true},
        {"WARN seen", OUTCOME_MARK, true},
        {"restriction:greylist", OUTCOME_MARK, true},
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
    static const char *const rows[] = {"OK", "ok", "PERMIT", "250", "550", "", "X", "restriction:", "450 5.7.1 wait"};

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
        snprintf(text + used, sizeof(text) - used, "%s = 0\n", rule_names[i]);
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
        /* clang-format off */
        {"192.0.2.9", LOCAL_OURS},
        {"10.1.2.3", LOCAL_CLIENT}, /* private, so not unique: greeting with it never counts as ours */
        {"127.0.0.1", LOCAL_CLIENT},
        {"::1", LOCAL_CLIENT},
        {"198.51.100.1", LOOKUP_NONE},
        {"2001:db8::1", LOOKUP_NONE},
        /* clang-format on */
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

static void add_line(void *arg, bool restart, const char *line)
{
    char *text = arg;
    size_t used = strlen(text);

    snprintf(text + used, 2048 - used, "%s%s\n", line, restart ? ", restart" : "");
}

static void test_diff(void **state)
{
    struct settings *old = read_good("history { redis_password = \"one\" } policy \"gone\" { }\n"
                                     "policy \"default\" { threshold \"a\" { score = 10 action = \"prepend\" }\n"
                                     "threshold \"b\" { score = 50 action = \"defer\" }\n"
                                     "points { rdns_missing = 40 } caps { dns = 60 } }");
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
                               "history: redis_password has changed, restart\n"
                               "policy gone: is gone\n"
                               "policy default: mode \"enforce\" -> \"soft\"\n"
                               "policy default: threshold a score 10 -> 20\n"
                               "policy default: threshold b is gone\n"
                               "policy default: threshold c is new\n"
                               "policy default: rdns_missing 40 -> 50\n"
                               "policy default: cap of dns 60 -> 55\n"
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
        {0600, false, true},  {0644, false, true}, {0664, false, true}, {0646, false, false},
        {0666, false, false}, {0664, true, false}, {0644, true, true},
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
        if ((s != NULL) != rows[i].taken || (s == NULL && !strstr(messages, "may write to it")))
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
    assert_null(policyfile_read("/helod-absent/helod.conf", keep, NULL));
    assert_string_equal(messages, "/helod-absent/helod.conf: No such file or directory\n");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),          cmocka_unit_test(test_outcomes), cmocka_unit_test(test_refused_actions),
        cmocka_unit_test(test_policies),        cmocka_unit_test(test_needs),    cmocka_unit_test(test_references),
        cmocka_unit_test(test_local),           cmocka_unit_test(test_diff),     cmocka_unit_test(test_writable),
        cmocka_unit_test(test_files),           cmocka_unit_test(test_large),    cmocka_unit_test(test_many_mistakes),
        cmocka_unit_test(test_again_after_bad),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

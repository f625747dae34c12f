/* SPDX-License-Identifier: BSD-2-Clause */
/* test_redis_record: what the members of a record say, which of them are removed, and replies that are no record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "redis_record.h"

enum { DAY = 86400, NOW = 1767225600, SINCE = NOW - 7 * DAY };

static const struct redis_record_bounds bounds = {.since = SINCE, .names = 4, .networks = 4};

/*
 * A record is written as "MEMBER SCORE, MEMBER SCORE", where -N is N seconds ago as the time of a last greeting, @N is
 * that of a first one, and a plain number is itself. hiredis reads it as it would from a server.
 */
static redisReply *record(const char *text)
{
    redisReader *reader = redisReaderCreate();
    char head[32], item[400], member[300], score[32];
    unsigned count = 0;
    void *reply = NULL;

    for (const char *at = text; *at != '\0'; at++)
        count += *at == ',';
    count += *text != '\0';
    redisReaderFeed(reader, head, (size_t)snprintf(head, sizeof(head), "*%u\r\n", 2 * count));
    for (const char *at = text; at != NULL && *at != '\0'; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
        assert_int_equal(sscanf(at, " %299s %31[^,]", member, score), 2);
        if (score[0] == '-')
            snprintf(score, sizeof(score), "%lld",
                     (member[0] == 'n' ? REDIS_RECORD_NAMES : 0) - NOW + strtoll(score + 1, NULL, 10));
        else if (score[0] == '@')
            snprintf(score, sizeof(score), "%lld", NOW - strtoll(score + 1, NULL, 10));
        redisReaderFeed(reader, item,
                        (size_t)snprintf(item, sizeof(item), "$%zu\r\n%s\r\n$%zu\r\n%s\r\n", strlen(member), member,
                                         strlen(score), score));
    }
    assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
    assert_non_null(reply);
    redisReaderFree(reader);
    return reply;
}

static struct history_facts facts_of(const char *text, const char *domain)
{
    struct store_keys keys = {.known_count = 3};
    struct history_facts facts = {.known = false};
    redisReply *reply = record(text);

    snprintf(keys.domain, sizeof(keys.domain), "%s", domain);
    assert_true(redis_record_facts(reply, SINCE, &keys, &facts));
    freeReplyObject(reply);
    return facts;
}

/* 86400 seconds are a day; the window has seven. */
static const struct {
    const char *record, *domain;
    unsigned domains, names, good, good_days;
    bool other;
    unsigned misfits, misfit_days;
} rows[] = {
    {"", "b.example", 0, 0, 0, 0, false, 0, 0},
    {"nx -5, na.b.example -9, db.example -9, f @50", "b.example", 1, 2, 0, 0, false, 0, 0},
    {"nx -5, nold -604800, dold -604801, f @700000", "", 0, 1, 0, 0, false, 0, 0},
    {"nold -604800, dold -604801, f @700000", "", 0, 0, 0, 0, false, 0, 0},
    {"r -5, vb.example -5, kb.example 3, wb.example @518405, f @600000", "b.example", 0, 0, 3, 6, false, 0, 0},
    {"r -5, vb.example -5, kb.example 3, wb.example @518405, f @600000", "c.example", 0, 0, 0, 0, true, 0, 0},
    {"r -5, vb.example -5, kb.example 2, wb.example @518405, f @600000", "c.example", 0, 0, 0, 0, false, 0, 0},
    {"r -5, vb.example -5, kb.example 3", "", 0, 0, 0, 0, true, 0, 0},
    {"vb.example -5, vd.example -6, kd.example 1, kb.example 3", "c.example", 0, 0, 0, 0, false, 0, 0},
    {"vb.example -5, vd.example -604800, kb.example 3, kd.example 9", "c.example", 0, 0, 0, 0, true, 0, 0},
    {"vb.example -5, vd.example -604800, kb.example 3, kd.example 9", "d.example", 0, 0, 0, 0, true, 0, 0},
    {"m5 -1, m4 -2, m3 -86402, m2 -604799, m1 -604800", "", 0, 0, 0, 0, false, 4, 3},
    {"m9 -1, r -2, m4 -2, m3 -86402", "", 0, 0, 0, 0, false, 1, 1},
    {"r -1, m9 -1, m4 -2", "", 0, 0, 0, 0, false, 0, 0},
    {"m9 -1, m8 -2, m7 -3, m6 -4, m5 -5, m4 -6, m3 -7, m2 -86401", "", 0, 0, 0, 0, false, 6, 2},
    {"qlater-version -1, nx -2", "", 0, 1, 0, 0, false, 0, 0},
};

static void facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct history_facts f = facts_of(rows[i].record, rows[i].domain);

        if (f.domains != rows[i].domains || f.names != rows[i].names || f.good != rows[i].good ||
            f.good_days != rows[i].good_days || f.verified_other != rows[i].other || f.misfits != rows[i].misfits ||
            f.misfit_days != rows[i].misfit_days)
            fail_msg("%s for \"%s\": domains=%u names=%u good=%u days=%u other=%d misfits=%u on %u", rows[i].record,
                     rows[i].domain, f.domains, f.names, f.good, f.good_days, f.verified_other, f.misfits,
                     f.misfit_days);
    }
}

static void first_and_last(void **state)
{
    struct history_facts f = facts_of("nx -5, r -9, f @90", "");

    (void)state;
    assert_int_equal(f.first_seen, NOW - 90);
    assert_int_equal(f.last_seen, NOW - 5);
    f = facts_of("nx -604800, f @700000", "");
    assert_int_equal(f.first_seen, 0);
    assert_int_equal(f.last_seen, 0);
}

static const struct {
    const char *record, *removed;
} excesses[] = {
    {"", ""},
    {"nx -1, dx.example -1, m1 -1, r -2, va.example -2, ka.example 1, wa.example @50, f @60", ""},
    {"na -1, nb -2, nc -3, nd -4, ne -5, df -6, ng -7", "ne ng"},
    {"da -1, db -2, dc -3, dd -4, de -5, nf -6", "de"},
    {"na -1, nb -604800, dc -604801, m2 -604802, r -604803, f @604804", "nb dc m2"},
    {"m9 -1, m8 -2, m7 -3, m6 -4, m5 -5, m4 -6, m3 -86401", "m4"},
    {"na -1, vb.example -604800, kb.example 9, wb.example @604801, f @604801", "vb.example kb.example wb.example"},
    {"na -1, kb.example 9, wc.example @5", "kb.example wc.example"},
    {"na -1, qlater-version -2", ""},
};

static void excess(void **state)
{
    static struct redis_record_excess out;

    (void)state;
    for (size_t i = 0; i < sizeof(excesses) / sizeof(excesses[0]); i++) {
        redisReply *reply = record(excesses[i].record);
        char removed[400] = "";

        assert_true(redis_record_excess(reply, &bounds, &out));
        for (unsigned at = 0; at < out.count; at++)
            snprintf(removed + strlen(removed), sizeof(removed) - strlen(removed), "%s%.*s", at > 0 ? " " : "",
                     (int)out.sizes[at], out.members[at]);
        if (strcmp(removed, excesses[i].removed) != 0)
            fail_msg("%s: removes \"%s\"", excesses[i].record, removed);
        freeReplyObject(reply);
    }
}

/* A mail server with three greetings behind a NAT with bots that are verified for 40 domains of their own. */
static void what_is_earned_cannot_be_pushed_out(void **state)
{
    static struct redis_record_excess out;
    char text[4000] = "";
    redisReply *reply;
    size_t n = 0;

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "vbot%u.example -%u, ", i, i + 1);
    n += (size_t)snprintf(text + n, sizeof(text) - n, "vfirm.example -500, ");
    for (unsigned i = 0; i < 40; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "kbot%u.example %u, ", i, i < 30 ? 1 : 2);
    snprintf(text + n, sizeof(text) - n, "kfirm.example 3");
    reply = record(text);
    assert_true(redis_record_excess(reply, &bounds, &out));
    assert_int_equal(out.count, 2 * 9);
    for (unsigned i = 0; i < 9; i++) { /* of those with one greeting, the ones seen longest ago */
        char member[32];

        snprintf(member, sizeof(member), "vbot%u.example", 29 - i);
        assert_string_equal(out.members[i], member);
    }
    freeReplyObject(reply);
}

static void listed(void **state)
{
    static struct store_record out;
    redisReply *reply = record("nx -5, vb.example -6, na -7, nb -8, nc -9, nd -604800, kb.example 4, wb.example @50, "
                               "f @60");

    (void)state;
    assert_true(redis_record_list(reply, &bounds, STORE_NETWORK, &out));
    assert_true(out.found && out.first == NOW - 60 && out.last == NOW - 5);
    assert_int_equal(out.lists[STORE_NAMES].total, 4);
    assert_true(out.lists[STORE_NAMES].at_least);
    assert_string_equal(out.lists[STORE_NAMES].items[0].text, "x");
    assert_int_equal(out.lists[STORE_NAMES].items[3].seen, NOW - 9);
    assert_int_equal(out.lists[STORE_VERIFIED].total, 1);
    assert_false(out.lists[STORE_VERIFIED].at_least);
    assert_string_equal(out.lists[STORE_VERIFIED].items[0].text, "b.example");
    assert_true(out.lists[STORE_VERIFIED].items[0].count == 4 && out.lists[STORE_VERIFIED].items[0].first == NOW - 50);
    freeReplyObject(reply);

    memset(&out, 0, sizeof(out));
    reply = record("a192.0.0.0/16 -5, a198.51.0.0/16 -9, a203.0.0.0/16 -604800");
    assert_true(redis_record_list(reply, &bounds, STORE_NAME, &out));
    assert_true(out.found && out.last == NOW - 5 && out.first == NOW - 9);
    assert_int_equal(out.lists[STORE_NETWORKS].total, 2);
    assert_string_equal(out.lists[STORE_NETWORKS].items[1].text, "198.51.0.0/16");
    freeReplyObject(reply);
}

static void no_records(void **state)
{
    static const char *const replies[] = {
        ":1\r\n",
        "$1\r\nx\r\n",
        "$-1\r\n",
        "*1\r\n$1\r\nx\r\n",
        "*2\r\n:1\r\n:2\r\n",
        "*2\r\n$1\r\nx\r\n:5\r\n",
        "*2\r\n$0\r\n\r\n$1\r\n5\r\n",
        "*2\r\n$2\r\nx\0\r\n$1\r\n5\r\n",
        "*2\r\n$1\r\nx\r\n$1\r\n-\r\n",
        "*2\r\n$1\r\nx\r\n$0\r\n\r\n",
        "*2\r\n$1\r\nx\r\n$2\r\n5x\r\n",
        "*2\r\n$1\r\nx\r\n$3\r\n1e9\r\n",
    };
    static const size_t with_nul = sizeof("*2\r\n$2\r\nx\0\r\n$1\r\n5\r\n") - 1;
    struct store_keys keys = {.known_count = 3};
    struct history_facts none = {.known = false};

    (void)state;
    for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        redisReader *reader = redisReaderCreate();
        void *reply = NULL;

        redisReaderFeed(reader, replies[i], i == 7 ? with_nul : strlen(replies[i]));
        assert_int_equal(redisReaderGetReply(reader, &reply), REDIS_OK);
        assert_non_null(reply);
        if (redis_record_facts(reply, SINCE, &keys, &none))
            fail_msg("read as a record: %s", replies[i]);
        freeReplyObject(reply);
        redisReaderFree(reader);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts),  cmocka_unit_test(first_and_last),
        cmocka_unit_test(excess), cmocka_unit_test(what_is_earned_cannot_be_pushed_out),
        cmocka_unit_test(listed), cmocka_unit_test(no_records),
    };

    return cmocka_run_group_tests_name("redis_record", tests, NULL, NULL);
}

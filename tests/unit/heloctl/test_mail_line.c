/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of mail logs, as the programs write them, and lines that only look like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mail_line.h"

#define PREFIX "Nov 28 10:00:01 mx postfix/"
#define FROM "mail.far.net[203.0.113.5]"

static const struct {
    const char *line;
    enum mail_kind kind;
    enum mail_source source;
    enum mail_opinion opinion;
    const char *queue_id, *message_id, *client, *sender, *helo;
} cases[] = {
    {PREFIX "smtpd[42]: 4F0C2: client=" FROM, MAIL_ACCEPTED, MAIL_BY_POSTFIX, MAIL_NO_OPINION, "4F0C2", "",
     "203.0.113.5", "", ""},
    {PREFIX "submission/smtpd[42]: 4F0C2: client=unknown[2001:db8::7], sasl_method=PLAIN", MAIL_ACCEPTED,
     MAIL_BY_POSTFIX, MAIL_NO_OPINION, "4F0C2", "", "2001:db8::7", "", ""},
    {PREFIX "cleanup[43]: 4F0C2: message-id=<a.b@far.net>", MAIL_ID, MAIL_BY_POSTFIX, MAIL_NO_OPINION, "4F0C2",
     "a.b@far.net", "", "", ""},
    {PREFIX "qmgr[44]: 4F0C2: from=<a@far.net>, size=700, nrcpt=1 (queue active)", MAIL_FROM, MAIL_BY_POSTFIX,
     MAIL_NO_OPINION, "4F0C2", "", "", "a@far.net", ""},
    {PREFIX "virtual[45]: 4F0C2: to=<r1@test.example>, relay=virtual, delay=0.1, dsn=2.0.0, status=sent (delivered)",
     MAIL_DELIVERED, MAIL_BY_POSTFIX, MAIL_NO_OPINION, "4F0C2", "", "", "", ""},
    {PREFIX "smtpd[42]: NOQUEUE: reject: RCPT from " FROM ": 554 5.7.1 Service unavailable; Client host [203.0.113.5] "
            "blocked using zen.example; from=<a@far.net> to=<r1@test.example> proto=ESMTP helo=<mail.far.net>",
     MAIL_REFUSED, MAIL_BY_POSTFIX, MAIL_SPAM, "", "", "203.0.113.5", "a@far.net", "mail.far.net"},
    {PREFIX "smtpd[42]: NOQUEUE: reject: RCPT from " FROM ": 550 5.1.1 <x@test.example>: Recipient address rejected: "
            "User unknown in virtual mailbox table; from=<> to=<x@test.example> proto=SMTP helo=<x>",
     MAIL_REFUSED, MAIL_BY_POSTFIX, MAIL_NO_OPINION, "", "", "203.0.113.5", "", "x"},
    {PREFIX "smtpd[42]: NOQUEUE: reject: RCPT from " FROM
            ": 450 4.7.1 Client host rejected: cannot find your hostname; "
            "from=<a@far.net> to=<r1@test.example> proto=ESMTP helo=<x>",
     MAIL_REFUSED, MAIL_BY_POSTFIX, MAIL_NO_OPINION, "", "", "203.0.113.5", "a@far.net", "x"},
    {PREFIX "cleanup[43]: 4F0C2: milter-reject: END-OF-MESSAGE from " FROM ": 5.7.1 Spam message rejected; "
            "from=<a@far.net> to=<r1@test.example> proto=ESMTP helo=<mail.far.net>",
     MAIL_REFUSED, MAIL_BY_MILTER, MAIL_SPAM, "4F0C2", "", "203.0.113.5", "a@far.net", "mail.far.net"},
    {PREFIX "cleanup[43]: 4F0C2: milter-reject: END-OF-MESSAGE from " FROM ": 4.7.1 Try again later; "
            "from=<a@far.net> to=<r1@test.example> proto=ESMTP helo=<mail.far.net>",
     MAIL_REFUSED, MAIL_BY_MILTER, MAIL_NO_OPINION, "4F0C2", "", "203.0.113.5", "a@far.net", "mail.far.net"},
    {PREFIX "postscreen[9]: NOQUEUE: reject: RCPT from [203.0.113.5]:4711: 550 5.7.1 Service unavailable; client "
            "[203.0.113.5] blocked using zen.example; from=<a@far.net>, to=<r1@test.example>, proto=ESMTP, helo=<x>",
     MAIL_REFUSED, MAIL_BY_POSTSCREEN, MAIL_SPAM, "", "", "203.0.113.5", "a@far.net", "x"},
    {PREFIX "postscreen[9]: PREGREET 11 after 0.06 from [203.0.113.5]:4711: EHLO User\\r\\n", MAIL_REFUSED,
     MAIL_BY_POSTSCREEN, MAIL_SPAM, "", "", "203.0.113.5", "", ""},
    {"2026-11-28 10:00:01 #7(normal) <a1b2c3>; task; rspamd_task_write_log: id: <a.b@far.net>, qid: <4F0C2>, "
     "ip: 203.0.113.5, from: <a@far.net>, (default: T (reject): [16.10/15.00] [X(1.00){}]), len: 700",
     MAIL_VERDICT, MAIL_BY_RSPAMD, MAIL_SPAM, "4F0C2", "a.b@far.net", "203.0.113.5", "a@far.net", ""},
    {"Nov 28 10:00:01 mx rspamd[7]: <a1b2c3>; task; rspamd_task_write_log: id: <a.b@far.net>, qid: <4F0C2>, "
     "ip: 203.0.113.5, (default: F (no action): [0.10/15.00] [X(0.10){}]), len: 700",
     MAIL_VERDICT, MAIL_BY_RSPAMD, MAIL_HAM, "4F0C2", "a.b@far.net", "203.0.113.5", "", ""},
    {"Nov 28 10:00:01 mx rspamd[7]: <a1b2c3>; task; rspamd_task_write_log: id: <u>, ip: 203.0.113.5, "
     "(default: F (greylist): [5.10/15.00] [X(0.10){}]), len: 700",
     MAIL_VERDICT, MAIL_BY_RSPAMD, MAIL_NO_OPINION, "", "u", "203.0.113.5", "", ""},
    {"Nov 28 10:00:01 mx spamd[8]: spamd: result: Y 15 - BAYES_99,RDNS_NONE scantime=1.2,size=700,user=x,uid=1,"
     "required_score=5.0,rhost=127.0.0.1,raddr=127.0.0.1,rport=4711,mid=<a.b@far.net>,autolearn=no",
     MAIL_VERDICT, MAIL_BY_SPAMASSASSIN, MAIL_SPAM, "", "a.b@far.net", "", "", ""},
    {"Nov 28 10:00:01 mx spamd[8]: spamd: result: . -1 - DKIM_VALID scantime=1.2,size=700,mid=<a.b@far.net>,bayes=0",
     MAIL_VERDICT, MAIL_BY_SPAMASSASSIN, MAIL_HAM, "", "a.b@far.net", "", "", ""},
    {"Nov 28 10:00:01 mx amavis[6]: (06-01) Blocked SPAM {DiscardedInbound,Quarantined}, [203.0.113.5]:4711 "
     "[203.0.113.5] <a@far.net> -> <r1@test.example>, quarantine: q, Queue-ID: 4F0C2, Message-ID: <a.b@far.net>, "
     "mail_id: x, Hits: 12.1, size: 700, 900 ms",
     MAIL_VERDICT, MAIL_BY_AMAVIS, MAIL_SPAM, "4F0C2", "a.b@far.net", "203.0.113.5", "", ""},
    {"Nov 28 10:00:01 mx amavis[6]: (06-02) Passed CLEAN {RelayedInbound}, [203.0.113.5]:4711 [203.0.113.5] "
     "<a@far.net> -> <r1@test.example>, Queue-ID: 4F0C2, Message-ID: <a.b@far.net>, mail_id: x, Hits: 0.1, size: 7",
     MAIL_VERDICT, MAIL_BY_AMAVIS, MAIL_HAM, "4F0C2", "a.b@far.net", "203.0.113.5", "", ""},
};

static bool same(struct mail_part part, const char *text)
{
    return part.n == strlen(text) && memcmp(part.n ? part.at : "", text, part.n) == 0;
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mail_line line;

        print_message("# %s\n", cases[i].line);
        assert_true(mail_line_read(cases[i].line, strlen(cases[i].line), &line));
        assert_int_equal(line.kind, cases[i].kind);
        assert_int_equal(line.source, cases[i].source);
        assert_int_equal(line.opinion, cases[i].opinion);
        assert_true(same(line.queue_id, cases[i].queue_id));
        assert_true(same(line.message_id, cases[i].message_id));
        assert_true(same(line.client, cases[i].client));
        assert_true(same(line.sender, cases[i].sender));
        assert_true(same(line.helo, cases[i].helo));
    }
}

/* A stranger chooses names, senders and message ids. */
static void test_forged(void **state)
{
    static const char *const lines[] = {
        "",
        PREFIX "smtpd[42]: connect from " FROM,
        PREFIX "smtpd[42]: warning: 4F0C2: client=" FROM,
        PREFIX "cleanup[43]: 4F0C2: message-id=4F0C3: milter-reject: END-OF-MESSAGE from x[203.0.113.5]: 5.7.1 no",
        "Nov 28 10:00:01 mx notpostfix/xsmtpd[42]: 4F0C2: client=" FROM,
        "Nov 28 10:00:01 mx other[1]: rspamd[7]: task; rspamd_task_write_log: id: <a>, (default: F (no action): [0/15]",
        "Nov 28 10:00:01 mx spamd[8]: spamd: result: Y 15 - X scantime=1",
        "Nov 28 10:00:01 mx helod[1]: decision v=1 helo=\"postfix/smtpd[42]: 4F0C2: client=" FROM "\"",
    };
    struct mail_line line;
    static const char id[] =
        "Nov 28 10:00:01 mx rspamd[7]: <x>; task; rspamd_task_write_log: id: <a, qid: <4F0C9>, ip: 203.0.113.9, "
        "(no action)>, qid: <4F0C2>, ip: 203.0.113.5, from: <a@far.net>, (default: T (reject): [16/15] [])";
    static const char helo[] = PREFIX "smtpd[42]: NOQUEUE: reject: RCPT from " FROM
                                      ": 554 5.7.1 <y; from=<q@q> helo=<q>>: Helo command rejected: no; "
                                      "from=<a@far.net> to=<r1@test.example> proto=ESMTP helo=<real>";

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (mail_line_read(lines[i], strlen(lines[i]), &line))
            fail_msg("was read: %s", lines[i]);
    assert_true(mail_line_read(id, strlen(id), &line));
    assert_int_equal(line.opinion, MAIL_SPAM);
    assert_true(mail_line_read(helo, strlen(helo), &line));
    assert_true(same(line.sender, "a@far.net"));
    assert_true(same(line.helo, "real"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_forged),
    };

    return cmocka_run_group_tests_name("mail_line", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * score: what sum.h promises, one row per case; and greetings of honest senders that other programs got wrong, each
 * with the worst outcome that is allowed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "evidence_builder.h"
#include "decision.h"
#include "policy_builder.h"

static struct verdict judge(const struct policy *policy, const char *line)
{
    struct verdict v;

    builder_verdict(policy, builder_evidence(line, region), region, &v);
    return v;
}

static const struct {
    const char *name, *points, *line;
    int score;
} sums[] = {
    {"nothing", "all=0", "helo=mail.blau.com", 0},
    {"one finding", "all=0 helo_not_fqdn:60", "helo=mail", 60},
    {"families add up", "all=0 helo_not_fqdn:60 greeting_helo:15", "helo=mail proto=SMTP", 75},
    {"beside a heavier one of its family its share", "all=0 rdns_missing:40 helo_resolves_bogon:20",
     "helo=mail.blau.com rdns=none addr=127.0.0.1", 50},
    {"the share is of the lighter", "all=0 rdns_missing:40 helo_resolves_bogon:20 helo_bare_domain:7",
     "helo=blau.com rdns=none addr=127.0.0.1", 57},
    {"family cap", "all=0 rdns_missing:40 helo_unresolvable:40 dns=45", "helo=mail.blau.com rdns=none addr=nxdomain",
     45},
    {"an implied one does not count", "all=0 helo_localhost:80 helo_not_fqdn:60", "helo=localhost", 80},
    {"but the heavier of the two does", "all=0 helo_localhost:50 helo_not_fqdn:60", "helo=localhost", 60},
    {"equal: the one that implies", "all=0 helo_localhost:60 helo_not_fqdn:60", "helo=localhost", 60},
    {"implied across families and without points", "all=0 helo_not_fqdn:60", "helo=localhost", 60},
    {"a credit is taken off", "all=0 rdns_generic:40 helo_spf_pass:-10",
     "helo=mail.blau.com rdns=a.rot.com/generic spf=pass", 30},
    {"never under 0", "all=0 helo_spf_pass:-10", "helo=mail.blau.com spf=pass", 0},
    {"all credits together are bounded", "all=0 helo_trailing_dot:90 helo_spf_pass:-30 helo_same_domain:-40 credit=50",
     "helo=mail.blau.com. rdns=a.blau.com:pass spf=pass", 40},
    {"credits of one family do not stack",
     "all=0 helo_trailing_dot:90 helo_same_domain:-20 helo_resolves_to_client:-12",
     "helo=mail.blau.com. rdns=a.blau.com:pass addr=25.1.2.3", 67},
    {"an implied credit does not count", "all=0 helo_trailing_dot:90 helo_same_domain:-20 helo_verified:-30",
     "helo=mail.blau.com. rdns=mail.blau.com:pass", 60},
    {"a credit excuses nothing that lasts", "all=0 helo_bulk_name:40 helo_trailing_dot:10 helo_same_domain:-30",
     "helo=mail.blau.com. naming=bulk rdns=a.blau.com:pass", 40},
    {"and all of the rest", "all=0 helo_bulk_name:40 helo_trailing_dot:30 helo_same_domain:-20",
     "helo=mail.blau.com. naming=bulk rdns=a.blau.com:pass", 50},
    {"a certain one is a floor for credits", "all=0 helo_is_ours:100 helo_spf_pass:-50",
     "helo=mx.blau.com ours spf=pass", 100},
    {"and for caps", "all=0 helo_is_ours:100 impersonation=20", "helo=mx.blau.com ours", 100},
    {"and still others add to it", "all=0 helo_is_ours:100 greeting_helo:15", "helo=mx.blau.com ours proto=SMTP", 115},
    {"a note never counts", "all=0 rdns_temperror:90", "helo=mail.blau.com rdns=temperror", 0},
    {"a rule without points does not run", "all=0 helo_not_fqdn:10", "helo=mail rdns=none", 10},
};

static void sum_table(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
        struct policy policy = builder_policy();
        struct verdict v;
        int counted = 0;

        builder_set(&policy, sums[i].points);
        v = judge(&policy, sums[i].line);
        for (unsigned f = 0; f < v.finding_count; f++)
            counted += v.findings[f].counted;
        if (v.score == sums[i].score && counted == v.score)
            continue;
        print_error("%s: score %d, the parts %d, expected %d\n", sums[i].name, v.score, counted, sums[i].score);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* Defaults: the worst outcome that may come of the greeting, and a finding that must not be there. */
static const struct {
    const char *name, *line;
    enum outcome worst;
    const char *absent;
} honest[] = {
    {"Office 365 greets with names that point to 127.0.0.1",
     "helo=eur01.prod.blau.com addr=127.0.0.1 rdns=mail-eur01.outbound.blau.com:pass spf=none", OUTCOME_DUNNO,
     "helo_resolves_bogon"},
    {"a name in NXDOMAIN, its reverse name of the same organisation",
     "helo=app7.digital.blau.com addr=nxdomain rdns=mail7.blau.com:pass", OUTCOME_DUNNO, "helo_unresolvable"},
    {"two labels under co.uk are no domain, so that is another organisation",
     "helo=app7.blau.co.uk addr=nxdomain rdns=mail7.rot.co.uk:pass", OUTCOME_MARK, "helo_same_domain"},
    {"pools greet with a pool name, each address has its own",
     "helo=pool.blau.com addr=26.9.9.9 rdns=o7.out.blau.com:pass sender=a@gelb.com", OUTCOME_DUNNO,
     "helo_forward_mismatch"},
    {"a pool's HELO name of another domain than its reverse name",
     "helo=out.blau.com addr=26.9.9.9 rdns=o7.rot.com:pass sender=a@gelb.com", OUTCOME_DUNNO, "rdns_unconfirmed"},
    {"one pool host without a forward record", "helo=w7.blau.com addr=nxdomain rdns=w7.blau.com:noaddr spf=none",
     OUTCOME_MARK, "helo_unresolvable"},
    {"the name moved behind a CDN, the reverse name is exact", "helo=blau.com addr=26.104.1.1 rdns=blau.com:pass",
     OUTCOME_DUNNO, "helo_forward_mismatch"},
    {"Amazon SES while its PTR lookup fails", "helo=a8-31.smtp-out.blau.com addr=25.1.2.3 rdns=temperror",
     OUTCOME_DUNNO, "rdns_missing"},
    {"the same with every lookup failing",
     "helo=a8-31.smtp-out.blau.com addr=temperror mx=temperror rdns=temperror spf=temperror history=down",
     OUTCOME_DUNNO, "helo_unresolvable"},
    {"QQ: number groups in an aligned HELO name",
     "helo=out203-205-221-149.mail.blau.com naming=foreign+role rdns=out203-205-221-149.mail.blau.com:pass",
     OUTCOME_DUNNO, "helo_foreign_address"},
    {"a hoster's customer: HELO its own, reverse name a static default",
     "helo=mail.blau.com addr=25.1.2.3 rdns=static.3.2.1.25.rot.com:pass/address+server spf=pass", OUTCOME_DUNNO,
     "rdns_generic"},
    {"the same with a generic default", "helo=mail.blau.com addr=25.1.2.3 rdns=vps-7.rot.com:pass/generic",
     OUTCOME_DUNNO, "rdns_dynamic"},
    {"a mail server at home, with a name of its own",
     "helo=mail.blau.com rdns=dsl-25-1-2-3.rot.com:pass/dynamic+address addr=25.1.2.3", OUTCOME_DUNNO, "helo_dynamic"},
    {"the same while the forward record cannot be had, and with a bare domain",
     "helo=blau.com rdns=dsl-25-1-2-3.rot.com:pass/dynamic+address addr=temperror sender=a@blau.com", OUTCOME_MARK,
     "helo_dynamic"},
    {"with the dynamic address's name, as bots do: deferred, never rejected",
     "helo=dsl-25-1-2-3.rot.com naming=dynamic+address rdns=dsl-25-1-2-3.rot.com:pass/dynamic+address addr=25.1.2.3",
     OUTCOME_DEFER, "helo_other_domain"},
    {"AAAA alone is an address", "helo=mail.blau.com addr=2a00:1::1 rdns=none client=2a00:1::1", OUTCOME_MARK,
     "helo_unresolvable"},
    {"AAAA alone, client on IPv4", "helo=mail.blau.com addr=2a00:1::1 rdns=mail.blau.com:noaddr", OUTCOME_MARK,
     "helo_unresolvable"},
    {"one family failed, the other is another address",
     "helo=mail.blau.com addr=2a00:1::1 addr4temp rdns=mail.rot.com:pass", OUTCOME_DUNNO, "helo_forward_mismatch"},
    {"resolver down for all: only local findings",
     "helo=mail.blau.com addr=temperror rdns=temperror spf=temperror proto=SMTP history=down", OUTCOME_DUNNO,
     "rdns_missing"},
    {"the PTR exists and its confirmation cannot be had", "helo=mail.blau.com rdns=mail.rot.com:temp addr=nxdomain",
     OUTCOME_MARK, "rdns_unconfirmed"},
    {"several PTR names, the second is HELO", "helo=mail.blau.com rdns=a.rot.com:fail,mail.blau.com:pass",
     OUTCOME_DUNNO, "helo_other_domain"},
    {"several PTR names of several organisations, one confirmed",
     "helo=mail.blau.com rdns=a.rot.com:fail,b.gelb.com:fail,c.blau.com:pass", OUTCOME_DUNNO, "rdns_unconfirmed"},
    {"more PTR names than are looked at", "helo=mail.blau.com rdns=a.rot.com:fail,b.gelb.com:fail leftout",
     OUTCOME_DUNNO, "rdns_unconfirmed"},
    {"Postfix saw one PTR name, the others could not be asked",
     "helo=mail.blau.com rdns=a.rot.com:pass partial addr=temperror", OUTCOME_DUNNO, "helo_other_domain"},
    {"a null sender", "helo=mail.blau.com rdns=mail.blau.com:pass addr=25.1.2.3", OUTCOME_DUNNO, "sender_other_domain"},
    {"forwarded mail: SPF of HELO softfails", "helo=mail.blau.com rdns=a.blau.com:pass addr=26.1.1.1 spf=softfail",
     OUTCOME_DUNNO, "helo_forward_mismatch"},
    {"a literal that is the client", "helo=[25.1.2.3] rdns=mail.blau.com:pass", OUTCOME_MARK, "helo_literal_mismatch"},
    {"an IPv6 literal with its tag", "helo=[IPv6:2a00:1::1] rdns=mail.blau.com:pass client=2a00:1::1", OUTCOME_MARK,
     "helo_literal_malformed"},
    {"a literal behind NAT of the same /24", "helo=[25.1.2.9] rdns=mail.blau.com:pass", OUTCOME_MARK,
     "helo_literal_mismatch"},
    {"a literal of a private address", "helo=[192.168.0.5] rdns=mail.blau.com:pass", OUTCOME_MARK,
     "helo_literal_mismatch"},
    {"100.6/16 is not 100.64/10", "helo=[100.6.1.2] rdns=mail.blau.com:pass client=100.6.1.2", OUTCOME_MARK,
     "helo_literal_private"},
    {"a name ending in a provider's is not that provider's",
     "helo=mail.evilgross.com rdns=mail.evilgross.com:pass addr=25.1.2.3", OUTCOME_DUNNO, "helo_forges_provider"},
    {"a recipient's own web server at a hoster",
     "helo=www.blau.com rcpt=a@blau.com sender=form@blau.com addr=25.1.2.3 rdns=vps7.rot.com:pass/generic",
     OUTCOME_DUNNO, "helo_is_recipient_domain"},
    {"many names behind one carrier's NAT are few domains",
     "helo=mail.blau.com rdns=mail.blau.com:pass history=domains:2", OUTCOME_DUNNO, "helo_churn"},
    {"an Exchange server with its inside name", "helo=ex01.firma.local rdns=mail.blau.com:pass", OUTCOME_MARK,
     "helo_unknown_tld"},
    {"a PTR that is a public suffix's private section", "helo=home.dyndns.org rdns=home.dyndns.org:pass", OUTCOME_DUNNO,
     "helo_public_suffix"},
    {"a mismatch of everything by itself never rejects (RFC 5321 4.1.4)",
     "helo=mail.blau.com addr=26.1.1.1 rdns=a.rot.com:pass sender=a@gelb.com spf=none", OUTCOME_DUNNO,
     "helo_unresolvable"},
    {"nor does a literal's mismatch", "helo=[26.1.1.1] rdns=a.rot.com:pass", OUTCOME_DEFER, "helo_literal_private"},
};

static bool has_finding(const struct verdict *v, const char *rule)
{
    for (unsigned i = 0; i < v->finding_count; i++)
        if (v->findings[i].rule == builder_rule(rule))
            return true;
    return false;
}

static void honest_senders(void **state)
{
    const struct policy policy = builder_policy();
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(honest) / sizeof(honest[0]); i++) {
        struct verdict v = judge(&policy, honest[i].line);

        assert_true(builder_rule(honest[i].absent) >= 0);
        if (v.outcome <= honest[i].worst && !has_finding(&v, honest[i].absent))
            continue;
        print_error("%s: %s with score %d\n", honest[i].name, outcome_name(v.outcome), v.score);
        for (unsigned f = 0; f < v.finding_count; f++)
            print_error("    %s:%d (%d)\n", rule_names[v.findings[f].rule], v.findings[f].points,
                        v.findings[f].counted);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

/* Greetings that must not pass: the least that has to come of them. */
static const struct {
    const char *name, *line;
    enum outcome least;
} forged[] = {
    {"our own name", "helo=mx.blau.com ours", OUTCOME_REJECT},
    {"our own address", "helo=[25.9.9.9] ouraddr", OUTCOME_REJECT},
    {"our own name, well aligned otherwise", "helo=mx.blau.com ours rdns=mx.blau.com:pass addr=25.1.2.3 spf=pass",
     OUTCOME_REJECT},
    {"illegal characters", "helo=a?b.blau.com rdns=mail.blau.com:pass", OUTCOME_REJECT},
    {"no literal", "helo=[nonsense] rdns=mail.blau.com:pass", OUTCOME_REJECT},
    {"localhost from a dynamic address with HELO", "helo=localhost proto=SMTP rdns=dyn-7.rot.com:pass/dynamic",
     OUTCOME_DEFER},
    {"a bot's name from a dynamic address",
     "helo=dsl-7.rot.com naming=dynamic rdns=none addr=nxdomain spf=none history=domains:1 proto=SMTP", OUTCOME_REJECT},
    {"a provider's name without a reverse name",
     "helo=gross.com provider=gross.com rdns=none addr=26.1.1.1 spf=softfail history=domains:1", OUTCOME_DEFER},
    {"a word and no reverse name", "helo=user rdns=none", OUTCOME_DEFER},
    {"a bare foreign address", "helo=26.1.1.1 rdns=none", OUTCOME_REJECT},
};

static void forged_greetings(void **state)
{
    const struct policy policy = builder_policy();
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        struct verdict v = judge(&policy, forged[i].line);

        if (v.outcome >= forged[i].least)
            continue;
        print_error("%s: %s with score %d\n", forged[i].name, outcome_name(v.outcome), v.score);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void modes_and_thresholds(void **state)
{
    struct policy policy = builder_policy();
    struct verdict v;

    (void)state;
    builder_set(&policy, "all=0 helo_not_fqdn:99");
    v = judge(&policy, "helo=mail");
    assert_string_equal(v.threshold->name, "defer");
    builder_set(&policy, "helo_not_fqdn:100");
    v = judge(&policy, "helo=mail");
    assert_string_equal(v.threshold->name, "reject");
    assert_int_equal(v.outcome, OUTCOME_REJECT);
    policy.mode = MODE_SOFT;
    v = judge(&policy, "helo=mail");
    assert_int_equal(v.judged, OUTCOME_REJECT);
    assert_int_equal(v.outcome, OUTCOME_DEFER);
    policy.mode = MODE_MONITOR;
    v = judge(&policy, "helo=mail");
    assert_int_equal(v.judged, OUTCOME_REJECT);
    assert_int_equal(v.outcome, OUTCOME_DUNNO);
    builder_set(&policy, "helo_not_fqdn:29");
    v = judge(&policy, "helo=mail");
    assert_null(v.threshold);
    assert_int_equal(v.judged, OUTCOME_DUNNO);
}

static void skips(void **state)
{
    const struct policy policy = builder_policy();
    struct evidence *e = builder_evidence("helo=mx.blau.com ours", region);
    struct verdict v;

    (void)state;
    e->skip = SKIP_EXEMPT;
    e->exemption = 3;
    builder_verdict(&policy, e, region, &v);
    assert_int_equal(v.skip, SKIP_EXEMPT);
    assert_int_equal(v.exemption, 3);
    assert_int_equal(v.finding_count, 0);
    assert_int_equal(v.outcome, OUTCOME_DUNNO);
    assert_string_equal(skip_name(SKIP_EXEMPT), "exempt");
    assert_string_equal(skip_name(SKIP_NONE), "");
    assert_string_equal(outcome_name(OUTCOME_MARK), "mark");
}

/* Without memory nothing is judged: our trouble is nobody's fault. */
static void no_memory(void **state)
{
    const struct policy policy = builder_policy();
    const struct evidence *e = builder_evidence("helo=[26.1.1.1] rdns=none", region);
    struct region *small = region_new(1);
    struct verdict v;

    (void)state;
    builder_verdict(&policy, e, small, &v);
    assert_int_equal(v.skip, SKIP_TROUBLE);
    assert_int_equal(v.outcome, OUTCOME_DUNNO);
    assert_int_equal(v.finding_count, 0);
    region_free(small);
}

/* A rejection that a failed lookup could have prevented becomes a deferral. */
static void doubts(void **state)
{
    struct policy policy = builder_policy();
    struct verdict v;

    (void)state;
    builder_set(&policy, "all=0 helo_dynamic:90 greeting_helo:15 helo_spf_pass:-10");
    v = judge(&policy, "helo=dsl-7.rot.com naming=dynamic proto=SMTP spf=none");
    assert_int_equal(v.outcome, OUTCOME_REJECT);
    assert_int_equal(v.doubt, 0);
    v = judge(&policy, "helo=dsl-7.rot.com naming=dynamic proto=SMTP spf=temperror");
    assert_int_equal(v.score, 105);
    assert_string_equal(v.threshold->name, "reject");
    assert_int_equal(v.doubt, 10);
    assert_int_equal(v.judged, OUTCOME_DEFER);
    v = judge(&policy, "helo=dsl-7.rot.com naming=dynamic proto=SMTP");
    assert_int_equal(v.judged, OUTCOME_DEFER);
    /* A credit that is impossible is no doubt. */
    builder_set(&policy, "helo_not_fqdn:90");
    v = judge(&policy, "helo=dsl-7 naming=dynamic proto=SMTP spf=temperror");
    assert_int_equal(v.judged, OUTCOME_REJECT);
    /* A certain finding leaves none. */
    builder_set(&policy, "helo_is_ours:100");
    v = judge(&policy, "helo=mx.rot.com ours spf=temperror");
    assert_int_equal(v.judged, OUTCOME_REJECT);
}

/* Where the client exceeds its own limit, what it could be refused for without the limit is a deferral. */
static const struct {
    const char *name, *points, *line;
    enum outcome outcome;
    enum limit limited;
} limits[] = {
    {"SPF could reject it", "all=0 helo_spf_fail:100", "helo=blau.com limit=client_rate", OUTCOME_DEFER,
     LIMIT_CLIENT_RATE},
    {"a mark that SPF could make a rejection", "all=0 helo_dynamic:57 helo_spf_fail:85",
     "helo=dsl-7.rot.com naming=dynamic limit=client_waiting", OUTCOME_DEFER, LIMIT_CLIENT_WAITING},
    {"what is missing can only mark it", "all=0 helo_spf_fail:30", "helo=blau.com limit=client_rate", OUTCOME_DUNNO,
     LIMIT_NONE},
    {"nothing is missing", "all=0 helo_spf_fail:100", "helo=blau.com spf=none limit=client_rate", OUTCOME_DUNNO,
     LIMIT_NONE},
    {"it is deferred for what is known", "all=0 helo_dynamic:80 helo_spf_fail:85",
     "helo=dsl-7.rot.com naming=dynamic limit=client_rate", OUTCOME_DEFER, LIMIT_NONE},
    {"it is rejected for what is known", "all=0 helo_is_ours:100 helo_spf_fail:85",
     "helo=mx.rot.com ours limit=client_rate", OUTCOME_REJECT, LIMIT_NONE},
    {"Postfix is under stress", "all=0 helo_spf_fail:100", "helo=blau.com limit=stress", OUTCOME_DUNNO, LIMIT_NONE},
    {"the resolver is in trouble", "all=0 helo_spf_fail:100", "helo=blau.com limit=guard", OUTCOME_DUNNO, LIMIT_NONE},
    {"no limit", "all=0 helo_spf_fail:100", "helo=blau.com", OUTCOME_DUNNO, LIMIT_NONE},
};

static void limit_table(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct policy policy = builder_policy();
        struct verdict v, again;

        builder_set(&policy, limits[i].points);
        v = again = judge(&policy, limits[i].line);
        policy_rescore(&policy, &again);
        if (v.judged == limits[i].outcome && v.limited == limits[i].limited && again.judged == v.judged)
            continue;
        print_error("%s: %s, %s, again %s\n", limits[i].name, outcome_name(v.judged), limit_name(v.limited),
                    outcome_name(again.judged));
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void rescore(void **state)
{
    const struct policy strict = builder_policy();
    struct policy mild = builder_policy();
    struct verdict first, again;

    (void)state;
    builder_set(&mild, "helo_dynamic:10");
    first = judge(&strict, "helo=dsl-7.rot.com naming=dynamic rdns=none proto=SMTP");
    again = first;
    policy_rescore(&strict, &again);
    assert_int_equal(again.score, first.score);
    assert_int_equal(again.outcome, first.outcome);
    assert_ptr_equal(again.threshold, first.threshold);
    policy_rescore(&mild, &again);
    assert_ptr_equal(again.policy, &mild);
    assert_int_equal(again.score, judge(&mild, "helo=dsl-7.rot.com naming=dynamic rdns=none proto=SMTP").score);
    assert_true(again.score < first.score);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_table), cmocka_unit_test(honest_senders),       cmocka_unit_test(forged_greetings),
        cmocka_unit_test(skips),     cmocka_unit_test(modes_and_thresholds), cmocka_unit_test(no_memory),
        cmocka_unit_test(doubts),    cmocka_unit_test(limit_table),          cmocka_unit_test(rescore),
    };
    return cmocka_run_group_tests_name("score", tests, builder_start, builder_stop);
}

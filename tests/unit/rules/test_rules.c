/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every rule by itself: the rows of cases.h, of which each rule has at least four, of both kinds. Beside that, what
 * holds of every row of the catalogue.
 */
#include <stdarg.h>
#include <stdio.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cases.h"
#include "evidence_builder.h"

static const struct rule_case *const tables[] = {cases_identity, cases_names, NULL};

static bool is_right(const struct rule_case *c, struct region *r)
{
    int rule = rules_find(c->rule, strlen(c->rule));
    const struct evidence *e;
    bool hit;

    region_reset(r);
    if (rule < 0) {
        print_error("no rule %s\n", c->rule);
        return false;
    }
    e = builder_evidence(c->line, r);
    hit = rules[rule]->test(e) == YES;
    if (hit == (c->hit == YES) && (!hit || !rules[rule]->detail || rules[rule]->detail(e, r)))
        return true;
    print_error("%s %s: %s\n", c->rule, hit ? "hits" : "does not hit", c->line);
    return false;
}

static void case_table(void **state)
{
    struct region *r = region_new(1 << 20);
    unsigned wrong = 0;

    (void)state;
    for (const struct rule_case *const *table = tables; *table; table++)
        for (const struct rule_case *c = *table; c->rule; c++)
            wrong += !is_right(c, r);
    region_free(r);
    assert_int_equal(wrong, 0);
}

static const struct {
    const char *identity, *line;
} identities[] = {
    {"verified", "helo=mail.blau.com addr=25.1.2.3"},
    {"verified", "helo=mail.blau.com rdns=mail.blau.com:pass"},
    {"verified", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=pass"},
    {"aligned", "helo=pool.blau.com addr=26.1.1.1 rdns=o1.blau.com:pass spf=none"},
    {"aligned", "helo=pool.blau.com rdns=o1.blau.com:pass"}, /* it may yet turn out verified */
    {"named", "helo=mail.blau.com addr=26.1.1.1 rdns=mail.rot.com:pass spf=none"},
    {"named", "helo=localhost rdns=mail.rot.com:pass"},
    {"nothing", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=none"},
    {"nothing", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=passall"},
    {"nothing", "helo=mail.blau.com addr=nxdomain rdns=dsl-7.rot.com:pass/dynamic spf=none"},
    {"nothing", "helo=mail.blau.com addr=nxdomain rdns=mail.rot.com:fail spf=none"},
    {"nothing", "helo=localhost rdns=none"},
    {"open", "helo=mail.blau.com addr=26.1.1.1 rdns=none spf=temperror"},
    {"open", "helo=mail.blau.com addr=26.1.1.1 rdns=temperror spf=none"},
    {"open", "helo=mail.blau.com addr=temperror rdns=none spf=none"},
    {"open", "helo=mail.blau.com"},
};

static void identity_table(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++) {
        const char *name = identity_name(builder_evidence(identities[i].line, region));

        if (strcmp(name, identities[i].identity) == 0)
            continue;
        print_error("%s: %s\n", identities[i].line, name);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void every_rule_has_cases(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t rule = 0; rule < rules_count; rule++) {
        unsigned count[YES + 1] = {0};

        for (const struct rule_case *const *table = tables; *table; table++)
            for (const struct rule_case *c = *table; c->rule; c++)
                if (strcmp(c->rule, rule_names[rule]) == 0)
                    count[c->hit]++;
        if (count[YES] > 0 && count[NO] > 0 && count[YES] + count[NO] >= 4)
            continue;
        print_error("%s has %u cases that hit and %u that do not\n", rule_names[rule], count[YES], count[NO]);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static bool good_name(const char *name)
{
    return name[0] && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool printable(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
            return false;
    return true;
}

static bool has(const char *text)
{
    return text && text[0];
}

/*
 * Whoever is advised to greet with another name must learn where that name has to lead, or the next greeting fails
 * too.
 */
static bool says_where_the_name_leads(const char *advice)
{
    static const char *const names[] = {"greet with a ", "own public host name", "use one host name"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *name = strstr(advice, names[i]);

        if (name && !strstr(name, " points to ") && !strstr(name, " address record for "))
            return false;
    }
    return true;
}

/* What is wrong with a row, or NULL. */
static const char *row_fault(const struct rule *rule)
{
    if (!has(rule->summary) || !rule->test || !has(rule->advice))
        return "not complete: summary, test and advice are needed";
    if (!printable(rule->advice) || strlen(rule->advice) > 240)
        return "advice that fits no reply";
    if (!says_where_the_name_leads(rule->advice))
        return "advice to greet with a name, but not where that name must lead";
    if (strstr(rule->advice, "v=spf1"))
        return "advice with an SPF record that may deny the client";
    if (rule->points > 1000 || rule->points < -100 || rule->adds > 100)
        return "points out of range";
    if (rule->enhanced && rule->enhanced[0] != '4' && rule->enhanced[0] != '5')
        return "an enhanced code of no failure";
    if (rule->enhanced && strncmp(rule->enhanced + 1, ".1.", 3) == 0)
        return "an X.1.x code, which Postfix rewrites";
    if (rule->certain && rule->points < 100)
        return "certain and yet no rejection";
    if (rule->certain && rule->needs)
        return "certain by evidence that may fail";
    return NULL;
}

static void rows_are_whole(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        const char *fault = row_fault(rules[i]);

        if (!good_name(rule_names[i]))
            fault = "a name of other characters";
        if (rules_find(rule_names[i], strlen(rule_names[i])) != (int)i)
            fault = "a name that is there twice";
        if (i > 0 && rule_families[i] < rule_families[i - 1])
            fault = "not in its family's place";
        if (!fault)
            continue;
        print_error("%s: %s\n", rule_names[i], fault);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    assert_int_equal(rules_find("helo", 4), -1);
    assert_int_equal(rules_find("", 0), -1);
}

static bool implies(size_t rule, size_t other)
{
    return rule_set_has(&rules[rule]->implies, other);
}

/* What is implied is of the same sign, and no two rules imply each other. */
static void implications(void **state)
{
    unsigned wrong = 0;

    (void)state;
    for (size_t i = 0; i < rules_count; i++) {
        EACH_RULE (other, &rules[i]->implies) {
            if (other < rules_count && other != i && (rules[other]->points < 0) == (rules[i]->points < 0) &&
                !implies(other, i))
                continue;
            print_error("%s implies %s\n", rule_names[i], other < rules_count ? rule_names[other] : "nothing");
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
    assert_true(implies((size_t)rules_find("helo_verified", 13), (size_t)rules_find("helo_same_network", 17)));
    assert_false(implies((size_t)rules_find("helo_same_network", 17), (size_t)rules_find("helo_verified", 13)));
}

static void families_are_whole(void **state)
{
    (void)state;
    for (int i = 0; i < FAMILY_COUNT; i++) {
        assert_true(good_name(families[i].name));
        assert_true(families[i].summary[0] && families[i].cap > 0 && families[i].cap <= families[i].cap_limit);
    }
    /* RFC 5321 4.1.4: a mismatch of name and address alone is no rejection. */
    assert_true(families[FAMILY_ALIGNMENT].cap_limit < 100);
    assert_true(families[FAMILY_LITERAL].cap_limit < 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_table),     cmocka_unit_test(identity_table), cmocka_unit_test(every_rule_has_cases),
        cmocka_unit_test(rows_are_whole), cmocka_unit_test(implications),   cmocka_unit_test(families_are_whole),
    };
    return cmocka_run_group_tests_name("rules", tests, builder_start, builder_stop);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules: prints the catalogue of rules, with the points that a policy gives.
 */
#include "ctl.h"
#include "json.h"
#include "policyfile.h"
#include "rule.h"
#include "text.h"

static void print_text(const struct policy *policy)
{
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *rule = rules[i];

        if (i == 0 || rule_families[i - 1] != rule_families[i])
            printf("%s%s: %s (cap %d)\n", i ? "\n" : "", families[rule_families[i]].name,
                   families[rule_families[i]].summary, policy->caps[rule_families[i]]);
        printf("  %-24s %4d%s  %s\n", rule_names[i], policy->points[i], rule->certain ? "!" : " ", rule->summary);
    }
    printf("\n! marks a finding that is certain by itself: no credit lowers it.\n");
}

/* The names in the set, separated by blanks. */
static const char *names_of(const struct rule_set *set, char *out, size_t size)
{
    struct text t;

    text_init(&t, out, size);
    EACH_RULE (i, set) {
        text_add(&t, t.used > 0 ? " " : "");
        text_add(&t, rule_names[i]);
    }
    return out;
}

static void print_json(const struct policy *policy)
{
    struct json j;

    json_init(&j, stdout);
    json_open(&j, NULL, '[');
    for (size_t i = 0; i < rules_count; i++) {
        const struct rule *rule = rules[i];
        const char *enhanced = rule->enhanced ? rule->enhanced : RULE_ENHANCED;
        char implied[512];

        json_open(&j, NULL, '{');
        json_text(&j, "rule", rule_names[i]);
        json_text(&j, "family", families[rule_families[i]].name);
        json_number(&j, "points", policy->points[i]);
        json_number(&j, "default", rule->points);
        json_number(&j, "adds", rule->adds);
        json_bool(&j, "certain", rule->certain);
        json_text(&j, "implies", names_of(&rule->implies, implied, sizeof(implied)));
        json_number(&j, "code", enhanced[0] == '4' ? 450 : 550);
        json_text(&j, "enhanced", enhanced);
        json_text(&j, "summary", rule->summary);
        json_text(&j, "advice", rule->advice);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_end(&j);
}

static int run(struct ctl *ctl)
{
    const struct policy *policy;

    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    policy = ctl_policy(ctl, ctl_value(ctl, 'p'));
    if (!policy)
        return CTL_USAGE;
    (ctl_given(ctl, 'j') ? print_json : print_text)(policy);
    return CTL_OK;
}

const struct ctl_verb ctl_rules = {
    .name = "rules",
    .arguments = "",
    .summary = "list the catalogue of rules with their points",
    .help = "Lists every rule by family, with the points that the policy gives and what a match means.",
    .exits = "0 done, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'p', "policy", "NAME", "the policy_context"},
                {'j', "json", NULL, "print JSON"}},
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * diff: what a reload changed, for the log. It reports one line for each option, point, cap, threshold and policy that
 * differs, and never a password.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "print.h"
#include "text.h"

enum { VALUE_SHOWN = 200, LINE_SIZE = 600 };

struct diff {
    policyfile_difference *difference;
    void *arg;
    size_t count;
};

static void tell_option(struct diff *d, const char *scope, const char *name, const char *change, bool restart)
{
    char line[LINE_SIZE];
    struct text text;

    d->count++;
    if (!d->difference)
        return;
    text_init(&text, line, sizeof(line));
    text_addf(&text, "%s: %s%s%s", scope, name, name[0] ? " " : "", change);
    d->difference(d->arg, restart, line);
}

static void tell(struct diff *d, const char *scope, const char *name, const char *change)
{
    tell_option(d, scope, name, change, false);
}

static void tell_number(struct diff *d, const char *scope, const char *name, long long before, long long after)
{
    char change[64];

    if (before == after)
        return;
    snprintf(change, sizeof(change), "%lld -> %lld", before, after);
    tell(d, scope, name, change);
}

/* Returns the text of a value, which the caller frees. NULL means no memory and is shown as "unknown". */
static char *value_of(const struct option *option, const void *base)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    if (!out)
        return NULL;
    print_value(out, option, base);
    fclose(out);
    return text;
}

static void compare_option(struct diff *d, const char *scope, const char *prefix, const struct option *option,
                           const void *const pair[2])
{
    char *before = value_of(option, pair[0]), *after = value_of(option, pair[1]);
    char change[2 * VALUE_SHOWN + 16], name[128];

    if (!before || !after || strcmp(before, after) != 0) {
        snprintf(name, sizeof(name), "%s%s", prefix, option->name);
        snprintf(change, sizeof(change), "%.*s -> %.*s", VALUE_SHOWN, before ? before : "unknown", VALUE_SHOWN,
                 after ? after : "unknown");
        tell_option(d, scope, name, option->secret ? "has changed" : change, option->restart);
    }
    free(before);
    free(after);
}

static void compare_section(struct diff *d, enum section section, const char *scope, const void *before,
                            const void *after)
{
    const void *const pair[2] = {before, after};

    for (size_t i = 0; i < options_count; i++) {
        if (options[i].section == section)
            compare_option(d, scope, "", &options[i], pair);
    }
}

static const struct threshold *threshold_of(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->threshold_count; i++) {
        if (strcmp(policy->thresholds[i].name, name) == 0)
            return &policy->thresholds[i];
    }
    return NULL;
}

static void compare_thresholds(struct diff *d, const char *scope, const struct policy *before,
                               const struct policy *after)
{
    char prefix[96];

    for (unsigned i = 0; i < before->threshold_count; i++) {
        const struct threshold *old = &before->thresholds[i], *now = threshold_of(after, old->name);
        const void *const pair[2] = {old, now};
        snprintf(prefix, sizeof(prefix), "threshold %.64s ", old->name);
        if (!now) {
            prefix[strlen(prefix) - 1] = '\0';
            tell(d, scope, prefix, "is gone");
        }
        for (size_t k = 0; now && k < options_count; k++) {
            if (options[k].section == SECTION_THRESHOLD)
                compare_option(d, scope, prefix, &options[k], pair);
        }
    }
    for (unsigned i = 0; i < after->threshold_count; i++) {
        if (threshold_of(before, after->thresholds[i].name))
            continue;
        snprintf(prefix, sizeof(prefix), "threshold %.64s", after->thresholds[i].name);
        tell(d, scope, prefix, "is new");
    }
}

static void compare_policy(struct diff *d, const struct policy *before, const struct policy *after)
{
    char scope[96];

    snprintf(scope, sizeof(scope), "policy %.64s", before->name);
    compare_section(d, SECTION_POLICY, scope, before, after);
    compare_thresholds(d, scope, before, after);
    for (size_t i = 0; i < rules_count; i++)
        tell_number(d, scope, rule_names[i], before->points[i], after->points[i]);
    for (int i = 0; i < FAMILY_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof(name), "cap of %.48s", families[i].name);
        tell_number(d, scope, name, before->caps[i], after->caps[i]);
    }
}

static const struct policy *policy_of(const struct settings *s, const char *name)
{
    const struct policy *policy = settings_policy(s, name);

    return strcmp(policy->name, name) == 0 ? policy : NULL;
}

static void compare_policies(struct diff *d, const struct settings *before, const struct settings *after)
{
    char scope[96];

    for (size_t i = 0; i < before->policy_count; i++) {
        const struct policy *old = before->policies[i], *now = policy_of(after, old->name);
        snprintf(scope, sizeof(scope), "policy %.64s", old->name);
        if (now)
            compare_policy(d, old, now);
        else
            tell(d, scope, "", "is gone");
    }
    for (size_t i = 0; i < after->policy_count; i++) {
        if (policy_of(before, after->policies[i]->name))
            continue;
        snprintf(scope, sizeof(scope), "policy %.64s", after->policies[i]->name);
        tell(d, scope, "", "is new");
    }
}

/* Lists can have 100,000 entries, so only their number is reported, and that the entries differ. */
static void compare_exemptions(struct diff *d, const struct settings *before, const struct settings *after)
{
    const struct exempt_settings *old = &before->exempt, *now = &after->exempt;

    if (old->count != now->count) {
        tell_number(d, "exempt", "entries", (long long)old->count, (long long)now->count);
        return;
    }
    if (old->digest != now->digest)
        tell(d, "exempt", "entries", "have changed");
}

size_t policyfile_diff(const struct settings *old, const struct settings *now, policyfile_difference *difference,
                       void *arg)
{
    struct diff d = {.difference = difference, .arg = arg};

    for (int i = SECTION_ROOT + 1; i < SECTION_COUNT; i++) {
        enum section section = (enum section)i;
        if (sections[i].parent == SECTION_ROOT && section != SECTION_POLICY)
            compare_section(&d, section, sections[i].name, old, now);
        if (section == SECTION_EXEMPT)
            compare_exemptions(&d, old, now);
    }
    compare_policies(&d, old, now);
    return d.count;
}

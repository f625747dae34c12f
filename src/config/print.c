/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print: writes settings as a policy file that reads back to the same settings. It names every option, rule and family
 * with its current value.
 */
#include "print.h"

#include <stdio.h>
#include <string.h>

#include "values.h"

/* Writes a text in double quotes and escapes what libconfuse would interpret. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (strchr("\\\"$", *text))
            fputc('\\', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

void print_value(FILE *out, const struct option *option, const void *base)
{
    char room[VALUE_TEXT_SIZE];
    const char *const *list;

    if (!option_is_list(option)) {
        const char *text = value_text(option, base, room);
        if (value_is_bare(option))
            fputs(text, out);
        else
            print_quoted(out, text);
        return;
    }
    list = value_list(option, base);
    fputc('{', out);
    for (size_t i = 0; list[i]; i++) {
        fputs(i == 0 ? " " : ", ", out);
        print_quoted(out, list[i]);
    }
    fputs(list[0] ? " }" : "}", out);
}

/* The table has defaults without quotes and braces; here they are added. */
static void print_initial(FILE *out, const struct option *option)
{
    bool is_list = option_is_list(option);
    const char *at = option->initial;

    if (value_is_bare(option)) {
        fputs(at, out);
        return;
    }
    fputs(!is_list ? "\"" : *at ? "{ \"" : "{", out);
    for (; *at; at++) {
        if (!is_list || *at != ',')
            fputc(*at, out);
        else if (*++at)
            fputs("\", \"", out);
    }
    fputs(!is_list ? "\"" : at > option->initial ? "\" }" : "}", out);
}

bool policyfile_option_at(size_t i, struct policyfile_option *out)
{
    const struct option *option = &options[i];
    FILE *value;

    if (i >= options_count)
        return false;
    *out = (struct policyfile_option){
        .section = sections[option->section].path, .name = option->name, .summary = option->summary};
    value = option->initial ? fmemopen(out->value, sizeof(out->value) - 1, "w") : NULL;
    if (!value)
        return true;
    print_initial(value, option);
    fclose(value);
    return true;
}

static void print_options(FILE *out, enum section section, const void *base, const char *indent)
{
    for (size_t i = 0; i < options_count; i++) {
        if (options[i].section != section)
            continue;
        fprintf(out, "%s%s = ", indent, options[i].name);
        print_value(out, &options[i], base);
        fputc('\n', out);
    }
}

static void print_policy(FILE *out, const struct policy *policy)
{
    fprintf(out, "policy \"%s\" {\n", policy->name);
    print_options(out, SECTION_POLICY, policy, "    ");
    for (unsigned i = 0; i < policy->threshold_count; i++) {
        fprintf(out, "    threshold \"%s\" {\n", policy->thresholds[i].name);
        print_options(out, SECTION_THRESHOLD, &policy->thresholds[i], "        ");
        fputs("    }\n", out);
    }
    fputs("    points {\n", out);
    for (size_t i = 0; i < rules_count; i++)
        fprintf(out, "        %s = %d\n", rule_names[i], policy->points[i]);
    fputs("    }\n    caps {\n", out);
    for (int i = 0; i < FAMILY_COUNT; i++)
        fprintf(out, "        %s = %d\n", families[i].name, policy->caps[i]);
    fputs("    }\n}\n", out);
}

void policyfile_print(const struct settings *s, FILE *out)
{
    for (int i = SECTION_ROOT + 1; i < SECTION_COUNT; i++) {
        enum section section = (enum section)i;
        if (sections[i].parent != SECTION_ROOT)
            continue;
        if (section == SECTION_POLICY) {
            for (size_t k = 0; k < s->policy_count; k++)
                print_policy(out, s->policies[k]);
            continue;
        }
        fprintf(out, "%s {\n", sections[i].name);
        print_options(out, section, s, "    ");
        fputs("}\n", out);
    }
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump_tables: the program's tables as text, for check-docs.py: a line per row, fields divided by tabs.
 * With `defaults FILE` instead: reads the policy file and prints where it differs from the built-in defaults.
 */
#include <stdio.h>
#include <string.h>

#include "decision.h"
#include "decision_line.h"
#include "metrics.h"
#include "policyfile.h"

static void dump_options(void)
{
    struct policyfile_option option;

    for (size_t i = 0; policyfile_option_at(i, &option); i++)
        printf("option\t%s\t%s\t%s\t%s\n", option.section, option.name, option.value, option.summary);
}

static void dump_rules(void)
{
    for (int i = 0; i < FAMILY_COUNT; i++)
        printf("family\t%s\t%d\t%s\n", families[i].name, families[i].cap, families[i].summary);
    for (size_t i = 0; i < rules_count; i++)
        printf("rule\t%s\t%s\t%d\t%s\n", rule_names[i], families[rule_families[i]].name, rules[i]->points,
               rules[i]->summary);
}

static void dump_others(void)
{
    for (const struct decision_macro *m = decision_macros; m->name; m++)
        printf("macro\t%s\t%s\n", m->name, m->summary);
    for (const struct decision_line_field *f = decision_line_fields; f->name; f++)
        printf("field\t%s\t%s\n", f->name, f->summary);
    for (int i = 0; i < METRIC_COUNT; i++)
        printf("metric\t%s\t%s\t%s\n", metric_rows[i].name, metric_rows[i].type, metric_rows[i].help);
}

static void complain(void *arg, bool is_error, const char *message)
{
    (void)arg;
    (void)is_error;
    puts(message);
}

static void differs(void *arg, bool restart, const char *line)
{
    (void)arg;
    (void)restart;
    puts(line);
}

static int compare(const char *file)
{
    struct settings *defaults = policyfile_read(NULL, complain, NULL), *s = policyfile_read(file, complain, NULL);
    int status = 1;

    if (defaults && s)
        status = policyfile_diff(defaults, s, differs, NULL) > 0;
    settings_unref(defaults);
    settings_unref(s);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "defaults") == 0)
        return compare(argv[2]);
    dump_options();
    dump_rules();
    dump_others();
    return 0;
}

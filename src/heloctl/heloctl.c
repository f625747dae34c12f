/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heloctl: main. Finds the verb's row, reads its options by the row, runs it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "ctl.h"
#include "log.h"
#include "policyfile.h"
#include "units.h"

enum { CALLED_SIZE = 64 };

const struct ctl_verb *const ctl_verbs[] = {&ctl_check,  &ctl_explain, &ctl_audit,      &ctl_listen, &ctl_probe,
                                            &ctl_spf,    &ctl_rules,   &ctl_history,    &ctl_forget, &ctl_survey,
                                            &ctl_replay, &ctl_tune,    &ctl_report,     &ctl_stats,  &ctl_top,
                                            &ctl_reload, &ctl_exempt,  &ctl_completion, NULL};

static void usage_line(FILE *out, const struct ctl_verb *verb)
{
    fprintf(out, "usage: heloctl %s", verb->name);
    for (const struct ctl_option *o = verb->options; o->letter; o++)
        fprintf(out, o->argument ? " [-%c %s]" : " [-%c]", o->letter, o->argument);
    fprintf(out, "%s%s\n", *verb->arguments ? " " : "", verb->arguments);
}

static void verb_help(FILE *out, const struct ctl_verb *verb)
{
    usage_line(out, verb);
    fprintf(out, "\n%s\n%s", verb->help, verb->options[0].letter ? "\n" : "");
    for (const struct ctl_option *o = verb->options; o->letter; o++)
        fprintf(out, "  -%c, --%s %-*s %s\n", o->letter, o->name, 18 - (int)strlen(o->name),
                o->argument ? o->argument : "", o->help);
    fprintf(out, "\nexit status: %s\n", verb->exits);
}

static int all_help(FILE *out)
{
    fprintf(out, "usage: heloctl VERB [OPTION ...] [ARGUMENT ...]\n\n");
    for (size_t i = 0; ctl_verbs[i]; i++)
        fprintf(out, "  %-10s %s\n", ctl_verbs[i]->name, ctl_verbs[i]->summary);
    fprintf(out, "\n`heloctl VERB --help` describes one verb, heloctl(8) all of them.\n");
    return out == stdout ? CTL_OK : CTL_USAGE;
}

static const struct ctl_verb *find_verb(const char *name)
{
    const char *names[64];
    const char *nearest;
    size_t n = 0;

    for (; ctl_verbs[n]; n++) {
        names[n] = ctl_verbs[n]->name;
        if (strcmp(names[n], name) == 0)
            return ctl_verbs[n];
    }
    nearest = units_nearest(name, names, n);
    fprintf(stderr, "heloctl: no verb \"%s\"%s%s%s\n", name, nearest ? ": did you mean \"" : "",
            nearest ? nearest : ": heloctl --help lists them", nearest ? "\"?" : "");
    return NULL;
}

static int help_about(const char *name)
{
    const struct ctl_verb *verb = find_verb(name);

    if (!verb)
        return CTL_USAGE;
    verb_help(stdout, verb);
    return CTL_OK;
}

/* The row's options as getopt_long() wants them. Returns false on a wrong option, which getopt has reported. */
static bool read_options(struct ctl *ctl, int argc, char **argv)
{
    struct option longs[CTL_OPTIONS_MAX + 2];
    char shorts[2 * CTL_OPTIONS_MAX + 3];
    size_t s = 0, l = 0;
    int c;

    for (const struct ctl_option *o = ctl->verb->options; o->letter; o++) {
        longs[l++] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL, o->letter};
        shorts[s++] = o->letter;
        if (o->argument)
            shorts[s++] = ':';
    }
    longs[l++] = (struct option){"help", no_argument, NULL, 'h'};
    longs[l] = (struct option){NULL, 0, NULL, 0};
    shorts[s++] = 'h';
    shorts[s] = '\0';
    while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (c == '?')
            return false;
        if (ctl->given_count == CTL_GIVEN_MAX) {
            fprintf(stderr, "heloctl %s: more than %d options\n", ctl->verb->name, CTL_GIVEN_MAX);
            return false;
        }
        ctl->values[c & 127] = optarg ? optarg : "";
        ctl->given[ctl->given_count].letter = (char)c;
        ctl->given[ctl->given_count++].value = ctl->values[c & 127];
    }
    ctl->argument_count = argc - optind;
    ctl->arguments = argv + optind;
    return true;
}

/* Output that a full disk cut short must not look complete, so every way out of main() checks it. */
static int finish(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fprintf(stderr, "heloctl: the output could not be written: %s\n", strerror(errno));
    return CTL_TROUBLE;
}

/* Runs the verb, and frees what it left in *ctl. */
static int run(struct ctl *ctl)
{
    int status;

    ctl->memory = sure_region();
    status = ctl->verb->run(ctl);
    ctl_session_close(ctl);
    settings_unref(ctl->settings);
    region_free(ctl->memory);
    return status;
}

int main(int argc, char **argv)
{
    char called[CALLED_SIZE];
    struct ctl ctl = {.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    const struct ctl_verb *verb;

    log_open(LOG_SINK_STDERR, "heloctl");
    if (argc < 2)
        return all_help(stderr);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "-h") == 0)
        return finish(argc == 3 ? help_about(argv[2]) : all_help(stdout));
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("heloctl %s\n", PACKAGE_VERSION);
        return finish(CTL_OK);
    }
    verb = ctl.verb = find_verb(argv[1]);
    if (!verb)
        return CTL_USAGE;
    snprintf(called, sizeof(called), "heloctl %s", verb->name);
    argv[1] = called; /* getopt's messages begin with it */
    if (!read_options(&ctl, argc - 1, argv + 1)) {
        usage_line(stderr, verb);
        return CTL_USAGE;
    }
    if (ctl_given(&ctl, 'h')) {
        verb_help(stdout, verb);
        return finish(CTL_OK);
    }
    if (ctl.argument_count < verb->arguments_min ||
        (verb->arguments_max >= 0 && ctl.argument_count > verb->arguments_max)) {
        usage_line(stderr, verb);
        return CTL_USAGE;
    }
    return finish(run(&ctl));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * helod: options of the command line, and what they start.
 */
#include <event2/event.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "daemon.h"
#include "names.h"
#include "policy_preview.h"
#include "policyfile.h"
#include "resolver.h"

enum { EXIT_USAGE = 64 };

static const struct option_row {
    char letter;
    const char *argument, *summary;
} option_rows[] = {
    {'f', "", "stay in the foreground and log to stderr"},
    {'t', "", "check the policy file, print the policy in effect and what it would do"},
    {'c', " FILE", "the policy file, instead of " POLICY_FILE},
    {'v', "", "log debug messages too"},
    {'V', "", "print versions"},
    {'h', "", "print this; so does --help"},
};

enum { OPTIONS = sizeof(option_rows) / sizeof(option_rows[0]) };

/* Asked for it goes to stdout and is no mistake. */
static int usage(FILE *out)
{
    fputs("usage: helod [-f] [-t] [-c FILE] [-v] [-V] [-h]\n", out);
    for (size_t i = 0; i < OPTIONS; i++)
        fprintf(out, "  -%c%-6s %s\n", option_rows[i].letter, option_rows[i].argument, option_rows[i].summary);
    return out == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static void report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    fprintf(stderr, "%s%s\n", is_error ? "" : "warning: ", message);
}

static int check(const char *file)
{
    struct settings *settings = policyfile_read(file, report, NULL);
    char error[512];
    bool done;

    if (settings == NULL)
        return EXIT_FAILURE;
    if (!daemon_check(settings, error, sizeof(error))) {
        fprintf(stderr, "%s\n", error);
        settings_unref(settings);
        return EXIT_FAILURE;
    }
    policyfile_print(settings, stdout);
    done = policy_preview_print(settings, stdout);
    settings_unref(settings);
    return done && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int versions(void)
{
    char error[256];
    struct name_data *data = name_data_new(NULL, NULL, error, sizeof(error));

    printf("helod " PACKAGE_VERSION "\nc-ares %s\nlibevent %s\nlibconfuse %s\nlibpsl %s, data of %s\n",
           resolver_version(), event_get_version(), policyfile_version(), name_data_version(),
           data == NULL ? "unknown" : name_data_date(data));
    name_data_free(data);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};
    struct daemon_options options = {.file = POLICY_FILE};
    bool only_check = false;
    int letter;

    while ((letter = getopt_long(argc, argv, "ftc:vVh", longs, NULL)) != -1) {
        switch (letter) {
        case 'f':
            options.foreground = true;
            break;
        case 't':
            only_check = true;
            break;
        case 'c':
            options.file = optarg;
            break;
        case 'v':
            options.verbose = true;
            break;
        case 'V':
            return versions();
        case 'h':
            return usage(stdout);
        default:
            return usage(stderr);
        }
    }
    if (optind != argc) {
        fprintf(stderr, "helod: \"%s\" is no option\n", argv[optind]);
        return usage(stderr);
    }
    return only_check ? check(options.file) : daemon_run(&options);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main: the command line of helod.
 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "daemon.h"
#include "names.h"
#include "policy_preview.h"
#include "policyfile.h"
#include "reload.h"
#include "resolver.h"

enum { EXIT_USAGE = 64 };

static const char SERVICE_USER[] = "helod"; /* of helod.service */

static const struct option_row {
    char letter;
    const char *argument, *summary;
} option_rows[] = {
    {'f', "", "stay in the foreground and log to stderr"},
    {'t', "", "check the policy file, print the policy in effect and what it would do"},
    {'q', "", "with -t: print errors and warnings only"},
    {'c', " FILE", "the policy file, instead of " POLICY_FILE},
    {'V', "", "print versions"},
    {'h', "", "print this; so does --help"},
};

enum { OPTIONS = sizeof(option_rows) / sizeof(option_rows[0]) };

/* Usage that the user requested goes to stdout, with status 0; after a wrong option it goes to stderr. */
static int usage(FILE *out)
{
    fputs("usage: helod [-f] [-t [-q]] [-c FILE] [-V] [-h]\n", out);
    for (size_t i = 0; i < OPTIONS; i++)
        fprintf(out, "  -%c%-6s %s\n", option_rows[i].letter, option_rows[i].argument, option_rows[i].summary);
    return out == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static void report(void *arg, bool is_error, const char *message)
{
    (void)arg;
    fprintf(stderr, "%s%s\n", is_error ? "" : "warning: ", message);
}

static void warn_unless_readable(const struct settings *settings, const char *user, const char *path)
{
    if (path[0] != '\0' && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) != 0)
        fprintf(stderr, "warning: %s: user %s cannot read %s: %s\n", settings->file, user, path, strerror(errno));
}

/*
 * Root can read everything, and helod does not run as root: a file that only root can read passes the check and fails
 * the next reload. This process becomes helod's user to find out, and root again afterwards.
 */
static void warn_of_unreadable(const struct settings *settings)
{
    const char *user = settings->server.user[0] != '\0' ? settings->server.user : SERVICE_USER;
    const struct passwd *pw = geteuid() == 0 ? getpwnam(user) : NULL;

    if (pw == NULL || pw->pw_uid == 0)
        return;
    if (initgroups(user, pw->pw_gid) != 0 || setegid(pw->pw_gid) != 0 || seteuid(pw->pw_uid) != 0) {
        fprintf(stderr, "warning: cannot check what user %s can read: %s\n", user, strerror(errno));
        return;
    }
    for (const char *const *path = settings->files; *path != NULL; path++)
        warn_unless_readable(settings, user, *path);
    for (const char *const *path = settings->exempt.files; *path != NULL; path++)
        warn_unless_readable(settings, user, *path);
    for (const char *const *path = settings->names.token_files; *path != NULL; path++)
        warn_unless_readable(settings, user, *path);
    warn_unless_readable(settings, user, settings->names.psl_file);
    if (seteuid(0) != 0 || setegid(0) != 0)
        fprintf(stderr, "warning: cannot become root again: %s\n", strerror(errno));
}

static int check(const char *file, bool quiet)
{
    struct settings *settings = policyfile_read(file, report, NULL);
    char error[512];
    bool done = true;

    if (settings == NULL)
        return EXIT_FAILURE;
    if (!reload_check(settings, error, sizeof(error))) {
        fprintf(stderr, "%s\n", error);
        settings_unref(settings);
        return EXIT_FAILURE;
    }
    if (!quiet) {
        policyfile_print(settings, stdout);
        done = policy_preview_print(settings, stdout);
    }
    warn_of_unreadable(settings);
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
    bool only_check = false, quiet = false;
    int letter;

    while ((letter = getopt_long(argc, argv, "ftqc:Vh", longs, NULL)) != -1) {
        switch (letter) {
        case 'f':
            options.foreground = true;
            break;
        case 't':
            only_check = true;
            break;
        case 'q':
            quiet = true;
            break;
        case 'c':
            options.file = optarg;
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
        fprintf(stderr, "helod: unexpected argument \"%s\"\n", argv[optind]);
        return usage(stderr);
    }
    return only_check ? check(options.file, quiet) : daemon_run(&options);
}

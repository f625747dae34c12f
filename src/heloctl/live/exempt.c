/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exempt: adds, removes and lists exemptions. A new file replaces the exempt file in one step, and only if the policy
 * file accepts it. Then helod reloads. Every line says who added it, when and why.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ctl.h"
#include "file.h"
#include "policyfile.h"
#include "running.h"
#include "units.h"

enum { EXEMPT_FILE_MAX = 64 << 20, DATE_SIZE = 16, LINE_SIZE = 900, NEW_PATH_SIZE = 1100 };

static void date_of(time_t when, char out[DATE_SIZE])
{
    struct tm tm;

    gmtime_r(&when, &tm);
    strftime(out, DATE_SIZE, "%Y-%m-%d", &tm);
}

static int list(const struct settings *settings)
{
    char where[EXEMPTION_WHERE_SIZE], until[DATE_SIZE];

    for (size_t i = 0; i < settings->exempt.count; i++) {
        const struct exemption *e = &settings->exempt.entries[i];

        printf("%-6s %s", exempt_kind_name(e->kind), e->pattern);
        if (e->until != 0) {
            date_of(e->until - 1, until);
            printf(" until=%s", until);
        }
        printf("%s%s  [%s]\n", e->why[0] ? " # " : "", e->why, exempt_where(e, where));
    }
    return CTL_OK;
}

/* The user who called sudo, or else the current user. */
static const char *who(void)
{
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *pw = getpwuid(getuid());

    return sudo && sudo[0] ? sudo : pw ? pw->pw_name : "somebody";
}

/* Whether a line of the file has this kind and pattern. */
static bool is_about(const char *line, size_t n, const char *kind, const char *pattern)
{
    const char *words[] = {kind, pattern};
    const char *end = line + n;

    for (size_t i = 0; i < 2; i++) {
        size_t size = strlen(words[i]);

        while (line < end && (*line == ' ' || *line == '\t'))
            line++;
        if ((size_t)(end - line) < size || strncasecmp(line, words[i], size) != 0)
            return false;
        line += size;
        if (line < end && !strchr(" \t\r\n", *line))
            return false;
    }
    return true;
}

/* Copies the file without the lines that have the pattern, and appends `added` (NULL: nothing). */
static bool write_lines(FILE *out, const struct file_text *old, char *const *what, const char *added, bool *found)
{
    const char *at = old->text, *end = at + old->n;

    *found = false;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t n = stop ? (size_t)(stop - at) + 1 : (size_t)(end - at);

        if (is_about(at, n, what[0], what[1]))
            *found = true;
        else
            fprintf(out, "%.*s%s", (int)n, at, stop ? "" : "\n");
        at += n;
    }
    if (added)
        fprintf(out, "%s\n", added);
    return fflush(out) == 0 && fsync(fileno(out)) == 0 && !ferror(out);
}

/* Replaces `path` by a file with `text`, or with the changed lines of `old`. Owner and mode stay. */
static bool replace(const char *path, const struct file_text *old, char *const *what, const char *added, bool *found)
{
    char fresh[NEW_PATH_SIZE];
    struct stat st;
    FILE *out;
    bool done;

    snprintf(fresh, sizeof(fresh), "%s.new", path);
    out = fopen(fresh, "w");
    if (!out)
        return false;
    done = stat(path, &st) == 0 && fchmod(fileno(out), st.st_mode & 07777) == 0 &&
           (fchown(fileno(out), st.st_uid, st.st_gid) == 0 || geteuid() != 0) &&
           write_lines(out, old, what, added, found);
    done = fclose(out) == 0 && done && rename(fresh, path) == 0;
    if (!done)
        unlink(fresh);
    return done;
}

/* An empty file where there is none: the first exemption of a site. False: reported. */
static bool make_file(struct ctl *ctl, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    if (fd < 0 && errno != EEXIST) {
        ctl_fail(ctl, CTL_TROUBLE, "%s cannot be created: %s", path, strerror(errno));
        return false;
    }
    if (fd >= 0) {
        fchmod(fd, 0644); /* whatever our umask: the user of helod has to read it */
        close(fd);
    }
    return true;
}

static bool take_line(struct ctl *ctl, char line[LINE_SIZE])
{
    const char *until = ctl_value(ctl, 'u'), *why = ctl_value(ctl, 'w');
    char today[DATE_SIZE];
    time_t when;

    if (until && !units_date(until, &when)) {
        ctl_fail(ctl, CTL_USAGE, "--until %s: expected YYYY-MM-DD", until);
        return false;
    }
    if (until && when <= clock_wall()) {
        ctl_fail(ctl, CTL_USAGE, "--until %s is in the past: the exemption would never apply", until);
        return false;
    }
    if (!why || why[0] == '\0' || strpbrk(why, "\r\n")) {
        ctl_fail(ctl, CTL_USAGE, "say why with --why TEXT, on one line: in a year nobody else will know");
        return false;
    }
    date_of(clock_wall(), today);
    if (snprintf(line, LINE_SIZE, "%s %s%s%s # %s (%s, %s)", ctl->arguments[1], ctl->arguments[2],
                 until ? " until=" : "", until ? until : "", why, who(), today) < LINE_SIZE)
        return true;
    ctl_fail(ctl, CTL_USAGE, "that is too long");
    return false;
}

/* Refuses what could never exempt anybody, because the partner's mail would not pass, and what exempts everybody. */
static bool can_apply(struct ctl *ctl, const struct settings *settings)
{
    const char *why = NULL;
    struct network net;

    if (strcmp(ctl->arguments[1], exempt_kind_name(EXEMPT_CLIENT)) == 0 &&
        network_parse(&net, ctl->arguments[2], strlen(ctl->arguments[2])) && net.bits == 0)
        why = "exempts everybody: to let all mail pass, set mode = \"monitor\" in the policy file";
    for (unsigned kind = 0; kind < EXEMPT_KINDS; kind++)
        if (!why && strcmp(ctl->arguments[1], exempt_kind_name((enum exempt_kind)kind)) == 0)
            why = exempt_nobody(&settings->exempt, (enum exempt_kind)kind, ctl->arguments[2]);
    if (why)
        ctl_fail(ctl, CTL_DATA, "\"%s %s\" %s; nothing was changed", ctl->arguments[1], ctl->arguments[2], why);
    return why == NULL;
}

/* Reloads helod over the status socket, if there is one. helod need not be running. */
static int reload(struct ctl *ctl, const struct settings *settings)
{
    const char *place = ctl_given(ctl, 's') ? ctl_value(ctl, 's') : running_place(settings, "unix:");

    if (ctl_given(ctl, 's') || (place && running_listens(place)))
        return running_reload(ctl, place);
    if (place)
        printf("nothing listens on %s: if helod runs, reload it yourself (systemctl reload helod)\n", place);
    else
        printf("%s names no unix socket in status { listen }, and helod reloads only over one: reload it yourself "
               "(systemctl reload helod)\n",
               ctl_policy_file(ctl));
    return CTL_OK;
}

static int change(struct ctl *ctl, const char *path, const char *added)
{
    struct file_text old;
    struct settings *settings;
    char error[FILE_ERROR_SIZE];
    bool found = false, undone;
    int status = CTL_WRONG;

    if (!file_read(path, EXEMPT_FILE_MAX, &old, error))
        return ctl_fail(ctl, CTL_NO_INPUT, "%s: %s", path, error);
    if (!replace(path, &old, ctl->arguments + 1, added, &found)) {
        status = ctl_fail(ctl, CTL_TROUBLE, "%s cannot be written: %s", path, strerror(errno));
    } else if (!added && !found) {
        status = ctl_fail(ctl, CTL_WRONG, "%s has no line \"%s %s\"", path, ctl->arguments[1], ctl->arguments[2]);
    } else if ((settings = ctl_settings_of(ctl_value(ctl, 'c'))) != NULL) {
        printf("%s: %s %s %s\n", path, added ? found ? "changed" : "added" : "removed", ctl->arguments[1],
               ctl->arguments[2]);
        status = reload(ctl, settings);
        settings_unref(settings);
    } else {
        char *const nothing[] = {"no line", "begins so"};
        undone = replace(path, &old, nothing, NULL, &found);
        status = ctl_fail(ctl, CTL_DATA, "%s", undone ? "nothing was changed" : "the old file cannot be restored");
    }
    free(old.text);
    return status;
}

static int run(struct ctl *ctl)
{
    const char *verb = ctl->arguments[0], *path = ctl_value(ctl, 'f');
    bool add = strcmp(verb, "add") == 0;
    const struct settings *settings;
    char line[LINE_SIZE];

    if (!add && strcmp(verb, "remove") != 0 && strcmp(verb, "list") != 0)
        return ctl_fail(ctl, CTL_USAGE, "\"%s\": expected add, remove or list", verb);
    if ((strcmp(verb, "list") == 0) != (ctl->argument_count == 1) || ctl->argument_count == 2)
        return ctl_fail(ctl, CTL_USAGE, "expected add|remove client|rdns|helo PATTERN, or list");
    settings = ctl->argument_count == 1 ? ctl_settings(ctl) : ctl_settings_before(ctl, add);
    if (!settings)
        return CTL_CONFIG;
    if (!path)
        path = settings->exempt.files[0];
    if (ctl->argument_count == 1)
        return list(settings);
    if (!path)
        return ctl_fail(ctl, CTL_CONFIG, "%s has no exempt { files = ... }: name a file there, or with --file",
                        ctl_policy_file(ctl));
    if (add && !take_line(ctl, line))
        return CTL_USAGE;
    if (add && !can_apply(ctl, settings))
        return CTL_DATA;
    if (add && !make_file(ctl, path))
        return CTL_TROUBLE;
    return change(ctl, path, add ? line : NULL);
}

const struct ctl_verb ctl_exempt = {
    .name = "exempt",
    .arguments = "add|remove|list [client|rdns|helo PATTERN]",
    .arguments_min = 1,
    .arguments_max = 3,
    .summary = "add, remove or list exemptions",
    .help =
        "Changes an exempt file and makes the running helod reload it, or lists all exemptions. A line with the same\n"
        "pattern is replaced, and a missing file is created. Each line says who added it, when and why. If an entry\n"
        "would make the policy file invalid, nothing changes.",
    .exits = "0 done, 1 no such exemption or the reload failed, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file"},
                {'s', "socket", "PLACE", "unix:PATH of helod's status socket"},
                {'f', "file", "FILE", "the exempt file, instead of the first one of the policy file"},
                {'u', "until", "DATE", "YYYY-MM-DD, the last day on which it applies"},
                {'w', "why", "TEXT", "the reason; required with add"}},
};

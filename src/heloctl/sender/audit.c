/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit: the verb. Reads the pairs, has them looked up and judged, prints what is wrong and what to change.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "policyfile.h"

enum { KEEP_LIMIT = 1 << 30, JOBS = 200, JOBS_MAX = 2000, LINE_MAX_BYTES = 2000 };

bool audit_add(struct audit *audit, const struct address *address, const char *helo)
{
    struct audit_host *host;

    if (audit->count == AUDIT_HOSTS_MAX)
        return false;
    if (audit->count == audit->room) {
        size_t room = audit->room ? 2 * audit->room : 256;
        struct audit_host *hosts = realloc(audit->hosts, room * sizeof(*hosts));

        if (!hosts)
            return false;
        audit->hosts = hosts;
        audit->room = room;
    }
    host = &audit->hosts[audit->count];
    *host = (struct audit_host){.address = *address, .helo = helo ? region_strdup(audit->keep, helo) : NULL};
    if (helo && !host->helo)
        return false;
    audit->count++;
    return true;
}

/* ADDRESS, or ADDRESS HELO; CSV's comma and tabs may stand for the blank. False: what the line is not. */
static const char *read_line(struct audit *audit, char *line)
{
    char *end = line + strlen(line), *helo, *rest;
    struct address address;

    while (end > line && strchr(" \t\r\n", end[-1]))
        *--end = '\0';
    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return NULL;
    helo = line + strcspn(line, " \t,");
    if (!address_parse(&address, line, (size_t)(helo - line)))
        return "no IPv4 or IPv6 address at the beginning";
    helo += strspn(helo, " \t,");
    rest = helo + strcspn(helo, " \t,");
    if (*rest && *(rest + strspn(rest, " \t")) != '#')
        return "more than an address and a name";
    *rest = '\0';
    return audit_add(audit, &address, *helo && *helo != '#' ? helo : NULL) ? NULL : "too many hosts";
}

int audit_read_pairs(struct audit *audit, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *in = is_stdin ? stdin : fopen(path, "r");
    char line[LINE_MAX_BYTES];
    unsigned long number = 0, bad = 0;

    if (!in)
        return ctl_fail(audit->ctl, CTL_NO_INPUT, "%s: %s", path, strerror(errno));
    while (fgets(line, sizeof(line), in)) {
        const char *wrong;

        number++;
        wrong = strchr(line, '\n') || feof(in) ? read_line(audit, line) : "a line without an end";
        if (!wrong)
            continue;
        ctl_fail(audit->ctl, CTL_DATA, "%s:%lu: %s", path, number, wrong);
        if (++bad == 20)
            break;
    }
    if (!is_stdin)
        fclose(in);
    return bad ? CTL_DATA : CTL_OK;
}

static int result(const struct audit *audit, bool strict)
{
    bool unknown = false;

    for (size_t i = 0; i < audit->count; i++) {
        const struct audit_host *host = &audit->hosts[i];

        if (host->unlisted || (!host->foreign && audit_is_wrong(host, strict)))
            return CTL_WRONG;
        unknown = unknown || (!host->foreign && host->unknown);
    }
    return unknown ? CTL_UNSURE : CTL_OK;
}

static int judge(struct audit *audit, unsigned jobs)
{
    struct ctl *ctl = audit->ctl;

    if (!audit_unify(audit) || !audit_gather(audit, jobs))
        return ctl_fail(ctl, CTL_TROUBLE, "out of memory");
    if (audit->dmarc)
        audit_sort_out(audit);
    if (!audit_pool(audit))
        return ctl_fail(ctl, CTL_TROUBLE, "out of memory");
    if (ctl_given(ctl, 'j'))
        audit_print_json(audit);
    else if (ctl_given(ctl, 'C'))
        audit_print_csv(audit);
    else
        audit_print_text(audit, ctl_value(ctl, 'm'), ctl->colour);
    return result(audit, ctl_given(ctl, 's'));
}

static int read_input(struct audit *audit)
{
    struct ctl *ctl = audit->ctl;
    int status = ctl_given(ctl, 'k') ? audit_read_known(audit, ctl_value(ctl, 'k')) : CTL_OK;

    if (status != CTL_OK)
        return status;
    if (audit->dmarc)
        return audit_read_reports(audit, ctl->arguments, ctl->argument_count);
    return audit_read_pairs(audit, ctl->argument_count ? ctl->arguments[0] : "-");
}

static int read_and_judge(struct audit *audit, unsigned jobs)
{
    struct ctl *ctl = audit->ctl;
    int input = read_input(audit), status;

    if (audit->count == 0 && input == CTL_OK)
        return ctl_fail(ctl, CTL_DATA, "nothing to audit");
    if (audit->count == 0 || (input != CTL_OK && !audit->dmarc))
        return input;
    if (!ctl_session_open(ctl, &audit->session, audit->settings))
        return CTL_TROUBLE;
    status = judge(audit, jobs);
    ctl_session_close(&audit->session);
    return status == CTL_OK ? input : status;
}

static int run(struct ctl *ctl)
{
    const char *jobs_text = ctl_value(ctl, 'J'), *mta = ctl_value(ctl, 'm');
    struct audit audit = {.ctl = ctl, .dmarc = ctl_given(ctl, 'D')};
    long jobs = jobs_text ? strtol(jobs_text, NULL, 10) : JOBS;
    int status;

    if (jobs < 1 || jobs > JOBS_MAX)
        return ctl_fail(ctl, CTL_USAGE, "--jobs is a number from 1 to %d", JOBS_MAX);
    if (mta && !audit_is_mta(mta))
        return ctl_fail(ctl, CTL_USAGE, "no settings are known for \"%s\"", mta);
    if (audit.dmarc ? ctl->argument_count == 0 : ctl->argument_count > 1 || ctl_given(ctl, 'k'))
        return ctl_fail(ctl, CTL_USAGE, "one file of pairs, or --dmarc and reports (--known is for these)");
    audit.settings = ctl_settings(ctl);
    if (!audit.settings)
        return CTL_CONFIG;
    audit.keep = region_new(KEEP_LIMIT);
    status = audit.keep ? read_and_judge(&audit, (unsigned)jobs) : ctl_fail(ctl, CTL_TROUBLE, "out of memory");
    free(audit.hosts);
    network_set_free(audit.known_networks);
    suffix_set_free(audit.known_names);
    region_free(audit.keep);
    settings_unref(audit.settings);
    return status;
}

const struct ctl_verb ctl_audit = {
    .name = "audit",
    .arguments = "[FILE ...]",
    .arguments_min = 0,
    .arguments_max = -1,
    .summary = "check the names of a pool of sending addresses",
    .help = "Reads lines of ADDRESS HELO (- or none: standard input), looks all of them up at once, and tells what is "
            "wrong\nwith each address and with the pool, which DNS records to publish and what to set in the MTA. With "
            "--dmarc the\npairs come from DMARC aggregate reports (XML, .gz, .zip), with a map of who sends in the "
            "domain's name.",
    .exits = "0 nothing wrong, 1 something wrong, 75 not all could be told, 64 and more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, else the defaults)"},
                {'D', "dmarc", NULL, "the files are DMARC aggregate reports"},
                {'k', "known", "FILE", "networks and names that may send; others are told (with --dmarc)"},
                {'m', "mta", "NAME", "settings of this one: postfix, exim, powermta, momentum, kumomta, mailwizz"},
                {'s', "strict", NULL, "advice counts as wrong"},
                {'J', "jobs", "N", "hosts looked up at once (default 200)"},
                {'C', "csv", NULL, "print CSV"},
                {'j', "json", NULL, "print JSON"},
                {0, NULL, NULL, NULL}},
};

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * audit: the verb. Reads pairs of addresses and HELO names, gathers and judges them, and prints what is wrong and what
 * to change.
 */
#include <stdlib.h>

#include "audit.h"
#include "policyfile.h"
#include "units.h"

enum { DEADLINE_MS = 30000, JOBS = 200, JOBS_MAX = 2000, UNPACKED_MAX = 256 << 20 };

bool audit_add(struct audit *audit, const struct address *address, const char *helo)
{
    if (audit->count == AUDIT_HOSTS_MAX)
        return false;
    audit->hosts = sure_room(audit->hosts, audit->count, &audit->room, sizeof(*audit->hosts));
    audit->hosts[audit->count++] =
        (struct audit_host){.address = *address, .helo = helo ? region_strdup(audit->keep, helo) : NULL};
    return true;
}

/* With --since only what became worse counts. */
static bool counts(const struct audit *audit, const struct audit_host *host, bool strict)
{
    struct audit_host worse = *host;

    if (!audit->since)
        return host->unlisted || (!host->foreign && audit_is_wrong(host, strict));
    if (!host->news)
        worse.faults = host->fresh;
    return (host->news && host->unlisted) || (!host->foreign && audit_is_wrong(&worse, strict));
}

static int result(const struct audit *audit, bool strict)
{
    bool unknown = false;

    for (size_t i = 0; i < audit->count; i++) {
        const struct audit_host *host = &audit->hosts[i];

        if (counts(audit, host, strict))
            return CTL_WRONG;
        unknown = unknown || (!host->foreign && host->unknown);
    }
    return unknown ? CTL_UNSURE : CTL_OK;
}

static int judge(struct audit *audit)
{
    struct ctl *ctl = audit->ctl;
    const char *mta = ctl_value(ctl, 'm');
    int status;

    audit_unify(audit);
    audit_look(audit);
    if (audit->dmarc)
        audit_sort_out(audit);
    audit_aim(audit, audit_pool(audit));
    if (audit->since && (status = audit_compare(audit, ctl_value(ctl, 'S'))) != CTL_OK)
        return status;
    if (ctl_given(ctl, 'j'))
        audit_print_json(audit);
    else if (ctl_given(ctl, 'C'))
        audit_print_csv(audit);
    else
        audit_print_text(audit, mta ? audit_mta_find(mta) : NULL, ctl->colour);
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

static int read_and_judge(struct audit *audit)
{
    struct ctl *ctl = audit->ctl;
    int input = read_input(audit), status;

    if (audit->count == 0 && input == CTL_OK)
        return ctl_fail(ctl, CTL_DATA, "there is nothing to audit");
    if (audit->count == 0)
        return input;
    if (!ctl_session_open(ctl))
        return CTL_TROUBLE;
    ctl->session.jobs_max = (unsigned)audit->jobs;
    ctl->session.deadline_ms = DEADLINE_MS;
    status = judge(audit);
    return input == CTL_OK ? status : input; /* a result that rests on half the input must not look whole */
}

/* Options that go together, and their values. CTL_OK or CTL_USAGE. */
static int check_usage(struct ctl *ctl, struct audit *audit)
{
    const char *mta = ctl_value(ctl, 'm'), *most = ctl_value(ctl, 'u');
    uint64_t unpacked = UNPACKED_MAX;

    if (!ctl_number(ctl, 'J', 1, JOBS_MAX, &audit->jobs))
        return CTL_USAGE;
    if (mta && !audit_mta_find(mta))
        return ctl_fail(ctl, CTL_USAGE, "--mta: unknown mail server \"%s\", expected one of: " AUDIT_MTA_NAMES, mta);
    if (most && (!units_size(most, &unpacked) || unpacked < 1 || unpacked > SIZE_MAX / 2))
        return ctl_fail(ctl, CTL_USAGE, "--unpacked must be a size such as 512m");
    if (audit->dmarc && ctl->argument_count == 0)
        return ctl_fail(ctl, CTL_USAGE, "--dmarc needs files or folders with reports (- is standard input)");
    if (!audit->dmarc && (ctl_given(ctl, 'k') || most))
        return ctl_fail(ctl, CTL_USAGE, "--known and --unpacked are for --dmarc");
    if (!audit->dmarc && ctl->argument_count > 1)
        return ctl_fail(ctl, CTL_USAGE, "give one file of pairs; reports need --dmarc");
    audit->unpacked_max = (size_t)unpacked;
    return CTL_OK;
}

static int run(struct ctl *ctl)
{
    struct audit audit = {.ctl = ctl, .dmarc = ctl_given(ctl, 'D'), .since = ctl_given(ctl, 'S'), .jobs = JOBS};
    int status = check_usage(ctl, &audit);

    if (status != CTL_OK)
        return status;
    if (!ctl_settings(ctl))
        return CTL_CONFIG;
    audit.settings = *ctl->settings;
    audit.settings.exempt = (struct exempt_settings){.count = 0};
    audit.keep = ctl->memory;
    status = read_and_judge(&audit);
    free(audit.hosts);
    network_set_free(audit.known_networks);
    suffix_set_free(audit.known_names);
    return status;
}

const struct ctl_verb ctl_audit = {
    .name = "audit",
    .arguments = "[FILE ...]",
    .arguments_max = -1,
    .summary = "check the names of a pool of sending addresses",
    .help = "Reads lines of ADDRESS HELO or CSV (- or no file: standard input), looks all of them up, and reports what "
            "is wrong\nwith each address and with the pool, which DNS records to publish, and what to set in the mail "
            "server. With --dmarc\nthe pairs come from DMARC aggregate reports: files (XML, .gz, .zip, mail messages, "
            "mbox) or folders (Maildir), and a\nmap shows who sends in the name of the domains.",
    .exits = "0 nothing wrong, 1 something wrong, 75 DNS did not answer every query, 64 or more: usage or failure",
    .run = run,
    .options = {{'c', "config", "FILE", "the policy file (default: the installed one, or built-in defaults)"},
                {'D', "dmarc", NULL, "the files are DMARC aggregate reports"},
                {'k', "known", "FILE", "networks and names that may send; all others are reported (with --dmarc)"},
                {'u', "unpacked", "SIZE", "bytes that one file may unpack to (with --dmarc; default 256M)"},
                {'m', "mta", "NAME", "settings for this mail server alone: " AUDIT_MTA_NAMES},
                {'S', "since", "FILE", "print only what changed since this earlier --json output"},
                {'s', "strict", NULL, "advice counts as wrong"},
                {'J', "jobs", "N", "how many hosts to look up at once (default 200)"},
                {'C', "csv", NULL, "print CSV"},
                {'j', "json", NULL, "print JSON"}},
    .values = {{'m', AUDIT_MTA_NAMES}},
};
